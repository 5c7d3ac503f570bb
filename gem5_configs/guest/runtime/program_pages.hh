// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>

namespace harness::guest {

/// Read from every page of this program, so that none has to come from the disk later; pages read.
std::uint64_t touchProgramPages();

}  // namespace harness::guest
