// SPDX-License-Identifier: BSD-3-Clause
#include "accelerator_port.hh"

#include <algorithm>
#include <memory>

#include "base/trace.hh"
#include "debug/AcceleratorPort.hh"

namespace gem5 {

AcceleratorPort::AcceleratorPort(const std::string& name, System& system, RequestorID requestor,
                                 NestedQueue& queue)
#if __has_include("sim/signal.hh")  // gem5 v23 and newer deprecate naming an owner
    : RequestPort(name),
#else
    : RequestPort(name, &system),
#endif
      system(system),
      requestor(requestor),
      queue(queue),
      component(queue.events.addComponent(*this, name)) {
}

void AcceleratorPort::move(harness::AccessKind kind, harness::Addr address, std::uint32_t sizeBytes,
                           std::uint64_t tag, std::uint8_t* data) {
    const bool isRead = kind == harness::AccessKind::Read;
    auto request = std::make_shared<Request>(address, sizeBytes, 0, requestor);
    auto* pkt = new Packet(request, isRead ? MemCmd::ReadReq : MemCmd::WriteReq);
    pkt->dataStatic(data);
    pkt->pushSenderState(new Tag(tag));
    ++outstanding;
    DPRINTF(AcceleratorPort, "%s %d bytes at %#x\n", isRead ? "read" : "write", sizeBytes, address);
    if (system.isAtomicMode()) {
        const Tick latency = sendAtomic(pkt);
        finish(pkt, curTick() + latency);
    } else if (!sendTimingReq(pkt)) {
        blocked = pkt;
    }
}

bool AcceleratorPort::recvTimingResp(PacketPtr pkt) {
    // The packet reaches us when its header does; its last byte comes this much later.
    finish(pkt, curTick() + pkt->headerDelay + pkt->payloadDelay);
    return true;
}

void AcceleratorPort::finish(PacketPtr pkt, Tick when) {
    auto* tag = dynamic_cast<Tag*>(pkt->popSenderState());
    panic_if(tag == nullptr, "%s: a response without its tag", name());
    queue.schedule(when, harness::Priority::Response, component, pkt->isError() ? Failed : Done,
                   tag->value);
    delete tag;
    delete pkt;
}

void AcceleratorPort::recvReqRetry() {
    if (!sendTimingReq(blocked)) return;
    blocked = nullptr;
    queue.schedule(curTick(), harness::Priority::Response, component, Allowed);
}

void AcceleratorPort::handleEvent(std::uint16_t kind, std::uint64_t argument) {
    const Tick now = queue.events.now();
    switch (EventKind(kind)) {
        case Done:
            --outstanding;
            return listener->accessDone(argument, now);
        case Failed:
            --outstanding;
            return listener->accessFailed(argument, now);
        case Allowed:
            return listener->accessAllowed(requestor, now);
    }
}

bool AcceleratorPort::access(MemCmd command, Addr address, std::uint8_t* data,
                             std::uint64_t count) {
    const Addr line = system.cacheLineSize();
    while (count > 0) {
        const std::uint64_t part = std::min<std::uint64_t>(count, line - address % line);
        auto request = std::make_shared<Request>(address, part, 0, requestor);
        Packet pkt(request, command);
        pkt.dataStatic(data);
        sendFunctional(&pkt);
        if (pkt.isError()) return false;
        address += part;
        data += part;
        count -= part;
    }
    return true;
}

bool AcceleratorPort::look(Addr address, std::uint8_t* data, std::uint64_t count) {
    return access(MemCmd::ReadReq, address, data, count);
}

bool AcceleratorPort::store(Addr address, const std::uint8_t* data, std::uint64_t count) {
    return access(MemCmd::WriteReq, address, const_cast<std::uint8_t*>(data), count);
}

}  // namespace gem5
