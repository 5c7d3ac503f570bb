// SPDX-License-Identifier: BSD-3-Clause
#include "harness/soc/memory/tag_array.hh"

namespace harness {

TagArray::TagArray(std::uint64_t sizeBytes, std::uint32_t associativity, std::uint32_t lineBytes)
    : ways(associativity),
      lineShift(static_cast<unsigned>(__builtin_ctz(lineBytes))),
      setMask(sizeBytes / lineBytes / associativity - 1),
      entries(static_cast<std::size_t>(sizeBytes / lineBytes), kFree) {}

void TagArray::setState(Addr line, LineState state) {
    std::size_t way = find(line);
    if (way == kAbsent) return;
    entries[way] = makeEntry(line, state);
    if (state != LineState::Invalid) return;
    const std::size_t last = firstWay(line) + ways - 1;
    for (; way < last; ++way) entries[way] = entries[way + 1];
    entries[last] = kFree;
    if (holders != nullptr) holders->remove(line, self);
}

TagArray::Victim TagArray::insert(Addr line, LineState state) {
    const std::size_t first = firstWay(line), last = first + ways - 1;
    const Victim victim{lineOf(entries[last]), stateOf(entries[last])};
    putFirst(first, last, makeEntry(line, state));
    if (holders != nullptr) {
        if (victim.state != LineState::Invalid) holders->remove(victim.line, self);
        holders->add(line, self);
    }
    return victim;
}

}  // namespace harness
