// SPDX-License-Identifier: BSD-3-Clause
#ifndef HARNESS_ACCELERATOR_PORT_HH
#define HARNESS_ACCELERATOR_PORT_HH

#include <cstdint>
#include <string>

#include "harness/port/memory_port.hh"
#include "mem/port.hh"
#include "nested_queue.hh"
#include "sim/system.hh"

namespace gem5 {

/**
 * One memory interface of an accelerator: a request port that keeps any number in flight.
 *
 * The executor's window bounds what is outstanding; the port adds gem5's back-pressure and hands
 * responses, errors among them, to the executor in its own order of events.
 */
class AcceleratorPort final : public RequestPort,
                              public harness::MemoryPort,
                              public harness::EventHandler {
  public:
    AcceleratorPort(const std::string& name, System& system, RequestorID requestor,
                    NestedQueue& queue);

    std::uint32_t requestorId() const override { return requestor; }
    void setListener(harness::AccessListener& told) override { listener = &told; }
    bool canAccept() const override { return blocked == nullptr; }
    void move(harness::AccessKind kind, harness::Addr address, std::uint32_t sizeBytes,
              std::uint64_t tag, std::uint8_t* data) override;

    void handleEvent(std::uint16_t kind, std::uint64_t argument) override;

    /// Bytes as this interface sees them now, without time. False if nobody answers for them.
    bool look(Addr address, std::uint8_t* data, std::uint64_t count);
    bool store(Addr address, const std::uint8_t* data, std::uint64_t count);

    std::uint64_t inFlight() const { return outstanding; }

  protected:
    bool recvTimingResp(PacketPtr pkt) override;
    void recvReqRetry() override;

  private:
    enum EventKind : std::uint16_t { Done, Failed, Allowed };
    struct Tag : public Packet::SenderState {
        explicit Tag(std::uint64_t value) : value(value) {}
        const std::uint64_t value;
    };

    void finish(PacketPtr pkt, Tick when);
    bool access(MemCmd command, Addr address, std::uint8_t* data, std::uint64_t count);

    System& system;
    const RequestorID requestor;
    NestedQueue& queue;
    const harness::ComponentId component;
    harness::AccessListener* listener = nullptr;
    PacketPtr blocked = nullptr;
    std::uint64_t outstanding = 0;
};

}  // namespace gem5

#endif
