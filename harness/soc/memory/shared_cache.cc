// SPDX-License-Identifier: BSD-3-Clause
#include "harness/soc/memory/shared_cache.hh"

namespace harness {

SharedCache::SharedCache(EventQueue& eventQueue, PacketPool& pool, Bus& above, Bus& below,
                         Coherence& domain, const CacheConfig& cacheConfig,
                         std::uint32_t bytesPerLine)
    : queue(eventQueue),
      packets(pool),
      upperBus(above),
      memoryBus(below),
      coherence(domain),
      config(cacheConfig),
      lineBytes(bytesPerLine),
      source(below.addSource(*this, cacheConfig.fillTicks)),
      tags(cacheConfig.sizeBytes, cacheConfig.associativity, bytesPerLine) {}

bool SharedCache::canGrant(const Packet& packet) const {
    return packet.kind == PacketKind::Writeback ||
           (usedMshrs < config.mshrs && waitingWritebacks < config.writeBuffers);
}

bool SharedCache::granted(Packet& packet, Tick arrival) {
    if (packet.kind == PacketKind::Writeback) return true;
    upperBus.countSnoops(coherence.upperCount());
    bool goesOn = true;
    if (packet.kind == PacketKind::ReadShared) {
        goesOn = grantRead(packet, arrival);
    } else if (packet.kind == PacketKind::ReadExclusive || packet.kind == PacketKind::Claim) {
        goesOn = grantOwnership(packet, arrival);
    } else {
        packet.isDirtyPassed =
            coherence.snoopUppers(packet.line, SnoopKind::Invalidate, Coherence::kNobody)
                .isSupplied;
    }
    if (goesOn) ++usedMshrs;
    return goesOn;
}

bool SharedCache::grantRead(Packet& packet, Tick arrival) {
    const SnoopResult found =
        coherence.snoopUppers(packet.line, SnoopKind::Share, packet.l2BusSource);
    packet.isShared = found.isShared;
    if (!found.isSupplied) return true;
    upperBus.respond(packet.l2BusSource, packet, lineBytes, arrival + found.supplyTicks);
    return false;
}

bool SharedCache::grantOwnership(Packet& packet, Tick arrival) {
    const SnoopResult found =
        coherence.snoopUppers(packet.line, SnoopKind::Invalidate, packet.l2BusSource);
    if (!found.isSupplied) return true;
    packet.isDirtyPassed = true;
    // The supplier may have shared the line with the I/O cache; the message there is not timed.
    if (!found.wasUnique) coherence.snoopIoCache(packet.line, SnoopKind::Invalidate);
    tags.setState(packet.line, LineState::Exclusive);
    upperBus.respond(packet.l2BusSource, packet, packet.needsData ? lineBytes : 0,
                     arrival + found.supplyTicks);
    return false;
}

void SharedCache::requestArrived(Packet& packet) {
    switch (packet.kind) {
        case PacketKind::Writeback:
            packets.release(packet);  // `absorb` changed the state when the line was dropped
            break;
        case PacketKind::ReadShared:
            lookUpRead(packet);
            break;
        case PacketKind::ReadExclusive:
        case PacketKind::Claim:
            lookUpOwnership(packet);
            break;
        default:
            dropLine(packet);
            break;
    }
}

void SharedCache::lookUpRead(Packet& packet) {
    const LineState state = tags.touch(packet.line);
    if (state == LineState::Invalid) {
        ++stats.readMisses;
        forward(packet);
        return;
    }
    ++stats.readHits;
    if (isWritable(state) && !packet.isShared) {
        // As gem5: a sole reader gets the line writable, and dirty if it was dirty here.
        packet.isDirtyPassed = isDirty(state);
        tags.setState(packet.line, LineState::Exclusive);
    } else {
        packet.isShared = true;
    }
    respond(packet, queue.now() + config.hitTicks);
}

void SharedCache::lookUpOwnership(Packet& packet) {
    const LineState state = tags.touch(packet.line);
    if (isWritable(state)) {
        ++stats.writeHits;
        packet.isDirtyPassed = isDirty(state);
        tags.setState(packet.line, LineState::Exclusive);
        respond(packet, queue.now() + config.hitTicks);
        return;
    }
    ++stats.writeMisses;
    if (state != LineState::Invalid) {
        ++stats.upgrades;
        packet.isDirtyPassed = isDirty(state);
        packet.needsData = false;
    }
    forward(packet);
}

void SharedCache::dropLine(Packet& packet) {
    const Addr line = packet.line;
    ++(packet.kind == PacketKind::Flush ? stats.flushes : stats.uncachedAccesses);
    const bool wasDirty = packet.isDirtyPassed || isDirty(tags.state(line));
    tags.setState(line, LineState::Invalid);
    // The data goes down first, so that the answer to this request means: memory is up to date.
    if (wasDirty) writeBack(line);
    forward(packet);
}

void SharedCache::forward(Packet& packet) {
    packet.memoryBusSource = source;
    memoryBus.enqueue(source, packet, queue.now() + config.missTicks);
}

void SharedCache::respond(Packet& packet, Tick readyTick) {
    const bool bringsLine =
        packet.kind == PacketKind::ReadShared || packet.kind == PacketKind::ReadExclusive;
    const std::uint32_t uncached = packet.kind == PacketKind::UncachedRead ? packet.sizeBytes : 0;
    upperBus.respond(packet.l2BusSource, packet, bringsLine ? lineBytes : uncached, readyTick);
    --usedMshrs;
    upperBus.retry();
}

void SharedCache::requestGranted(Packet& packet) {
    if (packet.kind != PacketKind::Writeback) return;
    --waitingWritebacks;
    upperBus.retry();
}

void SharedCache::responseArrived(Packet& packet) {
    if (packet.kind == PacketKind::ReadShared) {
        fill(packet.line, packet.isShared ? LineState::Shared : LineState::Exclusive);
    } else if (packet.kind == PacketKind::ReadExclusive) {
        fill(packet.line, LineState::Exclusive);
    } else if (packet.kind == PacketKind::Claim) {
        tags.setState(packet.line, LineState::Exclusive);
    }
    respond(packet, queue.now());
}

void SharedCache::absorb(Addr line, LineState state) { fill(line, state); }

void SharedCache::fill(Addr line, LineState state) {
    const LineState own = tags.touch(line);
    if (own != LineState::Invalid) {
        tags.setState(line, state);
        return;
    }
    const TagArray::Victim victim = tags.insert(line, state);
    if (victim.state == LineState::Invalid) return;
    ++stats.replacements;
    if (isDirty(victim.state)) {
        ++stats.writebacks;
        writeBack(victim.line);
    }
}

void SharedCache::writeBack(Addr line) {
    ++waitingWritebacks;
    Packet& packet = packets.allocate();
    packet.kind = PacketKind::Writeback;
    packet.addr = packet.line = line;
    packet.sizeBytes = lineBytes;
    packet.memoryBusSource = source;
    memoryBus.enqueue(source, packet, queue.now());
}

std::string SharedCache::pendingWork() const {
    if (usedMshrs == 0 && waitingWritebacks == 0) return {};
    return "l2: " + std::to_string(usedMshrs) + " MSHRs, " + std::to_string(waitingWritebacks) +
           " write buffers";
}

}  // namespace harness
