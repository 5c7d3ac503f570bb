// SPDX-License-Identifier: BSD-3-Clause
#include "harness/port/transfer_engine.hh"

#include <algorithm>
#include <utility>

namespace harness {

namespace {

/// Names the read of a page list's entry among tags; transfers' indices stay below.
constexpr std::uint32_t kEntryIndex = 0xffffffffu;

/// A tag carries the transfer's index and the size of the burst.
std::uint64_t makeTag(std::uint32_t index, std::uint32_t bytes) {
    return std::uint64_t(index) << 32 | bytes;
}

}  // namespace

TransferEngine::TransferEngine(EventQueue& queue, MemoryPort& port, const PortConfig& config,
                               Clock clock, std::uint32_t lineBytes, Translator& translator,
                               TransferListener& listener, const std::string& name)
    : queue(queue),
      port(port),
      config(config),
      clock(clock),
      lineBytes(lineBytes),
      requestBytes(std::min(config.burstBytes, lineBytes)),
      translator(translator),
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

bool TransferEngine::takeNext(Tick now) {
    if (isActive) return true;
    if (waiting.empty()) return false;
    active = waiting.begin()->second;
    waiting.erase(waiting.begin());
    isActive = true;
    hasStarted = false;
    row = offset = 0;
    toPhysical = active.isPhysical ? 0 : translator.displacementOf(active.address);
    nextIssue = std::max(nextIssue, clock.edgeAtOrAfter(now + config.setupTicks));
    return true;
}

void TransferEngine::issue() {
    const Tick now = queue.now();
    if (isTranslating || !takeNext(now)) return;
    nextIssue = std::max(nextIssue, clock.edgeAtOrAfter(now));
    if (now < nextIssue) return scheduleAt(nextIssue);
    if (outstanding >= config.maximumOutstanding || !port.canAccept()) return;
    const auto address = translate(now);
    if (!address) return;
    sendRequest(*address, now);
    lookAgain(nextIssue);
}

void TransferEngine::lookAgain(Tick from) {
    if (!isActive) {
        if (!waiting.empty()) scheduleAt(from);
        return;
    }
    // Not before the entry is there, or an answer if no more requests may be outstanding: both
    // call again. These looks in vain were half of this component's events.
    if (isTranslating || outstanding >= config.maximumOutstanding) return;
    scheduleAt(std::max(nextIssue, clock.edgeAtOrAfter(from)));
}

void TransferEngine::noteStart(Tick now) {
    if (std::exchange(hasStarted, true)) return;
    listener.transferStarted(active.index, now);
}

std::optional<Addr> TransferEngine::translate(Tick now) {
    if (toPhysical) return nextAddress() + *toPhysical;
    if (translated) return std::exchange(translated, std::nullopt);
    const auto address = translator.find(nextAddress());
    if (!address) readEntry(now);
    return address;
}

void TransferEngine::readEntry(Tick now) {
    isTranslating = true;
    ++outstanding;
    nextIssue = now + clock.periodTicks();
    port.move(AccessKind::Read, translator.entryAddress(nextAddress()), PageList::kEntryBytes,
              makeTag(kEntryIndex, 0), entry.data());
    noteStart(now);
}

void TransferEngine::entryArrived(Tick now, bool isOk) {
    isTranslating = false;
    if (isOk) translated = translator.learn(nextAddress(), entry.data());
    if (!translated) abandonActive(now);
}

void TransferEngine::abandonActive(Tick now) {
    isActive = false;
    unanswered(active.index)->isRefused = true;
    answered(active.index, active.bytes() - std::uint64_t(row) * active.rowBytes - offset, now);
}

std::uint32_t TransferEngine::nextBurst() const {
    const std::uint64_t size = requestBytes.value() - requestBytes.remainder(nextAddress());
    return std::min<std::uint32_t>(active.rowBytes - offset, std::uint32_t(size));
}

AccessKind TransferEngine::kindOf(std::uint32_t bytes) const {
    const bool isWholeLine = active.kind == AccessKind::Write && bytes == lineBytes;
    return isWholeLine ? AccessKind::WriteFullLine : active.kind;
}

void TransferEngine::sendRequest(Addr address, Tick now) {
    const std::uint32_t bytes = nextBurst();
    ++outstanding;
    nextIssue = now + clock.periodTicks();
    std::uint8_t* data = active.data;
    if (data != nullptr) data += std::uint64_t(row) * active.rowBytes + offset;
    port.move(kindOf(bytes), address, bytes, makeTag(active.index, bytes), data);
    offset += bytes;
    if (offset == active.rowBytes) {
        offset = 0;
        isActive = ++row < active.rows;
    }
    noteStart(now);
}

void TransferEngine::answered(std::uint32_t index, std::uint64_t bytes, Tick now) {
    const auto entry = unanswered(index);
    entry->bytesLeft -= bytes;
    if (entry->bytesLeft != 0) return;
    const bool isOk = !entry->isRefused;
    left.erase(entry);
    listener.transferEnded(index, now, isOk);
}

std::vector<TransferEngine::Unanswered>::iterator TransferEngine::unanswered(std::uint32_t index) {
    return std::find_if(left.begin(), left.end(),
                        [index](const Unanswered& each) { return each.index == index; });
}

void TransferEngine::accessDone(std::uint64_t tag, Tick now) {
    --outstanding;
    const auto index = std::uint32_t(tag >> 32);
    if (index == kEntryIndex)
        entryArrived(now, true);
    else
        answered(index, std::uint32_t(tag), now);
    lookAgain(now);
}

void TransferEngine::accessFailed(std::uint64_t tag, Tick now) {
    const auto index = std::uint32_t(tag >> 32);
    if (index != kEntryIndex) {
        unanswered(index)->isRefused = true;
        return accessDone(tag, now);
    }
    --outstanding;
    entryArrived(now, false);
    lookAgain(now);
}

void TransferEngine::accessAllowed(std::uint32_t, Tick now) { lookAgain(now); }

}  // namespace harness
