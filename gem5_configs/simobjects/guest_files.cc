// SPDX-License-Identifier: BSD-3-Clause
#include "guest_files.hh"

#include <algorithm>
#include <fstream>

#include "base/logging.hh"
#include "base/output.hh"
#include "gem5_configs/guest/abi/harness_device.h"

namespace gem5 {

namespace {

constexpr std::uint64_t noFile = ~std::uint64_t{0};
constexpr std::uint64_t pieceBytes = std::uint64_t{1} << 20;

std::string outputName(std::uint64_t number) {
    switch (number) {
        case HARNESS_FILE_OUTPUTS:
            return "outputs.bin";
        case HARNESS_FILE_EVENTS:
            return "events.bin";
        case HARNESS_FILE_REPORT:
            return "report.json";
        case HARNESS_FILE_MESSAGES:
            return "messages.txt";
        default:
            return "guest_file_" + std::to_string(number) + ".bin";
    }
}

}  // namespace

GuestFiles::GuestFiles(System& system, const std::vector<std::string>& files) : system(system) {
    for (const std::string& entry : files) {
        const std::size_t sign = entry.find('=');
        const bool isNumber =
            sign != std::string::npos && sign > 0 && sign < 5 &&
            std::all_of(entry.begin(), entry.begin() + sign, [](char c) { return isdigit(c); });
        fatal_if(!isNumber, "files of an accelerator bridge: \"%s\" is not NUMBER=PATH", entry);
        paths[std::stoull(entry.substr(0, sign))] = entry.substr(sign + 1);
    }
}

std::uint64_t GuestFiles::sizeBytes(std::uint64_t number) const {
    const auto found = paths.find(number);
    if (found == paths.end()) return noFile;
    std::ifstream file(found->second, std::ios::binary | std::ios::ate);
    return file ? std::uint64_t(file.tellg()) : noFile;
}

std::uint64_t GuestFiles::readInto(std::uint64_t number, std::uint64_t offset, Addr address,
                                   std::uint64_t count) {
    const auto found = paths.find(number);
    if (found == paths.end()) return 0;
    std::ifstream file(found->second, std::ios::binary);
    file.seekg(std::streamoff(offset));
    std::vector<char> piece(std::min(count, pieceBytes));
    std::uint64_t moved = 0;
    while (file && moved < count) {
        file.read(piece.data(),
                  std::streamsize(std::min<std::uint64_t>(piece.size(), count - moved)));
        const auto read = std::uint64_t(file.gcount());
        if (read == 0) break;
        system.physProxy.writeBlob(address + moved, piece.data(), read);
        moved += read;
    }
    return moved;
}

std::uint64_t GuestFiles::writeFrom(std::uint64_t number, std::uint64_t offset, Addr address,
                                    std::uint64_t count) {
    if (paths.count(number)) return 0;  // what a guest reads it does not overwrite
    const std::string path = simout.resolve(outputName(number));
    const auto mode = std::ios::binary | std::ios::in | std::ios::out;
    std::fstream file(path, offset == 0 ? mode | std::ios::trunc : mode);
    file.seekp(std::streamoff(offset));
    std::vector<char> piece(std::min(count, pieceBytes));
    std::uint64_t moved = 0;
    while (file && moved < count) {
        const std::uint64_t part = std::min<std::uint64_t>(piece.size(), count - moved);
        system.physProxy.readBlob(address + moved, piece.data(), part);
        file.write(piece.data(), std::streamsize(part));
        moved += part;
    }
    return file.flush() ? moved : 0;
}

}  // namespace gem5
