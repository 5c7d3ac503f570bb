// SPDX-License-Identifier: BSD-3-Clause
#include "harness/soc/memory/tag_array.hh"

namespace harness {

TagArray::TagArray(std::uint64_t sizeBytes, std::uint32_t associativity, std::uint32_t lineBytes)
    : ways(associativity),
      lineShift(static_cast<unsigned>(__builtin_ctz(lineBytes))),
      setMask(sizeBytes / lineBytes / associativity - 1),
      entries(static_cast<std::size_t>(sizeBytes / lineBytes)) {}

void TagArray::setState(Addr line, LineState state) {
    if (Entry* entry = find(line)) entry->state = state;
}

TagArray::Victim TagArray::insert(Addr line, LineState state) {
    Entry* set = &entries[firstWay(line)];
    Entry* chosen = set;
    for (std::uint32_t way = 0; way < ways; ++way) {
        if (set[way].state == LineState::Invalid) {
            chosen = &set[way];
            break;
        }
        if (set[way].lastUse < chosen->lastUse) chosen = &set[way];
    }
    const Victim victim{chosen->line, chosen->state};
    *chosen = Entry{line, ++uses, state};
    return victim;
}

}  // namespace harness
