// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <stdexcept>

namespace harness::guest {

/// What ends the runtime: one line for stderr and for the run's messages.
class RuntimeError final : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

}  // namespace harness::guest
