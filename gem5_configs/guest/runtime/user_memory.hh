// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>

namespace harness::guest {

/// Zeroed memory of the process's own in pages of its own, as a user's buffers are.
class UserMemory final {
  public:
    /// Throws RuntimeError if the process may not have so much.
    explicit UserMemory(std::uint64_t sizeBytes);
    ~UserMemory();
    UserMemory(UserMemory&& other) noexcept;
    UserMemory(const UserMemory&) = delete;
    UserMemory& operator=(const UserMemory&) = delete;
    UserMemory& operator=(UserMemory&&) = delete;

    std::uint8_t* data() const { return memory; }

  private:
    std::uint8_t* memory;
    std::uint64_t sizeBytes;
};

}  // namespace harness::guest
