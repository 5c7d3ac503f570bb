// SPDX-License-Identifier: BSD-3-Clause
#include "disk_folder.hh"

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>

namespace harness::guest {

namespace {

std::string newFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "harness-disk-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no folder " + name);
    return name;
}

}  // namespace

DiskFolder::DiskFolder(const DiskFiles& files) : path(newFolder()) {
    for (const auto& [name, bytes] : files) {
        std::ofstream file(path + "/" + name, std::ios::binary);
        file.write(reinterpret_cast<const char*>(bytes.data()), std::streamsize(bytes.size()));
    }
}

DiskFolder::~DiskFolder() { std::filesystem::remove_all(path); }

std::vector<std::string> DiskFolder::arguments(const std::string& folder) {
    return {"--program", folder + "/program.pb", "--weights", folder + "/program.bin",
            "--inputs",  folder + "/inputs.bin"};
}

}  // namespace harness::guest
