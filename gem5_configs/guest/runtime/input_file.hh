// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace harness::guest {

/// A file of the run, read as any program reads: what that costs is the system's.
class InputFile final {
  public:
    /// Throws RuntimeError with the path if it cannot be opened.
    explicit InputFile(const std::string& path);
    ~InputFile();
    InputFile(const InputFile&) = delete;
    InputFile& operator=(const InputFile&) = delete;

    std::uint64_t sizeBytes() const { return size; }
    /// Throws RuntimeError unless all bytes are there.
    void read(std::uint64_t offsetBytes, std::uint8_t* memory, std::uint64_t count);

  private:
    std::string path;
    int file;
    std::uint64_t size = 0;
};

/// The whole file.
std::vector<std::uint8_t> readFile(const std::string& path);

}  // namespace harness::guest
