// SPDX-License-Identifier: BSD-3-Clause
#include "harness/soc/memory/bus.hh"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace harness {

namespace {
constexpr std::size_t kMaxSources = 64;

std::uint64_t packResponse(std::uint16_t source, PacketId packet) {
    return static_cast<std::uint64_t>(source) << 32 | packet;
}
}  // namespace

Bus::Bus(EventQueue& eventQueue, PacketPool& pool, const BusConfig& busConfig, std::string name,
         std::uint32_t requestLayers)
    : queue(eventQueue),
      packets(pool),
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
    return clock.ticks(Cycles(width.quotient(bytes + config.widthBytes - 1)));
}

void Bus::setHead(Source& source, PacketId id) {
    const Packet& packet = packets[id];
    source.head = id;
    source.headReady = packet.readyTick;
    source.headLayer = requestFree.size() > 1 ? target->requestLayer(packet) : 0;
}

void Bus::enqueue(std::uint16_t index, PacketId id, Tick readyTick) {
    Source& source = sources[index];
    packets[id].readyTick = readyTick;
    packets[id].next = kNoPacket;
    ++source.waiting;
    if (source.head != kNoPacket) {
        packets[source.tail].next = id;
        source.tail = id;
        return;
    }
    setHead(source, id);
    source.tail = id;
    waitingSources |= std::uint64_t{1} << index;
    scheduleArbitration(clock.edgeAtOrAfter(readyTick));
}

void Bus::retry() {
    // Other heads know when it is their turn: looking at them early would change nothing.
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
    Tick again = kMaxTick;
    for (std::uint64_t round : {waitingSources & fromNext, waitingSources & ~fromNext}) {
        for (; round != 0; round &= round - 1) {
            again = std::min(again, serve(static_cast<std::uint16_t>(__builtin_ctzll(round))));
        }
    }
    if (again != kMaxTick) scheduleArbitration(clock.edgeAtOrAfter(again));
}

Tick Bus::serve(std::uint16_t index) {
    Source& source = sources[index];
    if (!canGrantHead(source)) return kMaxTick;
    const Tick now = queue.now();
    const Tick allowed = std::max(source.headReady, requestFree[source.headLayer]);
    if (allowed > now) return allowed;
    grant(index, source.headLayer);
    if (source.head == kNoPacket || !canGrantHead(source)) return kMaxTick;
    return std::max({source.headReady, now + config.clockTicks, requestFree[source.headLayer]});
}

bool Bus::canGrantHead(const Source& source) {
    const bool isRoom = target->canGrant(packets[source.head]);
    isAnyRefused |= !isRoom;  // the target calls retry
    return isRoom;
}

void Bus::grant(std::uint16_t index, std::uint32_t layer) {
    Source& source = sources[index];
    const PacketId id = source.head;
    Packet& packet = packets[id];
    --source.waiting;
    if (packet.next != kNoPacket) {
        setHead(source, packet.next);
    } else {
        source.head = kNoPacket;
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
    source.component->requestGranted(id);
    if (target->granted(id, arrival)) {
        queue.schedule(arrival, Priority::Arrival, component, kArrive, id, index);
    }
}

void Bus::respond(std::uint16_t source, PacketId id, std::uint32_t bytes, Tick readyTick) {
    packets[id].responseBytes = bytes;
    if (readyTick == queue.now()) {
        sendResponse(source, id);
    } else {
        queue.schedule(readyTick, Priority::Completion, component, kRespond,
                       packResponse(source, id), source);
    }
}

void Bus::sendResponse(std::uint16_t source, PacketId id) {
    const std::uint32_t bytes = packets[id].responseBytes;
    const Tick payload = payloadTicks(bytes);
    Tick& layerFree = responseFree[config.isCrossbar ? source : 0];
    const Tick start = std::max(clock.edgeAtOrAfter(queue.now()), layerFree);
    layerFree = start + config.clockTicks + payload;
    ++stats.responses;
    stats.responseBytes += bytes;
    stats.responseBusyTicks += config.clockTicks + payload;
    queue.schedule(start + config.responseTicks + payload + sources[source].deliverTicks,
                   Priority::Response, component, kDeliver, packResponse(source, id), source);
}

void Bus::handleEvent(std::uint16_t kind, std::uint64_t argument) {
    const auto id = static_cast<PacketId>(argument);
    const auto source = static_cast<std::uint16_t>(argument >> 32);
    switch (kind) {
        case kArbitrate:
            arbitrate();
            break;
        case kArrive:
            target->requestArrived(id);
            break;
        case kRespond:
            sendResponse(source, id);
            break;
        default:
            sources[source].component->responseArrived(id);
            break;
    }
}

}  // namespace harness
