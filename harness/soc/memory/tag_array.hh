// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "harness/port/types.hh"
#include "harness/soc/memory/hazard.hh"
#include "harness/soc/memory/line_holders.hh"

namespace harness {

/** Tags and states of one set-associative cache, least recently used first to go. */
class TagArray final {
  public:
    /** Sizes are powers of two (checked by `checkConfig`). */
    TagArray(std::uint64_t sizeBytes, std::uint32_t associativity, std::uint32_t lineBytes);

    /** Tell `group` from now on which lines are here; this is its cache `number`. */
    void joinGroup(LineHolders& group, std::uint32_t number) {
        holders = &group;
        ownNumber = number;
    }

    /** State of the line; Invalid if absent. Does not touch the replacement order. */
    LineState state(Addr line) const {
        const std::size_t way = find(line);
        return way == kAbsent ? LineState::Invalid : states[way];
    }

    /** As `state`, and mark the line as the most recently used. */
    LineState touch(Addr line) {
        const std::size_t way = find(line);
        if (way == kAbsent) return LineState::Invalid;
        lastUses[way] = ++uses;
        return states[way];
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
    static constexpr std::size_t kAbsent = ~std::size_t{0};
    static constexpr Addr kNoLine = ~Addr{0};

    std::size_t firstWay(Addr line) const {
        return static_cast<std::size_t>(line >> lineShift & setMask) * ways;
    }

    std::size_t find(Addr line) const {
        if (lines[lastFound] == line) return lastFound;
        if (holders != nullptr && !holders->has(line, ownNumber)) return kAbsent;
        const std::size_t first = firstWay(line);
        for (std::size_t way = first; way < first + ways; ++way) {
            if (lines[way] == line) return lastFound = way;
        }
        return kAbsent;
    }

    std::uint32_t ways;
    unsigned lineShift;
    std::uint64_t setMask;
    std::uint64_t uses = 0;
    // By way of the whole cache. A free one has kNoLine, 0 (so that it goes first) and Invalid.
    std::vector<Addr> lines;
    std::vector<std::uint64_t> lastUses;
    std::vector<LineState> states;
    mutable std::size_t lastFound = 0;  // one transaction asks for its line several times
    LineHolders* holders = nullptr;
    std::uint32_t ownNumber = 0;
};

}  // namespace harness
