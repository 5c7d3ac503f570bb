// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "harness/port/types.hh"
#include "harness/soc/memory/hazard.hh"

namespace harness {

/** Tags and states of one set-associative cache, least recently used first to go. */
class TagArray final {
  public:
    /** Sizes are powers of two (checked by `checkConfig`). */
    TagArray(std::uint64_t sizeBytes, std::uint32_t associativity, std::uint32_t lineBytes);

    /** State of the line; Invalid if absent. Does not touch the replacement order. */
    LineState state(Addr line) const {
        const Entry* entry = find(line);
        return entry == nullptr ? LineState::Invalid : entry->state;
    }

    /** As `state`, and mark the line as the most recently used. */
    LineState touch(Addr line) {
        Entry* entry = find(line);
        if (entry == nullptr) return LineState::Invalid;
        entry->lastUse = ++uses;
        return entry->state;
    }

    /** Change the state of a line that is present; Invalid drops it. */
    void setState(Addr line, LineState state);

    /** What `insert` had to drop. */
    struct Victim {
        Addr line;
        LineState state;
    };

    /** Put an absent line in. The victim's state is Invalid if a way was free. */
    Victim insert(Addr line, LineState state);

  private:
    struct Entry {
        Addr line = 0;
        std::uint64_t lastUse = 0;
        LineState state = LineState::Invalid;
    };

    std::size_t firstWay(Addr line) const {
        return static_cast<std::size_t>(line >> lineShift & setMask) * ways;
    }

    const Entry* find(Addr line) const {
        const Entry* set = &entries[firstWay(line)];
        for (std::uint32_t way = 0; way < ways; ++way) {
            if (set[way].line == line && set[way].state != LineState::Invalid) return &set[way];
        }
        return nullptr;
    }
    Entry* find(Addr line) { return const_cast<Entry*>(std::as_const(*this).find(line)); }

    std::uint32_t ways;
    unsigned lineShift;
    std::uint64_t setMask;
    std::uint64_t uses = 0;
    std::vector<Entry> entries;
};

}  // namespace harness
