// SPDX-License-Identifier: BSD-3-Clause
#include "harness/soc/memory/coherence.hh"

namespace harness {

const char* lineStateName(LineState state) {
    switch (state) {
        case LineState::Shared:
            return "shared";
        case LineState::Exclusive:
            return "exclusive";
        case LineState::Owned:
            return "owned";
        case LineState::Modified:
            return "modified";
        case LineState::Invalid:
            break;
    }
    return "invalid";
}

void Coherence::addUpper(const Member& member) {
    member.tags->setHolders(holders, {LineHolders::kUpper, upperCount()});
    uppers.push_back(member);
    excepted.push_back(0);
}

void Coherence::setL2(const Member& member) {
    member.tags->setHolders(holders, kL2);
    l2.assign(1, member);
}

void Coherence::setIoCache(const Member& member) {
    member.tags->setHolders(holders, kIoCache);
    io.assign(1, member);
}

void Coherence::snoop(Member& member, Addr line, SnoopKind kind, SnoopResult& result) {
    const LineState state = member.tags->state(line);
    ++member.stats->snoopHits;
    if (isDirty(state)) {
        ++member.stats->snoopSupplies;
        result.isSupplied = true;
        result.wasUnique = state == LineState::Modified;
        result.supplyTicks = member.hitTicks;
    }
    if (kind == SnoopKind::Invalidate) {
        ++member.stats->snoopInvalidations;
        member.tags->setState(line, LineState::Invalid);
        return;
    }
    result.isShared = true;
    member.tags->setState(line, isDirty(state) ? LineState::Owned : LineState::Shared);
}

SnoopResult Coherence::snoopUppers(Addr line, SnoopKind kind, std::uint32_t except) {
    SnoopResult result;
    LineHolders::Mask having = holders.of(line, LineHolders::kUpper);
    ++upperSnoops;
    if (except != kNobody) {
        ++excepted[except];
        having &= ~(LineHolders::Mask{1} << except);
    }
    for (; having != 0; having &= having - 1) {
        snoop(uppers[static_cast<unsigned>(__builtin_ctzll(having))], line, kind, result);
    }
    result.isAboveL2 = result.isSupplied;
    return result;
}

SnoopResult Coherence::snoopProcessorSide(Addr line, SnoopKind kind) {
    SnoopResult result = snoopUppers(line, kind, kNobody);
    SnoopResult below;
    ++l2.front().stats->snoops;
    if (holders.has(line, kL2)) snoop(l2.front(), line, kind, below);
    result.isShared |= below.isShared;
    if (below.isSupplied && !result.isSupplied) {
        result.isSupplied = true;
        result.wasUnique = below.wasUnique;
        result.supplyTicks = below.supplyTicks;
    }
    return result;
}

SnoopResult Coherence::snoopIoCache(Addr line, SnoopKind kind) {
    SnoopResult result;
    if (io.empty()) return result;
    ++io.front().stats->snoops;
    if (holders.has(line, kIoCache)) snoop(io.front(), line, kind, result);
    return result;
}

LineHolder Coherence::findHolder(Addr line, bool isDirtyOnly) const {
    const bool isAnywhere =
        (holders.of(line, LineHolders::kUpper) | holders.of(line, LineHolders::kLower)) != 0;
    if (!isAnywhere) return LineHolder{};
    for (const auto* group : {&uppers, &l2, &io}) {
        for (const Member& member : *group) {
            const LineState state = member.tags->state(line);
            if (isDirtyOnly ? isDirty(state) : state != LineState::Invalid) {
                return LineHolder{state, &member.name};
            }
        }
    }
    return LineHolder{};
}

void Coherence::settleCounts() {
    for (std::uint32_t i = 0; i < uppers.size(); ++i) {
        uppers[i].stats->snoops += upperSnoops - excepted[i];
        excepted[i] = 0;
    }
    upperSnoops = 0;
}

}  // namespace harness
