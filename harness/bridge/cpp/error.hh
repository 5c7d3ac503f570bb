// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <stdexcept>
#include <string>

namespace harness::bridge {

// The kinds of `Error` on the wire; the numbers are bridge.proto's.
enum class ErrorKind { Protocol = 1, Version = 2, Bounds = 3, Model = 4, Unsupported = 5 };

// A peer's or a model's fault, never the host's: it travels as an `Error` frame.
class BridgeError final : public std::runtime_error {
  public:
    BridgeError(ErrorKind kind, const std::string& text) : std::runtime_error(text), kind_(kind) {}

    ErrorKind kind() const { return kind_; }

  private:
    ErrorKind kind_;
};

}  // namespace harness::bridge
