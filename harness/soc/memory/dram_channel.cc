// SPDX-License-Identifier: BSD-3-Clause
#include "harness/soc/memory/dram_channel.hh"

#include <algorithm>
#include <utility>

namespace harness {

DramChannel::DramChannel(EventQueue& eventQueue, PacketPool& pool, DramClient& dramClient,
                         const DramConfig& dramConfig, std::uint32_t interleave, std::string name)
    : queue(eventQueue),
      packets(pool),
      client(dramClient),
      config(dramConfig),
      burstShift(static_cast<unsigned>(__builtin_ctz(dramConfig.burstBytes))),
      interleaveShift(static_cast<unsigned>(__builtin_ctz(interleave))),
      channels(dramConfig.channels),
      component(eventQueue.addComponent(*this, std::move(name))),
      timing(config, stats),
      writeHigh(dramConfig.writeQueueEntries * dramConfig.writeHighPercent / 100),
      writeLow(dramConfig.writeQueueEntries * dramConfig.writeLowPercent / 100) {}

std::uint32_t DramChannel::burstCount(Addr addr, std::uint32_t sizeBytes) const {
    const Addr last = (addr + sizeBytes - 1) >> burstShift;
    return static_cast<std::uint32_t>(last - (addr >> burstShift) + 1);
}

std::uint64_t DramChannel::firstBurst(Addr addr) const {
    // Drop the channel bits: every channels-th piece of interleaveBytes is ours.
    const Addr piece = addr >> interleaveShift;
    const Addr offset = addr - (piece << interleaveShift);
    return ((channels.quotient(piece) << interleaveShift) + offset) >> burstShift;
}

bool DramChannel::canAccept(Addr addr, std::uint32_t sizeBytes, bool isWrite) const {
    const std::uint32_t bursts = burstCount(addr, sizeBytes);
    return isWrite ? usedWrites + bursts <= config.writeQueueEntries
                   : usedReads + bursts <= config.readQueueEntries;
}

void DramChannel::reserve(Addr addr, std::uint32_t sizeBytes, bool isWrite) {
    (isWrite ? usedWrites : usedReads) += burstCount(addr, sizeBytes);
}

void DramChannel::arrive(Packet& packet, bool isWrite) {
    if (isWrite) {
        arriveWrite(packet);
    } else {
        arriveRead(packet);
    }
    scheduleDecision(timing.nextDecision());
}

bool DramChannel::isInWriteQueue(std::uint64_t burst) const {
    if (writesByHash[burst % kHashes] == 0) return false;
    return std::any_of(writes.begin(), writes.end(),
                       [burst](const Burst& write) { return write.number == burst; });
}

void DramChannel::arriveRead(Packet& packet) {
    const std::uint32_t count = burstCount(packet.addr, packet.sizeBytes);
    const std::uint64_t first = firstBurst(packet.addr);
    ++stats.readRequests;
    stats.requestedBytesRead += packet.sizeBytes;
    packet.burstsLeft = count;
    for (std::uint64_t burst = first; burst < first + count; ++burst) {
        if (isInWriteQueue(burst)) {
            ++stats.servicedByWriteQueue;
            queue.schedule(queue.now() + config.frontendLatencyTicks, Priority::Completion,
                           component, kBurstDone, argumentOf(packet));
        } else {
            reads.push(burst, timing.decode(burst), &packet, queue.now());
        }
    }
}

void DramChannel::arriveWrite(Packet& packet) {
    const std::uint32_t count = burstCount(packet.addr, packet.sizeBytes);
    const std::uint64_t first = firstBurst(packet.addr);
    ++stats.writeRequests;
    stats.requestedBytesWritten += packet.sizeBytes;
    bool isRoomFreed = false;
    for (std::uint64_t burst = first; burst < first + count; ++burst) {
        if (isInWriteQueue(burst)) {
            ++stats.mergedWriteBursts;
            --usedWrites;
            isRoomFreed = true;
        } else {
            writes.push(burst, timing.decode(burst), nullptr, queue.now());
            ++writesLike(burst);
        }
    }
    if (isRoomFreed) client.dramRetry();
    if (packet.kind == PacketKind::Writeback) {
        packets.release(packet);
    } else {
        queue.schedule(queue.now() + config.frontendLatencyTicks, Priority::Completion, component,
                       kAnswer, argumentOf(packet));
    }
}

void DramChannel::scheduleDecision(Tick tick) {
    if (nextDecisionTick != kMaxTick) return;  // one decision at a time, as the data bus frees up
    nextDecisionTick = std::max(tick, queue.now());
    queue.schedule(nextDecisionTick, Priority::Arbitrate, component, kDecide);
}

void DramChannel::handleEvent(std::uint16_t kind, std::uint64_t argument) {
    if (kind == kDecide) return decide();
    Packet& packet = packetOf(argument);
    if (kind == kAnswer) return client.dramDone(packet);
    --usedReads;
    if (--packet.burstsLeft == 0) client.dramDone(packet);
    client.dramRetry();
}

bool DramChannel::chooseDirection() {
    if (!isWriting && reads.empty()) {
        if (writes.size() <= writeLow) return false;  // a few writes wait for company
        isWriting = true;
        ++stats.readToWriteSwitches;
    }
    return true;
}

void DramChannel::decide() {
    nextDecisionTick = kMaxTick;
    timing.refresh(queue.now());
    if (!chooseDirection()) return;
    if (isWriting) {
        serve(writes);
        ++writesThisTime;
        afterWrite();
    } else {
        serve(reads);
        if (writes.size() > writeHigh) {
            isWriting = true;
            ++stats.readToWriteSwitches;
        }
    }
    if (isWriting || !reads.empty() || writes.size() > writeLow) {
        scheduleDecision(timing.nextDecision());
    }
}

void DramChannel::afterWrite() {
    const bool isLow = writes.size() + config.minimumWritesPerSwitch < writeLow;
    const bool hasServedEnough = !reads.empty() && writesThisTime >= config.minimumWritesPerSwitch;
    if (!writes.empty() && !isLow && !hasServedEnough) return;
    isWriting = false;
    writesThisTime = 0;
}

const Burst* DramChannel::chooseBurst(const BurstQueue& bursts) const {
    const Tick now = queue.now();
    const Tick seamless = timing.earliestBus(isWriting, now);
    for (const Burst& burst : bursts) {  // nothing is better than the oldest of these
        const bool isHit = timing.isRowHit(burst.place);
        if (isHit && timing.earliestColumn(burst.place, isWriting, now) <= seamless) return &burst;
    }
    const Burst* best = nullptr;
    bool isBestHit = false;
    Tick bestTick = kMaxTick;
    for (const Burst& burst : bursts) {
        const bool isHit = timing.isRowHit(burst.place);
        const Tick column = timing.earliestColumn(burst.place, isWriting, now);
        if (column > bestTick || (column == bestTick && (isBestHit || !isHit))) continue;
        best = &burst;
        isBestHit = isHit;
        bestTick = column;
    }
    return best;
}

bool DramChannel::hasOnlyConflicts(const BurstQueue& bursts, const DramPlace& place) {
    bool hasConflict = false;
    for (const Burst& burst : bursts) {
        if (burst.place.bank != place.bank) continue;
        if (burst.place.row == place.row) return false;
        hasConflict = true;
    }
    return hasConflict;
}

void DramChannel::serve(BurstQueue& bursts) {
    const Burst burst = bursts.take(chooseBurst(bursts));
    const Tick dataEnd = timing.issue(burst.place, isWriting, queue.now());
    if (hasOnlyConflicts(bursts, burst.place)) timing.closeRow(burst.place);
    if (isWriting) {
        --writesLike(burst.number);
        ++stats.writeBursts;
        stats.bytesWritten += config.burstBytes;
        --usedWrites;
        client.dramRetry();
        return;
    }
    ++stats.readBursts;
    stats.bytesRead += config.burstBytes;
    stats.readQueueTicks += dataEnd - config.tCL - config.tBURST - burst.arrival;
    stats.readAccessTicks += dataEnd - burst.arrival;
    queue.schedule(dataEnd + config.frontendLatencyTicks + config.backendLatencyTicks,
                   Priority::Completion, component, kBurstDone, argumentOf(*burst.packet));
}

std::string DramChannel::pendingWork() const {
    if (usedReads == 0) return {};  // waiting writes are a full answer already
    return queue.componentName(component) + ": " + std::to_string(usedReads) + " read bursts";
}

}  // namespace harness
