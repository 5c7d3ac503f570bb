// SPDX-License-Identifier: BSD-3-Clause
#include "result_files.hh"

#include <algorithm>
#include <fstream>
#include <ios>
#include <string>
#include <vector>

#include "base/output.hh"
#include "gem5_configs/guest/abi/harness_device.h"

namespace gem5 {

namespace {

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

std::uint64_t ResultFiles::writeFrom(std::uint64_t number, std::uint64_t offset, Addr address,
                                     std::uint64_t count) {
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
