// SPDX-License-Identifier: BSD-3-Clause
#include "harness/soc/memory/dram_timing.hh"

#include <algorithm>

namespace harness {

DramTiming::DramTiming(const DramConfig& dramConfig, DramStatistics& statistics)
    : config(dramConfig),
      stats(statistics),
      burstsPerRow(dramConfig.rowBytes / dramConfig.burstBytes),
      banksPerRank(dramConfig.banks),
      rankCount(dramConfig.ranks),
      groups(std::max(dramConfig.bankGroups, 1u)),
      banks(static_cast<std::size_t>(dramConfig.ranks) * dramConfig.banks),
      ranks(dramConfig.ranks),
      groupAllowed(static_cast<std::size_t>(dramConfig.ranks) * groups, 0) {
    for (Rank& rank : ranks) rank.refreshDue = config.tREFI == 0 ? kMaxTick : config.tREFI;
}

DramPlace DramTiming::decode(std::uint64_t burst) const {
    // Row, rank, bank, column from the top; the channel bits below are gone already.
    const std::uint64_t page = burstsPerRow.quotient(burst);
    const std::uint64_t aboveBank = banksPerRank.quotient(page);
    const std::uint64_t row = rankCount.quotient(aboveBank);
    const auto rank = static_cast<std::uint32_t>(aboveBank - row * config.ranks);
    const auto bank = static_cast<std::uint32_t>(page - aboveBank * config.banks);
    return DramPlace{rank, rank * config.banks + bank, row};
}

Tick DramTiming::earliestBus(bool isWrite, Tick now) const {
    return std::max(now, isWrite ? busWriteAllowed : busReadAllowed);
}

Tick DramTiming::earliestActivate(const DramPlace& place, Tick now) const {
    const Bank& bank = banks[place.bank];
    const Rank& rank = ranks[place.rank];
    Tick when = std::max({now, bank.activateAllowed, rank.activateAllowed});
    if (bank.openRow != kClosed) {
        when = std::max(when, std::max(now, bank.prechargeAllowed) + config.tRP);
    }
    if (config.tXAW != 0 && rank.activates >= rank.lastActivates.size()) {
        when = std::max(when, rank.lastActivates[rank.activates % 4] + config.tXAW);
    }
    return when;
}

Tick DramTiming::earliestColumn(const DramPlace& place, bool isWrite, Tick now) const {
    const Rank& rank = ranks[place.rank];
    Tick when = earliestBus(isWrite, now);
    when = std::max(when, groupAllowed[place.rank * groups + groupOf(place.bank)]);
    if (!isWrite) when = std::max(when, rank.readAllowed);
    const Tick rowReady = isRowHit(place) ? banks[place.bank].columnAllowed
                                          : earliestActivate(place, now) + config.tRCD;
    return std::max(when, rowReady);
}

Tick DramTiming::activate(const DramPlace& place, Tick now) {
    const Tick when = earliestActivate(place, now);
    Bank& bank = banks[place.bank];
    Rank& rank = ranks[place.rank];
    if (bank.openRow != kClosed) ++stats.precharges;
    ++stats.activates;
    bank.openRow = place.row;
    bank.rowAccesses = 0;
    bank.columnAllowed = when + config.tRCD;
    bank.prechargeAllowed = when + config.tRAS;
    rank.activateAllowed = when + config.tRRD;
    rank.lastActivates[rank.activates++ % 4] = when;
    return when;
}

Tick DramTiming::issue(const DramPlace& place, bool isWrite, Tick now) {
    const Tick column = earliestColumn(place, isWrite, now);
    if (isRowHit(place)) {
        ++(isWrite ? stats.writeRowHits : stats.readRowHits);
    } else {
        activate(place, now);
    }
    Bank& bank = banks[place.bank];
    const Tick dataEnd = column + config.tCL + config.tBURST;
    busReadAllowed = column + config.tBURST;
    busWriteAllowed = column + config.tBURST + (isWrite ? 0 : config.tRTW);
    if (groups > 1) {
        groupAllowed[place.rank * groups + groupOf(place.bank)] =
            column + std::max(config.tCCD_L, config.tBURST);
    }
    if (isWrite) {
        ranks[place.rank].readAllowed = dataEnd + config.tWTR;
        bank.prechargeAllowed = std::max(bank.prechargeAllowed, dataEnd + config.tWR);
    } else {
        bank.prechargeAllowed = std::max(bank.prechargeAllowed, column + config.tRTP);
    }
    stats.dataBusBusyTicks += config.tBURST;
    ++bank.rowAccesses;
    if (bank.rowAccesses == config.maximumAccessesPerRow) closeRow(place);
    return dataEnd;
}

void DramTiming::closeRow(const DramPlace& place) {
    Bank& bank = banks[place.bank];
    if (bank.openRow == kClosed) return;
    ++stats.precharges;
    bank.openRow = kClosed;
    bank.activateAllowed = std::max(bank.activateAllowed, bank.prechargeAllowed + config.tRP);
}

void DramTiming::refresh(Tick now) {
    for (std::uint32_t rank = 0; rank < ranks.size(); ++rank) {
        Tick& due = ranks[rank].refreshDue;
        if (due > now) continue;
        const std::uint64_t missed = (now - due) / config.tREFI;  // ended while nothing happened
        stats.refreshes += missed + 1;
        refreshRank(rank, due + missed * config.tREFI);
        due += (missed + 1) * config.tREFI;
    }
}

void DramTiming::refreshRank(std::uint32_t rank, Tick due) {
    const auto first = banks.begin() + static_cast<std::ptrdiff_t>(rank) * config.banks;
    const auto last = first + config.banks;
    Tick start = due;
    for (auto bank = first; bank != last; ++bank) {
        // An open row is precharged first, a closed one has to have been precharged.
        const Tick idle = bank->openRow == kClosed
                              ? bank->activateAllowed
                              : std::max(due, bank->prechargeAllowed) + config.tRP;
        start = std::max(start, idle);
    }
    for (auto bank = first; bank != last; ++bank) {
        if (bank->openRow != kClosed) ++stats.precharges;
        bank->openRow = kClosed;
        bank->activateAllowed = start + config.tRFC;
    }
}

Tick DramTiming::nextDecision() const {
    const Tick ahead = config.tRP + config.tRCD;  // gem5: commandOffset()
    return busReadAllowed > ahead ? busReadAllowed - ahead : 0;
}

}  // namespace harness
