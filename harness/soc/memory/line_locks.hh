// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <vector>

#include "harness/port/types.hh"

namespace harness {

/** What the transaction that holds a line will do with it. */
enum class LockKind : std::uint8_t { None, Shared, Exclusive, Remove };

/**
 * Lines with a coherent transaction under way. A second requestor waits for the end of the
 * first, so every transaction sees settled states.
 *
 * An open-addressing table: its order is never looked at, only single lines are.
 */
class LineLocks final {
  public:
    /** `capacity` lines may be held at the same time (the sum of all MSHRs). */
    explicit LineLocks(std::uint32_t capacity);

    struct Owner {
        std::uint16_t cache;
        std::uint16_t mshr;
    };

    /** True: the line is yours. False: you are queued, `release` will name you. */
    bool acquire(Addr line, Owner owner, LockKind kind);

    /** End the holder's transaction. True if `next` now holds the line. */
    bool release(Addr line, Owner& next);

    /** The holder changed its mind before its request was ordered. */
    void setKind(Addr line, LockKind kind) { slots[findSlot(line)].kind = kind; }

    /** None if nobody holds the line. */
    LockKind heldFor(Addr line) const;

  private:
    static constexpr std::uint32_t kNone = ~std::uint32_t{0};

    struct Slot {
        Addr line = 0;
        std::uint32_t firstWaiter = kNone;
        std::uint32_t lastWaiter = kNone;
        LockKind kind = LockKind::None;
    };
    struct Waiter {
        Owner owner;
        LockKind kind;
        std::uint32_t next;
    };

    std::size_t home(Addr line) const { return (line * 0x9E3779B97F4A7C15ull) >> shift; }
    std::size_t findSlot(Addr line) const;
    void erase(std::size_t slot);

    unsigned shift;
    std::size_t mask;
    std::vector<Slot> slots;
    std::vector<Waiter> waiters;
    std::uint32_t freeWaiter = kNone;
};

}  // namespace harness
