// SPDX-License-Identifier: BSD-3-Clause
#include "gem5_configs/guest/runtime/input_file.hh"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "gem5_configs/guest/runtime/error.hh"

namespace harness::guest {

namespace {

constexpr std::uint64_t kPieceBytes = 1 << 20;  // of one read; gem5's emulation copies it whole

std::string reason() { return std::strerror(errno); }

}  // namespace

InputFile::InputFile(const std::string& path)
    : path(path), file(open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
    if (file < 0) throw RuntimeError("cannot open " + path + ": " + reason());
    const off_t end = lseek(file, 0, SEEK_END);
    if (end < 0) {
        const std::string why = reason();
        close(file);
        throw RuntimeError("cannot tell the size of " + path + ": " + why);
    }
    size = std::uint64_t(end);
}

InputFile::~InputFile() { close(file); }

void InputFile::read(std::uint64_t offsetBytes, std::uint8_t* memory, std::uint64_t count) {
    if (lseek(file, off_t(offsetBytes), SEEK_SET) < 0)
        throw RuntimeError("cannot read " + path + ": " + reason());
    for (std::uint64_t done = 0; done < count;) {
        const ssize_t part = ::read(file, memory + done, std::min(kPieceBytes, count - done));
        if (part < 0 && errno == EINTR) continue;
        if (part < 0) throw RuntimeError("cannot read " + path + ": " + reason());
        if (part == 0)
            throw RuntimeError(path + " ends at byte " + std::to_string(offsetBytes + done) +
                               ", expected " + std::to_string(offsetBytes + count));
        done += std::uint64_t(part);
    }
}

std::vector<std::uint8_t> readFile(const std::string& path) {
    InputFile file(path);
    std::vector<std::uint8_t> bytes(file.sizeBytes());
    file.read(0, bytes.data(), bytes.size());
    return bytes;
}

}  // namespace harness::guest
