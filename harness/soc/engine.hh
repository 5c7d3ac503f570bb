// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "harness/port/accelerator.hh"
#include "harness/port/exchange.hh"
#include "harness/soc/address_space.hh"
#include "harness/soc/engine_config.hh"
#include "harness/soc/flat_memory.hh"
#include "harness/soc/host.hh"
#include "harness/soc/line_ownership.hh"
#include "harness/soc/memory/memory_system.hh"
#include "harness/soc/program_image.hh"

namespace harness {

enum class EngineExit : std::uint32_t {
    /// The inference has ended.
    Done = 1,
    /// The model must answer `pendingExchange` first.
    Exchange = 2,
    /// As many events as asked for were handled; call again.
    Slice = 3,
    /// The next event lies behind the limit.
    TickLimit = 4,
    /// No event is left and the inference has not ended.
    Deadlock = 5,
    /// A non-coherent DMA met a cached line, or a Flush or an Invalidate is missing.
    Hazard = 6,
};

/// A hazard in the Program's words.
struct HazardReport {
    CoherenceHazard hazard{};
    std::string requestor;
    bool isInWindow = false;
    std::uint64_t window = 0;
    std::uint64_t offset = 0;
    std::uint32_t command = kNone;  // of the accelerator that made the access
    std::uint32_t operatorIndex = kNone;
    std::size_t step = 0;
};

struct EngineStatistic {
    std::string name;
    double value;
    std::string unit;
    std::string description;
};

/**
 * The SoC with its software: runs inferences of one Program, one after the other.
 *
 * Owns every component. Knows neither protobuf nor ZeroMQ nor Python: whoever drives it takes
 * an Exchange out and brings the answer back.
 */
class Engine final : public ExchangeListener, public HazardListener {
  public:
    /// Throws std::invalid_argument with what is wrong with the image or the configuration.
    Engine(ProgramImage program, EngineConfig config, std::uint32_t accelerators);

    void beginInference();
    /// Run until something needs the caller, at most until `limit`.
    EngineExit run(Tick limit, Tick sliceTicks);
    const Exchange& pendingExchange() const { return *exchange; }
    /// The command that an accelerator will launch next, if nothing unfinished writes its operands.
    std::optional<Exchange> nextLaunch(std::uint32_t instance) const;
    /// Returns "" or what is wrong with the answer.
    std::string answer(const ActionsView& actions);

    Tick now() const { return queue.now(); }
    Tick beginTick() const { return host.beginTick(); }
    std::size_t currentStep() const { return host.currentStep(); }
    std::uint64_t eventCount() const { return queue.eventCount(); }
    const std::vector<TimelineRecord>& timeline() const { return records; }
    /// Close open records; after an error or an interrupt.
    void abandon() { host.abandon(queue.now()); }
    /// Since the inference began.
    std::vector<EngineStatistic> statistics() const;
    /// The first hazard, if one ended the run.
    HazardReport hazardReport() const { return hazard.value_or(HazardReport{}); }
    std::vector<std::string> pendingWork() const;
    AddressSpace& addressSpace() { return space; }

    void exchangeNeeded(Exchange request) override;
    void coherenceHazard(const CoherenceHazard& met) override;

  private:
    HazardReport reportOf(const CoherenceHazard& met) const;

    ProgramImage program;
    EngineConfig config;
    AddressSpace space;
    LineOwnership ownership;
    FlatMemory flat;
    EventQueue queue;
    MemorySystem memory;
    std::vector<TimelineRecord> records;
    Host host;
    std::vector<std::unique_ptr<Accelerator>> accelerators;
    std::optional<Exchange> exchange;
    std::optional<HazardReport> hazard;
    HostStatistics hostBefore;
    std::vector<CoreStatistics> coresBefore;
    std::vector<AcceleratorStatistics> acceleratorsBefore;
    std::uint64_t eventsBefore = 0;
};

/// Throws std::invalid_argument if an index, a range or a routine of the image is wrong.
void checkProgram(const ProgramImage& program, const AddressSpace& space);

}  // namespace harness
