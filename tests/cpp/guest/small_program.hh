// SPDX-License-Identifier: BSD-3-Clause
// Programs of a few steps, written by hand.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "harness/pb/program/v1/program.pb.h"

namespace harness::guest {

/// Two windows, an input of 2 x 3 fp16 that a Prepare copies into a padded tile, then steps of the
/// test's own. Buffers: 0 input, 1 tile, 2 output.
class SmallProgram final {
  public:
    SmallProgram();

    /// A command for `item`; its only operand is the tile.
    SmallProgram& invoke(std::uint32_t item, bool isLast = true,
                         std::vector<std::uint32_t> dependsOn = {});
    SmallProgram& wait(std::uint32_t first, std::uint32_t count);
    SmallProgram& finalize();
    SmallProgram& reshape();
    std::uint32_t lastStep() const { return std::uint32_t(message.steps_size()) - 1; }
    std::vector<std::uint8_t> bytes() const;

    harness::pb::program::v1::Program message;

  private:
    harness::pb::program::v1::Step& addStep();
};

/// The input that fits: 1 to 6 as fp16.
std::vector<std::uint8_t> smallInput();

}  // namespace harness::guest
