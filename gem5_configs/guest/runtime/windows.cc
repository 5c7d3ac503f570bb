// SPDX-License-Identifier: BSD-3-Clause
#include "gem5_configs/guest/runtime/windows.hh"

#include "gem5_configs/guest/runtime/error.hh"
#include "gem5_configs/guest/runtime/flush.hh"
#include "gem5_configs/guest/runtime/input_file.hh"

namespace harness::guest {

Windows::Windows(Device& device, const Program& program, bool isPinned) : program(program) {
    for (const Window& window : program.windows) {
        const std::uint64_t expected = memory.size();
        const std::uint64_t number = grant(device, window, isPinned);
        if (number != expected)
            throw RuntimeError("window \"" + window.name + "\" is " + std::to_string(expected) +
                               " in the program, but the device numbers it " +
                               std::to_string(number));
    }
}

std::uint64_t Windows::grant(Device& device, const Window& window, bool isPinned) {
    const std::uint64_t flags = window.isWritable ? HARNESS_WINDOW_WRITABLE : 0;
    if (!isPinned) {
        const std::uint64_t number = device.allocate(window.sizeBytes, flags);
        memory.push_back(device.mapWindow(number, window.sizeBytes));
        return number;
    }
    own.emplace_back(window.sizeBytes);
    memory.push_back(own.back().data());
    return device.pin(memory.back(), window.sizeBytes, flags);
}

std::uint64_t Windows::touch() {
    std::uint64_t pages = 0;
    for (std::size_t i = 0; i < memory.size(); ++i)
        for (std::uint64_t at = 0; at < program.windows[i].sizeBytes; at += HARNESS_PAGE_BYTES) {
            volatile std::uint8_t* byte = memory[i] + at;
            *byte = *byte;
            ++pages;
        }
    return pages;
}

void Windows::load(const std::string& weights) {
    bool isNeeded = false;
    for (const Window& window : program.windows) isNeeded = isNeeded || window.initialBytes;
    if (!isNeeded) return;
    InputFile file(weights);
    const std::uint64_t size = file.sizeBytes();
    for (std::size_t i = 0; i < memory.size(); ++i) {
        const Window& window = program.windows[i];
        if (window.initialOffset > size || window.initialBytes > size - window.initialOffset)
            throw RuntimeError("window \"" + window.name + "\" takes bytes up to " +
                               std::to_string(window.initialOffset + window.initialBytes) +
                               " of a file of " + std::to_string(size));
        file.read(window.initialOffset, memory[i], window.initialBytes);
    }
}

std::uint64_t Windows::flush() {
    std::uint64_t lines = 0;
    for (std::size_t i = 0; i < memory.size(); ++i)
        lines += flushLines(memory[i], program.windows[i].sizeBytes, program.lineBytes);
    storeFence();
    return lines;
}

}  // namespace harness::guest
