// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "harness/port/command.hh"
#include "harness/port/config.hh"
#include "harness/port/dag.hh"
#include "harness/port/device_memory.hh"
#include "harness/port/event_queue.hh"
#include "harness/port/exchange.hh"
#include "harness/port/memory_port.hh"
#include "harness/port/snapshot.hh"
#include "harness/port/transfer_engine.hh"
#include "harness/port/translator.hh"

namespace harness {

/// A command in an accelerator's ring.
struct Ticket {
    std::uint32_t command = 0;
    std::uint32_t item = 0;
    std::uint32_t operatorIndex = 0;
    std::uint32_t step = 0;
    bool isLastOfItem = false;
    Addr descriptorAddress = 0;  // in the ring
};

struct AcceleratorStatistics {
    std::uint64_t commands = 0;
    std::uint64_t exchanges = 0;
    std::uint64_t nodes = 0;
    std::uint64_t bytesRead = 0;
    std::uint64_t bytesWritten = 0;
    std::uint64_t readMismatches = 0;
    std::uint64_t busErrors = 0;
    TranslationStatistics translations;
    Tick busyTicks = 0;
    std::vector<Tick> unitBusyTicks;
};

/// An accelerator's ways into memory; the second and the third may be missing.
struct AcceleratorPorts {
    MemoryPort* dma = nullptr;
    MemoryPort* acp = nullptr;
    MemoryPort* cache = nullptr;
};

/// Whoever waits for accelerators: the host.
class AcceleratorListener {
  public:
    virtual ~AcceleratorListener() = default;
    virtual void commandEnded(std::uint32_t instance, const Ticket& ticket, Tick now) = 0;
    /// The ring's next command is none: a bad descriptor, or memory refused to give it.
    virtual void commandRefused(std::uint32_t instance, const std::string& what) = 0;
    /// An IRQ node, besides the interrupt at the end of a work item.
    virtual void interruptRaised(std::uint32_t instance, const Ticket& ticket, Tick now) = 0;
};

/**
 * One accelerator as the SoC sees it: a ring, a descriptor fetch, and the model's DAG in time.
 *
 * At one tick: what ended is settled (Completion), then the model is asked (Exchange), then new
 * work starts (Issue), so that it makes no difference whether the model sent a node at once or
 * after an Event.
 */
class Accelerator final : public EventHandler, public TransferListener {
  public:
    Accelerator(EventQueue& queue, const AcceleratorPorts& ports, DeviceMemory& memory,
                const AcceleratorConfig& config, std::uint32_t instance,
                ExchangeListener& exchanges, AcceleratorListener& listener,
                std::vector<TimelineRecord>& timeline);

    /// The doorbell rang: this command is in the ring.
    void submit(const Ticket& ticket, const std::string& descriptor);
    /// As `submit`, of a simulator that will know the descriptor when the fetch has brought it.
    /// `foreseen` is what the ring holds now, for whoever wants to launch ahead; else empty.
    void submitUnread(const Ticket& ticket, std::uint32_t descriptorBytes,
                      std::string foreseen = {});
    /// The model's answer to the exchange of this tick. Returns "" or what is wrong with it.
    std::string answer(const ActionsView& actions);

    std::uint32_t pendingCommands() const { return std::uint32_t(ring.size()); }
    bool isIdle() const { return ring.empty(); }
    const ParsedCommand& queued(std::size_t position) const { return ring[position].command; }
    const Ticket* running() const { return ring.empty() ? nullptr : &ring.front().ticket; }
    /// The command behind the running one as it would be launched now, if it is in the ring.
    std::optional<Exchange> nextLaunch() const;
    /// That command, if it may be launched ahead: the running one needs the model no more. Else
    /// null.
    const ParsedCommand* next() const;
    /// The Launch of `next()`, to be sent now. From here on the command is held to the bytes that
    /// it gives: its descriptor and operands must be the same when it starts and reads them.
    Exchange launchAhead();
    /// It could not be sent: the command is launched when it starts.
    void forgoLaunchAhead();
    /// True if a command of the ring, the first `skipped` one left out, writes what another reads.
    bool writesInto(const ParsedCommand& reader, std::size_t skipped) const;
    /// True if one of its ports has that id.
    bool ownsRequestor(std::uint32_t requestorId) const;
    /// The driver has changed a window: translations are read anew.
    void forgetTranslations() { translator.forget(); }
    AcceleratorStatistics statistics() const;
    /// What it waits for, for a report of a deadlock; empty if idle.
    std::string pendingWork() const;

    void handleEvent(std::uint16_t kind, std::uint64_t argument) override;
    void transferStarted(std::uint32_t index, Tick now) override;
    void transferEnded(std::uint32_t index, Tick now, bool isOk) override;

  private:
    enum EventKind : std::uint16_t { kSettle, kUnitDone, kDirectDone, kExchange, kWake, kIssue };
    struct Entry {
        Ticket ticket;
        std::string descriptor;  // as submitted, or as the fetch brings it
        std::string foreseen{};  // what the ring was seen to hold before
        ParsedCommand command{};
        Snapshot snapshot{};  // taken when it was launched ahead
        bool isParsed = false;
        bool isAhead = false;  // launched before it starts
    };
    struct Unit {
        std::set<std::pair<Tick, std::uint32_t>> queue;  // (ready tick, id)
        std::uint32_t running = kNone;
    };
    struct Stream {
        std::deque<std::uint32_t> nodes;  // not yet started, in id order
        bool isSubmitted = false;         // the first one
    };

    void fetch();
    void fetched(bool isOk);
    std::string parse(const std::string& descriptor, ParsedCommand& parsed) const;
    void launch();
    std::string checkNodes(const ActionsView& actions) const;
    void addStreams(std::size_t firstIndex);
    void queueEnded(std::uint32_t index);
    void settle();
    void endNode(std::uint32_t index);
    void refuseChange(std::uint32_t operandIndex);
    void applyRead(Node& node);
    void applyWrite(Node& node);
    void resolveReady();
    void becomeReady(std::uint32_t index);
    void submitHead(Stream& stream);
    void submitTransfer(std::uint32_t index);
    void issueUnits();
    void decide();
    void exchange();
    void endCommand();
    void scheduleOnce(bool& flag, Tick when, Priority priority, EventKind kind);
    TransferEngine& engineOf(Interface interface);
    void record(const TimelineRecord& entry) { timeline.push_back(entry); }
    TimelineRecord commandRecord(RecordKind kind, Tick begin, Tick end) const;

    EventQueue& queue;
    DeviceMemory& memory;
    const AcceleratorConfig config;
    std::uint32_t instance;
    ExchangeListener& exchanges;
    AcceleratorListener& listener;
    std::vector<TimelineRecord>& timeline;
    ComponentId component;
    Clock clock;
    Translator translator;
    std::unique_ptr<TransferEngine> dma, acp, cache;
    AcceleratorStatistics counts;

    std::deque<Entry> ring;
    std::uint64_t commandId = 0;
    bool isRunning = false;  // Launch was sent
    Tick fetchTick = 0;
    ParsedCommand command;
    Snapshot snapshot;  // KERNEL
    Dag dag;
    std::array<Stream, 16> streams;
    std::vector<Unit> units;
    std::unordered_map<std::uint32_t, std::uint32_t> unitNodes;  // COMPUTE: index by id
    std::vector<std::uint32_t> endedNow;
    std::vector<std::uint32_t> reported;  // ended since the last exchange
    bool isFinal = false;
    bool hasNotified = false;
    std::optional<ExchangeKind> nextExchange;
    Tick wakeTick = 0;
    bool isSettleScheduled = false;
    bool isIssueScheduled = false;
    bool isExchangeScheduled = false;
};

}  // namespace harness
