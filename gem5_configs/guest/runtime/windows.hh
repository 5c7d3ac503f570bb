// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <vector>

#include "gem5_configs/guest/runtime/device.hh"
#include "gem5_configs/guest/runtime/program.hh"

namespace harness::guest {

/// The program's windows: granted by the device in the program's order, mapped here.
class Windows final {
  public:
    /// Throws RuntimeError if the device numbers them otherwise: commands hold the numbers.
    Windows(Device& device, const Program& program);

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
    /// Fill the windows' starts from the run's weights file.
    void load(Device& device);
    /// Lines written back and dropped.
    std::uint64_t flush();

  private:
    const Program& program;
    std::vector<std::uint8_t*> memory;
};

}  // namespace harness::guest
