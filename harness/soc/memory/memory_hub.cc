// SPDX-License-Identifier: BSD-3-Clause
#include "harness/soc/memory/memory_hub.hh"

#include <algorithm>

namespace harness {

namespace {
bool writesMemory(PacketKind kind) { return carriesData(kind); }
bool usesMemory(PacketKind kind) { return kind != PacketKind::Flush && kind != PacketKind::Claim; }
}  // namespace

MemoryHub::MemoryHub(EventQueue& eventQueue, PacketPool& pool, Bus& memoryBus, Coherence& domain,
                     LineLocks& lineLocks, const MemoryConfig& config)
    : queue(eventQueue),
      bus(memoryBus),
      coherence(domain),
      locks(lineLocks),
      lineBytes(config.lineBytes),
      interleaveBytes(std::max(config.lineBytes, config.dram.burstBytes)),
      channelCountDivisor(config.dram.channels),
      aboveL2Ticks(config.l2Bus.requestTicks + config.l2Bus.responseTicks) {
    for (std::uint32_t i = 0; i < config.dram.channels; ++i) {
        channels.push_back(std::make_unique<DramChannel>(
            queue, pool, *this, config.dram, static_cast<std::uint32_t>(interleaveBytes.value()),
            "dram" + std::to_string(i)));
    }
}

bool MemoryHub::canGrant(const Packet& packet) const {
    if (!usesMemory(packet.kind)) return true;
    return channelOf(packet).canAccept(packet.addr, packet.sizeBytes, writesMemory(packet.kind));
}

bool MemoryHub::granted(Packet& packet, Tick arrival) {
    bool goesOn = true;
    switch (packet.kind) {
        case PacketKind::Writeback:
            break;
        case PacketKind::DmaRead:
        case PacketKind::DmaWrite:
            checkHazard(packet);
            break;
        case PacketKind::ReadShared:
        case PacketKind::ReadExclusive:
        case PacketKind::Claim:
            goesOn = orderCached(packet, arrival);
            break;
        default:
            goesOn = orderUncached(packet, arrival);
            break;
    }
    if (goesOn) {
        channelOf(packet).reserve(packet.addr, packet.sizeBytes, writesMemory(packet.kind));
    }
    return goesOn;
}

SnoopResult MemoryHub::snoopOthers(const Packet& packet, SnoopKind kind) {
    if (isFromProcessorSide(packet)) {
        if (ioCache != nullptr) bus.countSnoops(1);
        return coherence.snoopIoCache(packet.line, kind);
    }
    bus.countSnoops(1 + coherence.upperCount());
    return coherence.snoopProcessorSide(packet.line, kind);
}

bool MemoryHub::orderCached(Packet& packet, Tick arrival) {
    const bool isRead = packet.kind == PacketKind::ReadShared;
    const SnoopResult found =
        snoopOthers(packet, isRead ? SnoopKind::Share : SnoopKind::Invalidate);
    packet.isShared |= found.isShared;
    if (!isRead && found.isSupplied) packet.isDirtyPassed = true;
    if (packet.needsData && !found.isSupplied) return true;
    const Tick supply = found.supplyTicks + (found.isAboveL2 ? aboveL2Ticks : 0);
    bus.respond(packet.memoryBusSource, packet, packet.needsData ? lineBytes : 0, arrival + supply);
    return false;
}

bool MemoryHub::orderUncached(Packet& packet, Tick arrival) {
    const bool wasDirtyBelow =
        coherence.snoopIoCache(packet.line, SnoopKind::Invalidate).isSupplied;
    if (wasDirtyBelow) ioCache->writeBack(packet.line, LineState::Modified);
    if (!isFromProcessorSide(packet)) {
        const bool wasDirty =
            coherence.snoopProcessorSide(packet.line, SnoopKind::Invalidate).isSupplied;
        if (wasDirty) l2->writeBack(packet.line);
    }
    if (packet.kind != PacketKind::Flush) return true;
    bus.respond(packet.memoryBusSource, packet, 0, arrival);
    return false;
}

void MemoryHub::checkHazard(const Packet& packet) {
    const bool isWrite = packet.kind == PacketKind::DmaWrite;
    LineHolder holder = coherence.findHolder(packet.line, !isWrite);
    if (holder.state == LineState::Invalid) {
        const LockKind held = locks.heldFor(packet.line);
        const bool isOnItsWay =
            held == LockKind::Exclusive || (isWrite && held == LockKind::Shared);
        if (!isOnItsWay) return;
    }
    queue.requestStop();
    if (hazardListener == nullptr) return;
    const HazardKind kind =
        isWrite ? HazardKind::WriteMeetsCachedLine : HazardKind::ReadMeetsDirtyLine;
    hazardListener->coherenceHazard(CoherenceHazard{
        packet.mshr, packet.addr, kind, holder.state,
        holder.name == nullptr ? "a request under way" : *holder.name, queue.now()});
}

void MemoryHub::requestArrived(Packet& packet) {
    channelOf(packet).arrive(packet, writesMemory(packet.kind));
}

void MemoryHub::dramDone(Packet& packet) {
    const std::uint32_t bytes = writesMemory(packet.kind) ? 0 : packet.sizeBytes;
    bus.respond(packet.memoryBusSource, packet, bytes, queue.now());
}

}  // namespace harness
