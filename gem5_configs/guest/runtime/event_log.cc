// SPDX-License-Identifier: BSD-3-Clause
#include "gem5_configs/guest/runtime/event_log.hh"

#include <algorithm>

#include "gem5_configs/guest/runtime/error.hh"

namespace harness::guest {

std::vector<harness_event> mergeLogs(const std::vector<ThreadLog>& logs) {
    std::vector<harness_event> events;
    for (const ThreadLog& log : logs) {
        if (log.lost())
            throw RuntimeError("the event log lost " + std::to_string(log.lost()) +
                               " events: its capacity is estimated wrongly");
        for (std::size_t i = 0; i < log.size(); ++i) events.push_back(log[i]);
    }
    std::stable_sort(
        events.begin(), events.end(),
        [](const harness_event& a, const harness_event& b) { return a.counter < b.counter; });
    return events;
}

}  // namespace harness::guest
