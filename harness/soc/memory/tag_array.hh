// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "harness/port/types.hh"
#include "harness/soc/memory/hazard.hh"
#include "harness/soc/memory/line_holders.hh"

namespace harness {

/**
 * Tags and states of one set-associative cache, least recently used first to go.
 *
 * A set keeps its lines in the order of their use, the free ways behind, each line and its state
 * in one word: who goes next is the last word.
 */
class TagArray final {
  public:
    /** Sizes are powers of two, a line has 8 bytes or more (checked by `checkConfig`). */
    TagArray(std::uint64_t sizeBytes, std::uint32_t associativity, std::uint32_t lineBytes);

    /** Tell `told` from now on which lines are here. */
    void setHolders(LineHolders& told, LineHolders::Member member) {
        holders = &told;
        self = member;
    }

    /** State of the line; Invalid if absent. Does not touch the replacement order. */
    LineState state(Addr line) const {
        const std::size_t way = find(line);
        return way == kAbsent ? LineState::Invalid : stateOf(entries[way]);
    }

    /** As `state`, and mark the line as the most recently used. */
    LineState touch(Addr line) {
        const std::size_t way = find(line);
        if (way == kAbsent) return LineState::Invalid;
        const Entry entry = entries[way];
        const std::size_t first = firstWay(line);
        if (way != first) putFirst(first, way, entry);
        return stateOf(entry);
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
    /** A line's address, its state in the low bits. */
    using Entry = std::uint64_t;
    static constexpr Entry kStateMask = 7;
    static constexpr Entry kFree = ~Entry{0} & ~kStateMask;  // no line lies there; Invalid
    static constexpr std::size_t kAbsent = ~std::size_t{0};

    static Addr lineOf(Entry entry) { return entry & ~kStateMask; }
    static LineState stateOf(Entry entry) { return static_cast<LineState>(entry & kStateMask); }
    static Entry makeEntry(Addr line, LineState state) { return line | static_cast<Entry>(state); }

    std::size_t firstWay(Addr line) const {
        return static_cast<std::size_t>(line >> lineShift & setMask) * ways;
    }

    std::size_t find(Addr line) const {
        const std::size_t first = firstWay(line);
        if (lineOf(entries[first]) == line) return first;
        if (holders != nullptr && !holders->has(line, self)) return kAbsent;
        for (std::size_t way = first + 1; way < first + ways; ++way) {
            if (lineOf(entries[way]) == line) return way;
        }
        return kAbsent;
    }

    /** Let the entries before `way` move up by one and `entry` lead them. */
    void putFirst(std::size_t first, std::size_t way, Entry entry) {
        for (; way > first; --way) entries[way] = entries[way - 1];
        entries[first] = entry;
    }

    std::uint32_t ways;
    unsigned lineShift;
    std::uint64_t setMask;
    std::vector<Entry> entries;
    LineHolders* holders = nullptr;
    LineHolders::Member self{};
};

}  // namespace harness
