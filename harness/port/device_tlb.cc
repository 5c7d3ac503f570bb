// SPDX-License-Identifier: BSD-3-Clause
#include "harness/port/device_tlb.hh"

#include <algorithm>

namespace harness {

std::optional<Addr> DeviceTlb::find(std::uint64_t devicePage) {
    const auto found = std::find_if(entries.begin(), entries.end(), [&](const Entry& entry) {
        return entry.devicePage == devicePage;
    });
    if (found == entries.end()) return std::nullopt;
    std::rotate(entries.begin(), found, found + 1);
    return entries.front().frame;
}

void DeviceTlb::fill(std::uint64_t devicePage, Addr frame) {
    if (find(devicePage)) {  // another interface has read the same entry meanwhile
        entries.front().frame = frame;
        return;
    }
    if (entries.size() == capacity) entries.pop_back();
    entries.insert(entries.begin(), {devicePage, frame});
}

}  // namespace harness
