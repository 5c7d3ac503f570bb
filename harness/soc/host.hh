// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "harness/kernels/routines.hh"
#include "harness/port/accelerator.hh"
#include "harness/soc/address_space.hh"
#include "harness/soc/core.hh"
#include "harness/soc/engine_config.hh"
#include "harness/soc/line_ownership.hh"
#include "harness/soc/memory/memory_system.hh"
#include "harness/soc/program_image.hh"
#include "harness/soc/streams.hh"

namespace harness {

struct HostStatistics {
    std::uint64_t copyCalls = 0;
    std::uint64_t copyRuns = 0;
    std::uint64_t copyBytes = 0;
    std::uint64_t flushedLines = 0;
    std::uint64_t submissions = 0;
    std::uint64_t interrupts = 0;
    std::uint64_t milliInstructions = 0;
};

/**
 * The software on the cores: one dispatching thread that walks the steps, a pool for copies,
 * the driver and its interrupt handler.
 *
 * Bytes in flat memory change when the work that writes them has ended.
 */
class Host final : public EventHandler, public AcceleratorListener {
  public:
    Host(EventQueue& queue, MemorySystem& memory, AddressSpace& space, LineOwnership& ownership,
         const ProgramImage& program, const EngineConfig& config, Addr ring,
         std::vector<TimelineRecord>& timeline);

    void setAccelerators(std::vector<Accelerator*> list) { accelerators = std::move(list); }

    /// Start one inference now.
    void begin();
    bool isDone() const { return finished; }
    Tick beginTick() const { return startTick; }
    /// The step that the dispatching thread is in.
    std::size_t currentStep() const { return step; }
    /// Close the timeline at `now` if the run ended in the middle of a step.
    void abandon(Tick now);
    std::string pendingWork() const;
    const HostStatistics& statistics() const { return counts; }
    const Core& core(std::size_t index) const { return *cores[index]; }
    std::size_t coreCount() const { return cores.size(); }

    void handleEvent(std::uint16_t kind, std::uint64_t argument) override;
    void commandEnded(std::uint32_t instance, const Ticket& ticket, Tick now) override;
    void commandRefused(std::uint32_t instance, const std::string& what) override;
    void interruptRaised(std::uint32_t instance, const Ticket& ticket, Tick now) override;

  private:
    enum EventKind : std::uint16_t { kContinue, kDoorbell, kHandled, kRetry };
    using Action = std::function<void()>;
    struct Item {
        std::uint32_t accelerator = kNone;
        bool isHandled = false;  // ended, and the driver knows
    };
    struct Doorbell {
        Ticket ticket;
        std::uint32_t accelerator;
    };

    void walk();
    void endStep() {
        ++step;
        dispatch();
    }
    /// The runtime's own work before a step: fetch it, look at its dependences, call its routine.
    void dispatch();
    bool dependencesEnded() const;
    void copyTiles(const StepImage& image, Phase phase);
    void joinCopies(Phase phase);
    void flushLines(const StepImage& image, Phase phase);
    /// No cache has the lines of a Flush or an Invalidate any more.
    void noteDropped(const StepImage& image);
    void touch(Addr address, std::uint64_t bytes, bool isWrite);
    /// Give every descriptor a place in the program's memory, behind the rings.
    void placeCommands();
    void invoke(const StepImage& image);
    /// The runtime copies a descriptor into a cached slot of the ring; where the device does not
    /// see caches it flushes the slot's lines; then it rings.
    void writeDescriptor(const StepImage& image, std::uint32_t target);
    void flushDescriptor();
    void postDoorbell();
    void wait(const StepImage& image);
    Tick pollingEnd(const StepImage& image) const;
    void checkWait();
    void runRoutine(const StepImage& image, Phase phase);
    void raiseInterrupt(std::uint32_t instance, const Ticket& ticket, Tick now, bool endsItem);

    std::uint32_t acceleratorOf(const StepImage& image);
    PlacedCopy place(const CopyImage& copy) const;
    TensorView view(std::uint32_t buffer);
    Addr addressOf(std::uint32_t buffer) const;
    void applyCopies(const StepImage& image);
    void after(Tick ticks, Action action);
    void recordHost(Tick begin, Phase phase, std::uint16_t track = 0);
    void recordWait(Tick begin, WaitReason reason);

    EventQueue& queue;
    AddressSpace& space;
    LineOwnership& ownership;
    const ProgramImage& program;
    const EngineConfig& config;
    Addr ring;
    std::vector<TimelineRecord>& timeline;
    ComponentId component;
    std::vector<std::unique_ptr<Core>> cores;
    std::vector<Accelerator*> accelerators;
    HostStatistics counts;

    std::size_t step = 0;
    Tick startTick = 0;
    Tick stepBegin = 0;  // since when the dispatching thread does what it does
    Tick coveredUntil = 0;
    bool finished = true;
    Action continuation;
    std::vector<Item> items;
    std::vector<bool> invokeEnded;         // by step
    std::vector<std::uint32_t> openItems;  // by accelerator: assigned and not ended
    std::vector<std::uint32_t> inRing;     // by accelerator: submitted and not ended
    std::vector<std::uint64_t> submitted;  // by accelerator, over all inferences
    std::vector<std::uint64_t> known;      // by accelerator: ended, as the host last read it
    std::vector<Tick> lastEnds;            // by accelerator: of the item that was handled last
    std::vector<Addr> commandAddresses;
    std::vector<Doorbell> doorbells;
    std::uint32_t workersLeft = 0;
    bool ownPartDone = false;
    bool isWaiting = false;   // in a Wait step
    bool isRetrying = false;  // for room in a ring or a dependence
    Tick handlerFree = 0;
};

}  // namespace harness
