// SPDX-License-Identifier: BSD-3-Clause
#include "harness/soc/memory/dma_port.hh"

#include <stdexcept>
#include <utility>

namespace harness {

DmaPort::DmaPort(EventQueue& eventQueue, PacketPool& pool, Bus& memoryBus,
                 std::uint32_t requestorId, std::string portName, std::uint32_t bytesPerLine)
    : queue(eventQueue),
      packets(pool),
      bus(memoryBus),
      id(requestorId),
      name(std::move(portName)),
      lineBytes(bytesPerLine),
      component(eventQueue.addComponent(*this, name)),
      source(memoryBus.addSource(*this, 0)) {}

bool DmaPort::canAccept() const { return bus.waiting(source) < bus.configuration().queueDepth; }

void DmaPort::access(AccessKind kind, Addr addr, std::uint32_t sizeBytes, std::uint64_t tag) {
    const Addr line = addr & ~Addr{lineBytes - 1};
    if (!canAccept()) throw std::logic_error(name + ": access while !canAccept()");
    if (kind == AccessKind::Flush) throw std::logic_error(name + ": DMA cannot flush");
    if (sizeBytes == 0 || addr + sizeBytes > line + lineBytes) {
        throw std::logic_error(name + ": access is empty or crosses a line");
    }
    const bool isRead = kind == AccessKind::Read || kind == AccessKind::UncachedRead;
    ++(isRead ? stats.reads : stats.writes);
    (isRead ? stats.bytesRead : stats.bytesWritten) += sizeBytes;
    ++outstanding;
    Packet& packet = packets.allocate();
    packet.kind = isRead ? PacketKind::DmaRead : PacketKind::DmaWrite;
    packet.addr = addr;
    packet.line = line;
    packet.sizeBytes = sizeBytes;
    packet.tag = tag;
    packet.mshr = id;  // names the requestor in a hazard
    packet.memoryBusSource = source;
    bus.enqueue(source, packet, queue.now());
    if (!canAccept() && !isBlocked) {
        isBlocked = true;
        ++stats.blocked;
    }
}

void DmaPort::requestGranted(Packet&) {
    // The free place is seen at the next bus cycle: arbitration is the last thing of a tick.
    if (isBlocked) {
        queue.schedule(queue.now() + bus.configuration().clockTicks, Priority::Completion,
                       component, 0);
    }
}

void DmaPort::handleEvent(std::uint16_t, std::uint64_t) {
    if (!isBlocked || !canAccept()) return;
    isBlocked = false;
    listener->accessAllowed(id, queue.now());
}

void DmaPort::responseArrived(Packet& packet) {
    const std::uint64_t tag = packet.tag;
    packets.release(packet);
    --outstanding;
    listener->accessDone(tag, queue.now());
}

std::string DmaPort::pendingWork() const {
    if (outstanding == 0) return {};
    return name + ": " + std::to_string(outstanding) + " accesses, " +
           std::to_string(bus.waiting(source)) + " not granted";
}

}  // namespace harness
