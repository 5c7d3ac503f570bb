// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "harness/soc/memory/hazard.hh"
#include "harness/soc/memory/line_holders.hh"
#include "harness/soc/memory/statistics.hh"
#include "harness/soc/memory/tag_array.hh"

namespace harness {

/** What a snoop asks of the caches that it looks into. */
enum class SnoopKind : std::uint8_t {
    /** Keep your copy, but no longer alone. */
    Share,
    /** Drop your copy. */
    Invalidate,
};

/** What a snoop found; the states have changed already. */
struct SnoopResult {
    /** A dirty copy supplies the data. */
    bool isSupplied = false;
    /** The supplier was the only holder (Modified). */
    bool wasUnique = false;
    /** A copy remains somewhere. */
    bool isShared = false;
    /** The supplier is above the L2. */
    bool isAboveL2 = false;
    /** Hit time of the cache that supplies. */
    Tick supplyTicks = 0;
};

/** A cache that holds a line. */
struct LineHolder {
    LineState state = LineState::Invalid;
    const std::string* name = nullptr;
};

/**
 * Knows every cache and changes the states of other caches when a request is ordered.
 *
 * As in gem5's classic caches a snoop takes no time; only the supplied data does. Clean
 * copies never supply.
 */
class Coherence final {
  public:
    struct Member {
        TagArray* tags;
        CacheStatistics* stats;
        Tick hitTicks;
        std::string name;
    };

    explicit Coherence(std::uint32_t lineBytes) : holders(lineBytes) {}

    /** Add a cache above the L2; its index is its source on the L2 bus. */
    void addUpper(const Member& member);
    void setL2(const Member& member);
    void setIoCache(const Member& member);

    static constexpr std::uint32_t kNobody = ~std::uint32_t{0};

    /** All caches above the L2 but `except`. */
    SnoopResult snoopUppers(Addr line, SnoopKind kind, std::uint32_t except);
    /** The L2 and all caches above it. */
    SnoopResult snoopProcessorSide(Addr line, SnoopKind kind);
    /** The I/O cache, if there is one. */
    SnoopResult snoopIoCache(Addr line, SnoopKind kind);

    /** First cache that has the line (a dirty one if `isDirtyOnly`). Changes nothing. */
    LineHolder findHolder(Addr line, bool isDirtyOnly) const;

    std::uint32_t upperCount() const { return static_cast<std::uint32_t>(uppers.size()); }

    /** Bring `snoops` in the statistics of the caches above the L2 up to date. */
    void settleCounts();

  private:
    static constexpr LineHolders::Member kL2{LineHolders::kLower, 0};
    static constexpr LineHolders::Member kIoCache{LineHolders::kLower, 1};

    /** The member has the line. */
    static void snoop(Member& member, Addr line, SnoopKind kind, SnoopResult& result);

    std::vector<Member> uppers;
    std::vector<Member> l2;  // exactly one
    std::vector<Member> io;  // none or one
    LineHolders holders;
    std::uint64_t upperSnoops = 0;        // not yet in the members' statistics
    std::vector<std::uint64_t> excepted;  // of these, by member
};

}  // namespace harness
