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

void Coherence::snoop(Member& member, Addr line, SnoopKind kind, SnoopResult& result) {
    ++member.stats->snoops;
    const LineState state = member.tags->state(line);
    if (state == LineState::Invalid) return;
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
    for (std::uint32_t i = 0; i < uppers.size(); ++i) {
        if (i != except) snoop(uppers[i], line, kind, result);
    }
    result.isAboveL2 = result.isSupplied;
    return result;
}

SnoopResult Coherence::snoopProcessorSide(Addr line, SnoopKind kind) {
    SnoopResult result = snoopUppers(line, kind, kNobody);
    SnoopResult below;
    snoop(l2.front(), line, kind, below);
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
    if (!io.empty()) snoop(io.front(), line, kind, result);
    return result;
}

LineHolder Coherence::findHolder(Addr line, bool isDirtyOnly) const {
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

}  // namespace harness
