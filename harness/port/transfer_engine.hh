// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "harness/port/config.hh"
#include "harness/port/event_queue.hh"
#include "harness/port/memory_port.hh"
#include "harness/port/page_list.hh"
#include "harness/port/translator.hh"

namespace harness {

/// Rows of bytes on their way between an accelerator and memory.
struct Transfer {
    std::uint32_t id = 0;       // order among waiting transfers
    std::uint32_t index = 0;    // the owner's name for it
    std::uint64_t address = 0;  // of the device, or physical
    bool isPhysical = false;
    std::uint32_t rowBytes = 0;
    std::uint32_t rows = 0;
    std::uint64_t strideBytes = 0;
    AccessKind kind = AccessKind::Read;
    std::uint8_t* data = nullptr;  // all rows back to back, if the port moves bytes

    std::uint64_t bytes() const { return std::uint64_t(rowBytes) * rows; }
};

/// Told how a transfer proceeds; called from inside events.
class TransferListener {
  public:
    virtual ~TransferListener() = default;
    /// Its first request, for bytes or for their translation, is being sent.
    virtual void transferStarted(std::uint32_t index, Tick now) = 0;
    /// Its last answer arrived; `isOk` is false if memory refused any of its requests, or if a
    /// page list names no page for one of them.
    virtual void transferEnded(std::uint32_t index, Tick now, bool isOk) = 0;
};

/**
 * Splits transfers into bursts and keeps as many in flight as the port allows.
 *
 * One transfer at a time sends requests, one request per clock; answers of earlier ones may
 * still be outstanding. Among those that wait, the lowest id goes first, so that what is sent
 * does not depend on the order in which they became known.
 *
 * Each request is translated when it is sent. One that misses in the TLB reads the page list's
 * entry through the same port, in a slot and a clock of its own; the engine sends nothing else
 * until the entry is there.
 */
class TransferEngine final : public EventHandler, public AccessListener {
  public:
    TransferEngine(EventQueue& queue, MemoryPort& port, const PortConfig& config, Clock clock,
                   std::uint32_t lineBytes, Translator& translator, TransferListener& listener,
                   const std::string& name);

    void submit(const Transfer& transfer);

    bool isIdle() const { return waiting.empty() && !isActive && left.empty(); }
    std::uint32_t requestorId() const { return port.requestorId(); }

    void handleEvent(std::uint16_t kind, std::uint64_t argument) override;
    void accessDone(std::uint64_t tag, Tick now) override;
    void accessFailed(std::uint64_t tag, Tick now) override;
    void accessAllowed(std::uint32_t requestorId, Tick now) override;

  private:
    void issue();
    /// Schedule the next `issue` that may send something, not before `from`.
    void lookAgain(Tick from);
    bool takeNext(Tick now);
    void noteStart(Tick now);
    std::uint64_t nextAddress() const { return active.address + row * active.strideBytes + offset; }
    /// The next request's physical address; nothing while its translation is being read.
    std::optional<Addr> translate(Tick now);
    void readEntry(Tick now);
    void entryArrived(Tick now, bool isOk);
    /// The page that is to be accessed does not exist: nothing more of the transfer is sent.
    void abandonActive(Tick now);
    void sendRequest(Addr address, Tick now);
    void answered(std::uint32_t index, std::uint64_t bytes, Tick now);
    std::uint32_t nextBurst() const;
    AccessKind kindOf(std::uint32_t bytes) const;
    void scheduleAt(Tick when);

    EventQueue& queue;
    MemoryPort& port;
    PortConfig config;
    Clock clock;
    std::uint32_t lineBytes;
    Divisor requestBytes;
    Translator& translator;
    TransferListener& listener;
    ComponentId component;

    /// A transfer that has not ended; there are a few at a time.
    struct Unanswered {
        std::uint32_t index;
        bool isRefused;
        std::uint64_t bytesLeft;
    };
    std::vector<Unanswered>::iterator unanswered(std::uint32_t index);

    std::map<std::uint32_t, Transfer> waiting;  // by id
    std::vector<Unanswered> left;
    Transfer active;
    /// What its device addresses lack to physical ones; nothing: they are looked up page by page.
    std::optional<std::uint64_t> toPhysical;
    bool isActive = false;
    bool hasStarted = false;
    std::uint32_t row = 0;
    std::uint32_t offset = 0;
    std::uint32_t outstanding = 0;
    bool isTranslating = false;
    std::optional<Addr> translated;  // of the next request, once its entry has been read
    std::array<std::uint8_t, PageList::kEntryBytes> entry{};
    Tick nextIssue = 0;
    bool isScheduled = false;
};

}  // namespace harness
