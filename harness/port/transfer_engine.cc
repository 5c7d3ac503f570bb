// SPDX-License-Identifier: BSD-3-Clause
#include "harness/port/transfer_engine.hh"

#include <algorithm>

namespace harness {

namespace {

/// A tag carries the transfer's index and the size of the burst.
std::uint64_t makeTag(std::uint32_t index, std::uint32_t bytes) {
    return std::uint64_t(index) << 32 | bytes;
}

}  // namespace

TransferEngine::TransferEngine(EventQueue& queue, MemoryPort& port, const PortConfig& config,
                               Clock clock, std::uint32_t lineBytes, TransferListener& listener,
                               const std::string& name)
    : queue(queue),
      port(port),
      config(config),
      clock(clock),
      lineBytes(lineBytes),
      requestBytes(std::min(config.burstBytes, lineBytes)),
      listener(listener),
      component(queue.addComponent(*this, name)) {
    port.setListener(*this);
}

void TransferEngine::submit(const Transfer& transfer) {
    waiting.emplace(transfer.id, transfer);
    left.push_back({transfer.index, false, transfer.bytes()});
    scheduleAt(queue.now());
}

void TransferEngine::scheduleAt(Tick when) {
    if (isScheduled) return;
    isScheduled = true;
    queue.schedule(when, Priority::Issue, component, 0);
}

void TransferEngine::handleEvent(std::uint16_t, std::uint64_t) {
    isScheduled = false;
    issue();
}

void TransferEngine::issue() {
    const Tick now = queue.now();
    if (!isActive) {
        if (waiting.empty()) return;
        active = waiting.begin()->second;
        waiting.erase(waiting.begin());
        isActive = true;
        hasStarted = false;
        row = offset = 0;
        nextIssue = std::max(nextIssue, clock.edgeAtOrAfter(now + config.setupTicks));
    }
    nextIssue = std::max(nextIssue, clock.edgeAtOrAfter(now));
    if (now < nextIssue) return scheduleAt(nextIssue);
    if (outstanding >= config.maximumOutstanding || !port.canAccept()) return;
    sendRequest(now);
    if (isActive || !waiting.empty()) scheduleAt(nextIssue);
}

std::uint32_t TransferEngine::nextBurst() const {
    const Addr address = active.address + row * active.strideBytes + offset;
    const std::uint64_t size = requestBytes.value() - requestBytes.remainder(address);
    return std::min<std::uint32_t>(active.rowBytes - offset, std::uint32_t(size));
}

AccessKind TransferEngine::kindOf(std::uint32_t bytes) const {
    const bool isWholeLine = active.kind == AccessKind::Write && bytes == lineBytes;
    return isWholeLine ? AccessKind::WriteFullLine : active.kind;
}

void TransferEngine::sendRequest(Tick now) {
    const std::uint32_t index = active.index;
    const std::uint32_t bytes = nextBurst();
    const Addr address = active.address + row * active.strideBytes + offset;
    ++outstanding;
    nextIssue = now + clock.periodTicks();
    std::uint8_t* data = active.data;
    if (data != nullptr) data += std::uint64_t(row) * active.rowBytes + offset;
    port.move(kindOf(bytes), address, bytes, makeTag(index, bytes), data);
    offset += bytes;
    if (offset == active.rowBytes) {
        offset = 0;
        isActive = ++row < active.rows;
    }
    if (!hasStarted) {
        hasStarted = true;
        listener.transferStarted(index, now);
    }
}

std::vector<TransferEngine::Unanswered>::iterator TransferEngine::unanswered(std::uint32_t index) {
    return std::find_if(left.begin(), left.end(),
                        [index](const Unanswered& each) { return each.index == index; });
}

void TransferEngine::accessDone(std::uint64_t tag, Tick now) {
    --outstanding;
    const auto index = std::uint32_t(tag >> 32);
    const auto entry = unanswered(index);
    entry->bytesLeft -= std::uint32_t(tag);
    if (entry->bytesLeft == 0) {
        const bool isOk = !entry->isRefused;
        left.erase(entry);
        listener.transferEnded(index, now, isOk);
    }
    if (isActive || !waiting.empty()) scheduleAt(now);
}

void TransferEngine::accessFailed(std::uint64_t tag, Tick now) {
    unanswered(std::uint32_t(tag >> 32))->isRefused = true;
    accessDone(tag, now);
}

void TransferEngine::accessAllowed(std::uint32_t, Tick now) {
    if (isActive || !waiting.empty()) scheduleAt(now);
}

}  // namespace harness
