// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "fake_device.hh"

namespace harness::guest {

/// An executor that runs each command in an instance of the vector MAC engine, without time.
FakeExecutor vectorMacExecutor(std::uint64_t instances);

}  // namespace harness::guest
