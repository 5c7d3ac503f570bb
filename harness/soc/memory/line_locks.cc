// SPDX-License-Identifier: BSD-3-Clause
#include "harness/soc/memory/line_locks.hh"

namespace harness {

namespace {
unsigned bitsFor(std::uint32_t capacity) {
    unsigned bits = 4;
    while ((std::uint64_t{1} << bits) < std::uint64_t{4} * capacity) ++bits;
    return bits;
}
}  // namespace

LineLocks::LineLocks(std::uint32_t capacity)
    : shift(64 - bitsFor(capacity)),
      mask((std::size_t{1} << bitsFor(capacity)) - 1),
      slots(mask + 1) {}

std::size_t LineLocks::findSlot(Addr line) const {
    std::size_t slot = home(line);
    while (slots[slot].kind != LockKind::None && slots[slot].line != line) slot = (slot + 1) & mask;
    return slot;
}

LockKind LineLocks::heldFor(Addr line) const { return slots[findSlot(line)].kind; }

bool LineLocks::acquire(Addr line, Owner owner, LockKind kind) {
    Slot& slot = slots[findSlot(line)];
    if (slot.kind == LockKind::None) {
        slot = Slot{line, kNone, kNone, kind};
        return true;
    }
    std::uint32_t id = freeWaiter;
    if (id == kNone) {
        id = static_cast<std::uint32_t>(waiters.size());
        waiters.emplace_back();
    } else {
        freeWaiter = waiters[id].next;
    }
    waiters[id] = Waiter{owner, kind, kNone};
    if (slot.firstWaiter == kNone) {
        slot.firstWaiter = id;
    } else {
        waiters[slot.lastWaiter].next = id;
    }
    slot.lastWaiter = id;
    return false;
}

bool LineLocks::release(Addr line, Owner& next) {
    const std::size_t index = findSlot(line);
    Slot& slot = slots[index];
    if (slot.firstWaiter == kNone) {
        erase(index);
        return false;
    }
    const std::uint32_t id = slot.firstWaiter;
    next = waiters[id].owner;
    slot.kind = waiters[id].kind;
    slot.firstWaiter = waiters[id].next;
    waiters[id].next = freeWaiter;
    freeWaiter = id;
    return true;
}

void LineLocks::erase(std::size_t slot) {
    // Close the gap: move back every later entry of the run that may live here.
    std::size_t gap = slot;
    for (std::size_t next = (gap + 1) & mask; slots[next].kind != LockKind::None;
         next = (next + 1) & mask) {
        const std::size_t wanted = home(slots[next].line);
        if (((next - wanted) & mask) >= ((next - gap) & mask)) {
            slots[gap] = slots[next];
            gap = next;
        }
    }
    slots[gap] = Slot{};
}

}  // namespace harness
