// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <atomic>
#include <cstdint>

namespace harness::guest {

/**
 * A counter that threads wait for: a few looks, then sleep in the kernel.
 *
 * Raising it costs a system call only if somebody sleeps.
 */
class Signal final {
  public:
    std::uint32_t value() const { return counter.load(); }
    void raise();
    /// Return once the counter is at least `target`; it never runs over.
    void awaitAtLeast(std::uint32_t target, std::uint32_t spins);
    /// Only while nobody waits.
    void clear() { counter.store(0); }

  private:
    std::atomic<std::uint32_t> counter{0};
    std::atomic<std::uint32_t> sleepers{0};
};

}  // namespace harness::guest
