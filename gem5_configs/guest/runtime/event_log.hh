// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <vector>

#include "gem5_configs/guest/abi/harness_device.h"
#include "gem5_configs/guest/runtime/flush.hh"

namespace harness::guest {

/// Codes of harness/stats/phases.py.
enum class Phase : std::uint32_t {
    Load = 1,
    Dispatch = 2,
    Reorder = 3,
    Prepare = 4,
    Flush = 5,
    Driver = 6,
    Invalidate = 10,
    Finalize = 11,
    CpuOp = 12,
};

/// Codes of harness/stats/timeline.py.
enum class WaitReason : std::uint32_t { Accelerators = 1, Workers = 2 };

inline constexpr std::uint32_t kNoStep = 0xffffffff;

/// One thread's events. Memory is there and touched before the first: a record costs some stores.
class ThreadLog final {
  public:
    ThreadLog(std::uint32_t thread, std::size_t capacity) : thread(thread), events(capacity) {}

    void begin(Phase phase, std::uint32_t step) {
        record(HARNESS_EVENT_BEGIN, std::uint32_t(phase), step, 0);
    }
    void wait(WaitReason reason, std::uint32_t step, std::uint64_t item) {
        record(HARNESS_EVENT_WAIT, std::uint32_t(reason), step, item);
    }
    void end() { record(HARNESS_EVENT_END, 0, kNoStep, 0); }
    void inference(std::uint64_t number, bool isBegin) {
        record(HARNESS_EVENT_INFERENCE, isBegin, kNoStep, number);
    }
    void sync(std::uint64_t counter, std::uint64_t tick) {
        add({counter, HARNESS_EVENT_SYNC, thread, 0, kNoStep, tick});
    }

    std::size_t size() const { return used; }
    std::size_t lost() const { return dropped; }
    const harness_event& operator[](std::size_t index) const { return events[index]; }

  private:
    void record(std::uint32_t kind, std::uint32_t phase, std::uint32_t step,
                std::uint64_t argument) {
        add({readCounter(), kind, thread, phase, step, argument});
    }
    void add(const harness_event& event) {
        if (used < events.size())
            events[used++] = event;
        else
            ++dropped;
    }

    std::uint32_t thread;
    std::size_t used = 0;
    std::size_t dropped = 0;
    std::vector<harness_event> events;
};

/// All threads' events by counter, each thread's in its own order. Throws RuntimeError if any was
/// lost.
std::vector<harness_event> mergeLogs(const std::vector<ThreadLog>& logs);

}  // namespace harness::guest
