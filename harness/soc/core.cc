// SPDX-License-Identifier: BSD-3-Clause
#include "harness/soc/core.hh"

#include <algorithm>
#include <utility>

namespace harness {

namespace {

/// A core's load or store; the caches move whole lines whatever it is.
constexpr std::uint32_t kAccessBytes = 8;

}  // namespace

Core::Core(EventQueue& queue, Requestor& port, std::string name, std::uint32_t lineBytes,
           const StoreConfig& storeConfig)
    : queue(queue),
      port(port),
      component(queue.addComponent(*this, std::move(name))),
      lineMask(~Addr(lineBytes - 1)),
      stores(storeConfig) {
    stores.maximumMisses = std::max<std::uint32_t>(stores.maximumMisses, 1);
    port.setListener(*this);
}

void Core::run(std::unique_ptr<AccessStream> work, std::uint32_t maximum, Done whenDone) {
    runAt(queue.now(), std::move(work), maximum, std::move(whenDone));
}

void Core::runAt(Tick when, std::unique_ptr<AccessStream> work, std::uint32_t maximum,
                 Done whenDone) {
    stream = std::move(work);
    maximumOutstanding = std::max<std::uint32_t>(maximum, 1);
    done = std::move(whenDone);
    hasPending = isBlocked = isDraining = false;
    localTick = startTick = when;
    scheduleAt(when);
}

void Core::scheduleAt(Tick when) { queue.schedule(when, Priority::Issue, component, kAdvance); }

void Core::finishAt(Tick when) {
    isDraining = true;
    if (outstanding.empty()) queue.schedule(when, Priority::Issue, component, kFinish);
}

void Core::handleEvent(std::uint16_t kind, std::uint64_t) {
    if (kind == kAdvance) return advance();
    counts.busyTicks += queue.now() - startTick;
    stream.reset();
    const Done whenDone = std::exchange(done, nullptr);
    whenDone(queue.now());
}

void Core::advance() {
    while (true) {
        if (!hasPending) {
            if (!stream->next(pending)) return finishAt(localTick + stream->tailTicks());
            hasPending = true;
            localTick += pending.ticksBefore;
        }
        if (pending.kind == AccessKind::Write) localTick = std::max(localTick, storesFree);
        // Nothing else happens before the next event, so hits until then may be taken at once.
        if (localTick > queue.now() && localTick >= queue.nextTick()) return scheduleAt(localTick);
        if (!tryAccess()) return;
    }
}

bool Core::isOutstanding(Addr line, AccessKind kind) const {
    return std::any_of(outstanding.begin(), outstanding.end(), [&](const Line& other) {
        return other.address == line && (other.kind == kind || kind == AccessKind::Read);
    });
}

bool Core::hasRoomFor(AccessKind kind) const {
    if (outstanding.size() >= maximumOutstanding || !port.canAccept()) return false;
    if (kind != AccessKind::Write) return true;
    const auto misses = std::count_if(outstanding.begin(), outstanding.end(), [](const Line& line) {
        return line.kind == AccessKind::Write;
    });
    return misses < std::ptrdiff_t(stores.maximumMisses);
}

bool Core::tryAccess() {
    const Addr line = pending.address & lineMask;
    const bool isCached = pending.kind == AccessKind::Read || pending.kind == AccessKind::Write;
    if (isOutstanding(line, pending.kind) ||
        (isCached && port.accessIfHit(pending.kind, line, kAccessBytes) != 0)) {
        hasPending = false;
        if (pending.kind == AccessKind::Write) storesFree = localTick + stores.lineTicks;
        return true;
    }
    if (localTick > queue.now()) {
        scheduleAt(localTick);
        return false;
    }
    if (!hasRoomFor(pending.kind)) {
        isBlocked = true;
        return false;
    }
    outstanding.push_back({line, pending.kind});
    hasPending = false;
    port.access(pending.kind, line, kAccessBytes, line | std::uint64_t(pending.kind));
    return true;
}

void Core::wakeUp(Tick now) {
    if (!isBlocked) return;
    isBlocked = false;
    counts.stallTicks += now - localTick;
    localTick = now;
    scheduleAt(now);
}

void Core::accessDone(std::uint64_t tag, Tick now) {
    const auto it = std::find_if(outstanding.begin(), outstanding.end(), [&](const Line& line) {
        return (line.address | std::uint64_t(line.kind)) == tag;
    });
    if (it != outstanding.end()) {
        if (it->kind == AccessKind::Write) storesFree = now + stores.lineTicks;
        outstanding.erase(it);
    }
    if (isDraining && outstanding.empty()) {
        const Tick end = localTick + stream->tailTicks();
        if (now > end) counts.stallTicks += now - end;
        queue.schedule(std::max(now, end), Priority::Issue, component, kFinish);
    }
    wakeUp(now);
}

void Core::accessAllowed(std::uint32_t, Tick now) { wakeUp(now); }

}  // namespace harness
