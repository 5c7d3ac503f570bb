// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "gem5_configs/guest/runtime/device.hh"
#include "gem5_configs/guest/runtime/program.hh"
#include "gem5_configs/guest/runtime/user_memory.hh"

namespace harness::guest {

/// The program's windows: granted by the device in the program's order, in the device's memory or
/// in our own, which it pins.
class Windows final {
  public:
    /// Throws RuntimeError if the device numbers them otherwise: commands hold the numbers.
    Windows(Device& device, const Program& program, bool isPinned);

    std::uint8_t* at(std::uint32_t window, std::uint64_t offsetBytes) const {
        return memory[window] + offsetBytes;
    }
    std::uint8_t* buffer(std::uint32_t index) const {
        return at(program.buffers[index].window, program.buffers[index].offsetBytes);
    }
    TensorView view(std::uint32_t index) const {
        TensorView view = program.buffers[index].form;
        view.data = buffer(index);
        return view;
    }

    /// Write to every page, so that no page fault is left for the first inference; pages written.
    std::uint64_t touch();
    /// Fill the windows' starts from a file.
    void load(const std::string& weights);
    /// Lines written back and dropped.
    std::uint64_t flush();

  private:
    std::uint64_t grant(Device& device, const Window& window, bool isPinned);

    const Program& program;
    std::vector<UserMemory> own;
    std::vector<std::uint8_t*> memory;
};

}  // namespace harness::guest
