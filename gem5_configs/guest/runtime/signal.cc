// SPDX-License-Identifier: BSD-3-Clause
#include "gem5_configs/guest/runtime/signal.hh"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <climits>

#include "gem5_configs/guest/runtime/flush.hh"

namespace harness::guest {

namespace {

void futex(std::atomic<std::uint32_t>& word, int operation, std::uint32_t value) {
    static_assert(sizeof(word) == sizeof(std::uint32_t), "a futex is the bare word");
    syscall(SYS_futex, &word, operation | FUTEX_PRIVATE_FLAG, value, nullptr, nullptr, 0);
}

}  // namespace

void Signal::raise() {
    counter.fetch_add(1);
    if (sleepers.load()) futex(counter, FUTEX_WAKE, INT_MAX);
}

void Signal::awaitAtLeast(std::uint32_t target, std::uint32_t spins) {
    for (std::uint32_t i = 0; i < spins; ++i) {
        if (counter.load() >= target) return;
        pauseCpu();
    }
    sleepers.fetch_add(1);
    // The kernel compares once more, so that no raise is missed between look and sleep.
    for (std::uint32_t seen = counter.load(); seen < target; seen = counter.load())
        futex(counter, FUTEX_WAIT, seen);
    sleepers.fetch_sub(1);
}

}  // namespace harness::guest
