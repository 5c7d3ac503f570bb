// SPDX-License-Identifier: BSD-3-Clause
#include "harness/soc/memory/tag_array.hh"

namespace harness {

TagArray::TagArray(std::uint64_t sizeBytes, std::uint32_t associativity, std::uint32_t lineBytes)
    : ways(associativity),
      lineShift(static_cast<unsigned>(__builtin_ctz(lineBytes))),
      setMask(sizeBytes / lineBytes / associativity - 1),
      lines(static_cast<std::size_t>(sizeBytes / lineBytes), kNoLine),
      lastUses(lines.size(), 0),
      states(lines.size(), LineState::Invalid) {}

void TagArray::setState(Addr line, LineState state) {
    const std::size_t way = find(line);
    if (way == kAbsent) return;
    states[way] = state;
    if (state != LineState::Invalid) return;
    lines[way] = kNoLine;
    lastUses[way] = 0;
    if (holders != nullptr) holders->remove(line, ownNumber);
}

TagArray::Victim TagArray::insert(Addr line, LineState state) {
    const std::size_t first = firstWay(line);
    std::size_t chosen = first;
    for (std::size_t way = first + 1; way < first + ways; ++way) {
        if (lastUses[way] < lastUses[chosen]) chosen = way;
    }
    const Victim victim{lines[chosen], states[chosen]};
    lines[chosen] = line;
    lastUses[chosen] = ++uses;
    states[chosen] = state;
    lastFound = chosen;
    if (holders != nullptr) {
        if (victim.state != LineState::Invalid) holders->remove(victim.line, ownNumber);
        holders->add(line, ownNumber);
    }
    return victim;
}

}  // namespace harness
