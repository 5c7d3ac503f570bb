// SPDX-License-Identifier: BSD-3-Clause
// A folder with the files that a runtime reads, which ends with its scope.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace harness::guest {

using DiskFiles = std::map<std::string, std::vector<std::uint8_t>>;

class DiskFolder final {
  public:
    explicit DiskFolder(const DiskFiles& files);
    ~DiskFolder();
    DiskFolder(const DiskFolder&) = delete;
    DiskFolder& operator=(const DiskFolder&) = delete;

    /// "--program PATH" and so on, for a folder that is not the current one.
    static std::vector<std::string> arguments(const std::string& folder);

    const std::string path;
};

}  // namespace harness::guest
