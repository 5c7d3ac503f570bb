// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "harness/port/types.hh"
#include "harness/soc/memory/config.hh"
#include "harness/soc/memory/statistics.hh"

namespace harness {

/** Where one burst lives in its channel. */
struct DramPlace {
    std::uint32_t rank = 0;
    /** Number of the bank in the channel: rank * banks + bank. */
    std::uint32_t bank = 0;
    std::uint64_t row = 0;
};

/**
 * Banks, rows and the data bus of one channel: when may a burst go, and what does it block.
 *
 * Rules between commands follow JEDEC DDR4 (JESD79-4, 4.x command timings) as gem5's
 * dram_interface.cc reads them; every value is a DramConfig field.
 */
class DramTiming final {
  public:
    DramTiming(const DramConfig& config, DramStatistics& stats);

    /** Place of a burst; `burst` counts the bursts of this channel from address 0. */
    DramPlace decode(std::uint64_t burst) const;

    bool isRowHit(const DramPlace& place) const { return banks[place.bank].openRow == place.row; }

    /** Earliest tick >= now of the burst's column command. Changes nothing. */
    Tick earliestColumn(const DramPlace& place, bool isWrite, Tick now) const;

    /** Earliest tick >= now of any column command on the data bus. */
    Tick earliestBus(bool isWrite, Tick now) const;

    /** Send the burst; returns when its last data is on the pins. */
    Tick issue(const DramPlace& place, bool isWrite, Tick now);

    /** Close the row of the burst just sent as soon as the bank may. */
    void closeRow(const DramPlace& place);

    /** Do the refreshes that are due at `now`. They need no event: nothing else sees them. */
    void refresh(Tick now);

    /** The controller looks for its next burst so long before the data bus is free. */
    Tick nextDecision() const;

  private:
    static constexpr std::uint64_t kClosed = ~std::uint64_t{0};

    struct Bank {
        std::uint64_t openRow = kClosed;
        Tick activateAllowed = 0;
        Tick prechargeAllowed = 0;
        Tick columnAllowed = 0;
        std::uint32_t rowAccesses = 0;
    };
    struct Rank {
        Tick activateAllowed = 0;
        Tick readAllowed = 0;  // tWTR
        Tick refreshDue = 0;
        std::array<Tick, 4> lastActivates{};
        std::uint32_t activates = 0;
    };

    Tick earliestActivate(const DramPlace& place, Tick now) const;
    Tick activate(const DramPlace& place, Tick now);
    void refreshRank(std::uint32_t rank, Tick due);
    std::uint32_t groupOf(std::uint32_t bank) const { return bank % groups; }

    DramConfig config;
    DramStatistics& stats;
    Divisor burstsPerRow;
    Divisor banksPerRank;
    Divisor rankCount;
    std::uint32_t groups;
    std::vector<Bank> banks;
    std::vector<Rank> ranks;
    std::vector<Tick> groupAllowed;  // tCCD_L, per rank and bank group
    Tick busReadAllowed = 0;
    Tick busWriteAllowed = 0;
};

}  // namespace harness
