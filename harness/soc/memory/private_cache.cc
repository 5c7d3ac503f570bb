// SPDX-License-Identifier: BSD-3-Clause
#include "harness/soc/memory/private_cache.hh"

#include <stdexcept>
#include <utility>

namespace harness {

namespace {

bool isUncached(AccessKind kind) {
    return kind == AccessKind::Flush || kind == AccessKind::UncachedRead ||
           kind == AccessKind::UncachedWrite;
}

bool isWrite(AccessKind kind) {
    return kind == AccessKind::Write || kind == AccessKind::WriteFullLine;
}

LockKind lockKindOf(AccessKind kind) {
    if (isUncached(kind)) return LockKind::Remove;
    return isWrite(kind) ? LockKind::Exclusive : LockKind::Shared;
}

PacketKind packetKindOf(AccessKind kind) {
    if (kind == AccessKind::Flush) return PacketKind::Flush;
    return kind == AccessKind::UncachedRead ? PacketKind::UncachedRead : PacketKind::UncachedWrite;
}

}  // namespace

PrivateCache::PrivateCache(const Wiring& wiring, const CacheConfig& cacheConfig,
                           const std::string& name)
    : queue(wiring.queue),
      packets(wiring.packets),
      bus(wiring.bus),
      lockService(wiring.lockService),
      below(wiring.below),
      config(cacheConfig),
      lineBytes(wiring.lineBytes),
      isOnMemoryBus(wiring.isOnMemoryBus),
      component(wiring.queue.addComponent(*this, name)),
      source(wiring.bus.addSource(*this, cacheConfig.fillTicks)),
      lockIndex(static_cast<std::uint16_t>(wiring.lockService.clients.size())),
      tags(cacheConfig.sizeBytes, cacheConfig.associativity, wiring.lineBytes),
      mshrLines(cacheConfig.mshrs, kNoLine),
      mshrs(cacheConfig.mshrs) {
    lockService.clients.push_back(this);
    for (std::uint32_t i = config.mshrs; i > 0; --i) freeMshrs.push_back(i - 1);
}

Requestor& PrivateCache::addPort(std::uint32_t requestorId, std::string name, bool promotes) {
    ports.push_back(std::make_unique<Port>(*this, static_cast<std::uint32_t>(ports.size()),
                                           requestorId, std::move(name), promotes));
    return *ports.back();
}

AccessKind PrivateCache::Port::effectiveKind(AccessKind kind, std::uint32_t sizeBytes) const {
    const bool isWholeLine = promotesFullWrites && sizeBytes == cache.lineBytes;
    return kind == AccessKind::Write && isWholeLine ? AccessKind::WriteFullLine : kind;
}

void PrivateCache::Port::count(AccessKind kind, std::uint32_t sizeBytes) {
    const bool writes = isWrite(kind) || kind == AccessKind::UncachedWrite;
    ++(writes ? stats.writes : stats.reads);
    (writes ? stats.bytesWritten : stats.bytesRead) += sizeBytes;
}

Tick PrivateCache::Port::accessIfHit(AccessKind kind, Addr addr, std::uint32_t sizeBytes) {
    const Addr line = addr & ~Addr{cache.lineBytes - 1};
    if (!cache.canAccept() || !cache.tryHit(effectiveKind(kind, sizeBytes), line)) return 0;
    count(kind, sizeBytes);
    return cache.queue.now() + cache.config.hitTicks;
}

void PrivateCache::Port::access(AccessKind kind, Addr addr, std::uint32_t sizeBytes,
                                std::uint64_t tag) {
    const Addr line = addr & ~Addr{cache.lineBytes - 1};
    if (!cache.canAccept()) throw std::logic_error(name + ": access while !canAccept()");
    if (sizeBytes == 0 || addr + sizeBytes > line + cache.lineBytes) {
        throw std::logic_error(name + ": access is empty or crosses a line");
    }
    count(kind, sizeBytes);
    ++cache.outstanding;
    const AccessKind effective = effectiveKind(kind, sizeBytes);
    if (cache.tryHit(effective, line)) {
        cache.queue.schedule(cache.queue.now() + cache.config.hitTicks, Priority::Response,
                             cache.component, static_cast<std::uint16_t>(kHitDone + index), tag,
                             index);
        return;
    }
    cache.miss(Target{tag, addr, sizeBytes, index, kNone, effective}, line);
    cache.noteBlocked();
}

bool PrivateCache::tryHit(AccessKind kind, Addr line) {
    if (isUncached(kind)) return false;
    const LineState state = tags.touch(line);
    if (isWrite(kind)) {
        if (!isWritable(state)) return false;
        if (state != LineState::Modified) tags.setState(line, LineState::Modified);
        ++stats.writeHits;
        return true;
    }
    if (state == LineState::Invalid) return false;
    ++stats.readHits;
    return true;
}

std::uint32_t PrivateCache::findMshr(Addr line) const {
    // Most misses are to lines that nobody has under way. Looking through the MSHRs for them was
    // 2 % of the engine's instructions.
    if (lockService.locks.heldFor(line) == LockKind::None) return kNone;
    for (std::uint32_t i = 0; i < mshrLines.size(); ++i) {
        if (mshrLines[i] == line) return i;
    }
    return kNone;
}

std::uint32_t PrivateCache::allocateTarget(const Target& target) {
    if (freeTarget == kNone) {
        targets.push_back(target);
        return static_cast<std::uint32_t>(targets.size() - 1);
    }
    const std::uint32_t id = freeTarget;
    freeTarget = targets[id].next;
    targets[id] = target;
    return id;
}

void PrivateCache::miss(const Target& target, Addr line) {
    if (target.kind == AccessKind::Flush) {
        ++stats.flushes;
    } else if (isUncached(target.kind)) {
        ++stats.uncachedAccesses;
    } else {
        ++(isWrite(target.kind) ? stats.writeMisses : stats.readMisses);
        if (tags.state(line) != LineState::Invalid) ++stats.upgrades;
    }
    const std::uint32_t id = allocateTarget(target);
    std::uint32_t index = findMshr(line);
    if (index != kNone) {
        ++stats.mshrHits;
        targets[mshrs[index].lastTarget].next = id;
        mshrs[index].lastTarget = id;
        return;
    }
    index = freeMshrs.back();
    freeMshrs.pop_back();
    mshrLines[index] = line;
    mshrs[index] = Mshr{id, id, queue.now()};
    start(index);
}

void PrivateCache::start(std::uint32_t index) {
    const LockKind kind = lockKindOf(targets[mshrs[index].firstTarget].kind);
    const LineLocks::Owner owner{lockIndex, static_cast<std::uint16_t>(index)};
    if (lockService.locks.acquire(mshrLines[index], owner, kind)) {
        send(index);
    } else {
        ++stats.lineConflicts;
    }
}

void PrivateCache::lockGranted(std::uint16_t mshr) { send(mshr); }

void PrivateCache::send(std::uint32_t index) {
    const Target& head = targets[mshrs[index].firstTarget];
    Packet& packet = packets.allocate();
    packet.line = mshrLines[index];
    packet.mshr = index;
    packet.addr = packet.line;
    packet.sizeBytes = lineBytes;
    (isOnMemoryBus ? packet.memoryBusSource : packet.l2BusSource) = source;
    if (isUncached(head.kind)) {
        packet.kind = packetKindOf(head.kind);
        packet.addr = head.addr;
        packet.sizeBytes = head.sizeBytes;
    }
    bus.enqueue(source, packet, queue.now() + config.missTicks);
}

bool PrivateCache::wantsOwnership(const Mshr& mshr) const {
    for (std::uint32_t id = mshr.firstTarget; id != kNone; id = targets[id].next) {
        if (isUncached(targets[id].kind)) return false;
        if (isWrite(targets[id].kind)) return true;
    }
    return false;
}

void PrivateCache::requestGranted(Packet& packet) {
    if (packet.kind == PacketKind::Writeback) {
        --waitingWritebacks;
        // The free place is seen at the next bus cycle: arbitration is the last thing of a tick.
        if (isBlocked && canAccept()) {
            queue.schedule(queue.now() + bus.configuration().clockTicks, Priority::Completion,
                           component, kUnblock);
        }
        return;
    }
    Mshr& mshr = mshrs[packet.mshr];
    const AccessKind head = targets[mshr.firstTarget].kind;
    if (isUncached(head)) return;
    const bool hasLine = tags.state(packet.line) != LineState::Invalid;
    if (hasLine || head == AccessKind::WriteFullLine) {
        packet.kind = PacketKind::Claim;
        packet.needsData = false;
    } else if (wantsOwnership(mshr)) {
        packet.kind = PacketKind::ReadExclusive;
        lockService.locks.setKind(packet.line, LockKind::Exclusive);
    }
}

void PrivateCache::fill(const Packet& packet) {
    LineState state = LineState::Exclusive;
    const LineState own = tags.touch(packet.line);
    if (packet.isDirtyPassed || isDirty(own)) state = LineState::Modified;
    if (packet.kind == PacketKind::ReadShared && packet.isShared) state = LineState::Shared;
    if (own != LineState::Invalid) {
        tags.setState(packet.line, state);
        return;
    }
    const TagArray::Victim victim = tags.insert(packet.line, state);
    if (victim.state == LineState::Invalid) return;
    ++stats.replacements;
    if (isDirty(victim.state)) writeBack(victim.line, victim.state);
}

void PrivateCache::writeBack(Addr line, LineState state) {
    if (below != nullptr) below->absorb(line, state);
    ++stats.writebacks;
    ++waitingWritebacks;
    Packet& packet = packets.allocate();
    packet.kind = PacketKind::Writeback;
    packet.addr = packet.line = line;
    packet.sizeBytes = lineBytes;
    (isOnMemoryBus ? packet.memoryBusSource : packet.l2BusSource) = source;
    bus.enqueue(source, packet, queue.now());
    noteBlocked();
}

bool PrivateCache::isSatisfied(const Target& target, Addr line) const {
    if (isUncached(target.kind)) return false;
    const LineState state = tags.state(line);
    return isWrite(target.kind) ? isWritable(state) : state != LineState::Invalid;
}

void PrivateCache::finishTargets(Mshr& mshr, Addr line) {
    finished.clear();
    do {
        const std::uint32_t id = mshr.firstTarget;
        Target& target = targets[id];
        if (isWrite(target.kind)) tags.setState(line, LineState::Modified);
        finished.push_back({target.tag, target.port});
        mshr.firstTarget = target.next;
        target.next = freeTarget;
        freeTarget = id;
    } while (mshr.firstTarget != kNone && isSatisfied(targets[mshr.firstTarget], line));
}

void PrivateCache::responseArrived(Packet& packet) {
    const Addr line = packet.line;
    const std::uint32_t index = packet.mshr;
    Mshr& mshr = mshrs[index];
    if (!isUncached(targets[mshr.firstTarget].kind)) fill(packet);
    packets.release(packet);
    finishTargets(mshr, line);
    stats.missTicks += queue.now() - mshr.allocated;
    outstanding -= finished.size();
    lockService.release(line);
    if (mshr.firstTarget != kNone) {
        mshr.allocated = queue.now();
        start(index);
    } else {
        mshrLines[index] = kNoLine;
        freeMshrs.push_back(index);
    }
    for (const Finished& access : finished) {
        ports[access.port]->listener->accessDone(access.tag, queue.now());
    }
    unblock();
}

void PrivateCache::noteBlocked() {
    if (isBlocked || canAccept()) return;
    isBlocked = true;
    ++stats.blocked;
    for (auto& port : ports) ++port->stats.blocked;
}

void PrivateCache::unblock() {
    if (!isBlocked || !canAccept()) return;
    isBlocked = false;
    for (auto& port : ports) port->listener->accessAllowed(port->id, queue.now());
}

void PrivateCache::handleEvent(std::uint16_t kind, std::uint64_t argument) {
    if (kind == kUnblock) return unblock();
    --outstanding;
    ports[kind - kHitDone]->listener->accessDone(argument, queue.now());
}

void PrivateCache::resetStatistics() {
    stats = CacheStatistics{};
    for (auto& port : ports) port->stats = DmaStatistics{};
}

std::string PrivateCache::pendingWork() const {
    if (outstanding == 0) return {};
    return name() + ": " + std::to_string(outstanding) + " accesses, " +
           std::to_string(mshrs.size() - freeMshrs.size()) + " MSHRs, " +
           std::to_string(waitingWritebacks) + " write buffers";
}

}  // namespace harness
