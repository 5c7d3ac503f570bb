// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "harness/port/types.hh"
#include "harness/soc/memory/dram_timing.hh"
#include "harness/soc/memory/packet.hh"

namespace harness {

/** What a DRAM channel does at a time. */
struct Burst {
    std::uint64_t number;  // bursts of this channel, from address 0
    DramPlace place;
    Packet* packet;  // null: nobody waits for it
    Tick arrival;
};

/** Bursts that wait, oldest first. Most that leave are old: then the younger ones stay in place. */
class BurstQueue final {
  public:
    bool empty() const { return size() == 0; }
    std::size_t size() const { return bursts.size() - gone; }
    const Burst* begin() const { return bursts.data() + gone; }
    const Burst* end() const { return bursts.data() + bursts.size(); }

    void push(std::uint64_t number, const DramPlace& place, Packet* packet, Tick now) {
        if (gone >= kMostGone) {
            bursts.erase(bursts.begin(), bursts.begin() + static_cast<std::ptrdiff_t>(gone));
            gone = 0;
        }
        Burst& burst = bursts.emplace_back();  // field by field: they are loaded as such soon
        burst.number = number;
        burst.place = place;
        burst.packet = packet;
        burst.arrival = now;
    }

    Burst take(const Burst* chosen) {
        const auto position = bursts.begin() + (chosen - bursts.data());
        const auto first = bursts.begin() + static_cast<std::ptrdiff_t>(gone++);
        const Burst burst = *position;
        std::move_backward(first, position, position + 1);
        return burst;
    }

  private:
    static constexpr std::size_t kMostGone = 256;

    std::vector<Burst> bursts;
    std::size_t gone = 0;  // at the front
};

}  // namespace harness
