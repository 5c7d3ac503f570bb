// SPDX-License-Identifier: BSD-3-Clause
#include "harness/soc/memory/bus.hh"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace harness {

namespace {
constexpr std::size_t kMaxSources = 64;
}  // namespace

Bus::Bus(EventQueue& eventQueue, const BusConfig& busConfig, std::string name,
         std::uint32_t requestLayers)
    : queue(eventQueue),
      config(busConfig),
      clock(busConfig.clockTicks),
      width(busConfig.widthBytes),
      component(eventQueue.addComponent(*this, std::move(name))),
      requestFree(busConfig.isCrossbar ? requestLayers : 1, 0),
      responseFree(1, 0) {
    resetStatistics();
}

std::uint16_t Bus::addSource(BusSource& source, Tick deliverTicks) {
    if (sources.size() >= kMaxSources) throw std::invalid_argument("bus: more than 64 requestors");
    sources.push_back(Source{&source, deliverTicks});
    if (config.isCrossbar) responseFree.resize(sources.size(), 0);
    resetStatistics();
    return static_cast<std::uint16_t>(sources.size() - 1);
}

void Bus::resetStatistics() {
    stats = BusStatistics{};
    stats.requestLayers = static_cast<std::uint32_t>(requestFree.size());
    stats.responseLayers = static_cast<std::uint32_t>(responseFree.size());
}

Tick Bus::payloadTicks(std::uint32_t bytes) const {
    return bytes == 0 ? 0 : clock.ticks(Cycles(width.quotient(bytes + config.widthBytes - 1)));
}

void Bus::setHead(Source& source, Packet& packet) {
    source.head = &packet;
    source.headReady = packet.readyTick;
    source.headLayer = requestFree.size() > 1 ? target->requestLayer(packet) : 0;
}

void Bus::enqueue(std::uint16_t index, Packet& packet, Tick readyTick) {
    Source& source = sources[index];
    packet.readyTick = readyTick;
    packet.next = nullptr;
    ++source.waiting;
    if (source.head != nullptr) {
        source.tail->next = &packet;
        source.tail = &packet;
        return;
    }
    setHead(source, packet);
    source.tail = &packet;
    waitingSources |= std::uint64_t{1} << index;
    scheduleArbitration(clock.edgeAtOrAfter(readyTick));
}

void Bus::retry() {
    // Other heads know when it is their turn. Looking at them early would change nothing and was
    // every second arbitration of four accelerators behind one L2.
    if (isAnyRefused) scheduleArbitration(clock.edgeAtOrAfter(queue.now()));
}

void Bus::scheduleArbitration(Tick tick) {
    if (tick >= nextArbitration) return;
    nextArbitration = tick;
    queue.schedule(tick, Priority::Arbitrate, component, kArbitrate);
}

void Bus::arbitrate() {
    if (queue.now() != nextArbitration) return;  // overtaken by an earlier arbitration
    nextArbitration = kMaxTick;
    isAnyRefused = false;
    const std::uint64_t fromNext = ~std::uint64_t{0} << nextSource;
    const std::uint64_t rest = waitingSources & ~fromNext;
    Tick again = serveAll(waitingSources & fromNext);
    again = std::min(again, serveAll(rest));
    if (again != kMaxTick) scheduleArbitration(clock.edgeAtOrAfter(again));
}

Tick Bus::serveAll(std::uint64_t chosen) {
    Tick again = kMaxTick;
    for (; chosen != 0; chosen &= chosen - 1) {
        again = std::min(again, serve(static_cast<std::uint16_t>(__builtin_ctzll(chosen))));
    }
    return again;
}

Tick Bus::serve(std::uint16_t index) {
    Source& source = sources[index];
    if (!canGrantHead(source)) return kMaxTick;
    const Tick now = queue.now();
    const Tick allowed = std::max(source.headReady, requestFree[source.headLayer]);
    if (allowed > now) return allowed;
    grant(index, source.headLayer);
    if (source.head == nullptr || !canGrantHead(source)) return kMaxTick;
    return std::max({source.headReady, now + config.clockTicks, requestFree[source.headLayer]});
}

bool Bus::canGrantHead(const Source& source) {
    const bool isRoom = target->canGrant(*source.head);
    isAnyRefused |= !isRoom;  // the target calls retry
    return isRoom;
}

void Bus::grant(std::uint16_t index, std::uint32_t layer) {
    Source& source = sources[index];
    Packet& packet = *source.head;
    --source.waiting;
    if (packet.next != nullptr) {
        setHead(source, *packet.next);
    } else {
        source.head = nullptr;
        waitingSources &= ~(std::uint64_t{1} << index);
    }
    nextSource = index + 1u < sources.size() ? index + 1u : 0;

    const std::uint32_t bytes = carriesData(packet.kind) ? packet.sizeBytes : 0;
    const Tick payload = payloadTicks(bytes);
    const Tick now = queue.now();
    requestFree[layer] = now + config.clockTicks + payload;
    ++stats.requests;
    stats.requestBytes += bytes;
    stats.requestBusyTicks += config.clockTicks + payload;
    stats.requestWaitTicks += now - packet.readyTick;

    const Tick arrival = now + config.requestTicks + payload;
    source.component->requestGranted(packet);
    if (target->granted(packet, arrival)) {
        queue.schedule(arrival, Priority::Arrival, component, kArrive, argumentOf(packet), index);
    }
}

void Bus::respond(std::uint16_t source, Packet& packet, std::uint32_t bytes, Tick readyTick) {
    packet.responseSource = source;
    packet.responseBytes = bytes;
    if (readyTick == queue.now()) {
        sendResponse(packet);
    } else {
        queue.schedule(readyTick, Priority::Completion, component, kRespond, argumentOf(packet),
                       source);
    }
}

void Bus::sendResponse(Packet& packet) {
    const std::uint16_t source = packet.responseSource;
    const std::uint32_t bytes = packet.responseBytes;
    const Tick payload = payloadTicks(bytes);
    Tick& layerFree = responseFree[config.isCrossbar ? source : 0];
    const Tick start = std::max(clock.edgeAtOrAfter(queue.now()), layerFree);
    layerFree = start + config.clockTicks + payload;
    ++stats.responses;
    stats.responseBytes += bytes;
    stats.responseBusyTicks += config.clockTicks + payload;
    queue.schedule(start + config.responseTicks + payload + sources[source].deliverTicks,
                   Priority::Response, component, kDeliver, argumentOf(packet), source);
}

void Bus::handleEvent(std::uint16_t kind, std::uint64_t argument) {
    if (kind == kArbitrate) return arbitrate();
    Packet& packet = packetOf(argument);
    switch (kind) {
        case kArrive:
            target->requestArrived(packet);
            break;
        case kRespond:
            sendResponse(packet);
            break;
        default:
            sources[packet.responseSource].component->responseArrived(packet);
            break;
    }
}

}  // namespace harness
