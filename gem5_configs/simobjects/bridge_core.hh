// SPDX-License-Identifier: BSD-3-Clause
#ifndef HARNESS_BRIDGE_CORE_HH
#define HARNESS_BRIDGE_CORE_HH

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "accelerator.hh"
#include "guest_memory.hh"
#include "model_session.hh"
#include "nested_queue.hh"
#include "result_files.hh"
#include "run_log.hh"
#include "sim/serialize.hh"
#include "sim/sim_object.hh"

namespace gem5 {

/// What the two forms of the bridge have in common as parameters.
struct BridgeSettings {
    ModelSession* session = nullptr;
    std::vector<Accelerator*> accelerators;
    bool isCoherent = false;
    std::string timeline;
};

/**
 * The bridge as software sees it: registers, rings, interrupt causes, marks.
 *
 * The platform device and the PCI function differ only in how they are found and how they
 * interrupt; the register map is gem5_configs/guest/abi/harness_device.h.
 */
class BridgeCore final : public Serializable,
                         public harness::ExchangeListener,
                         public harness::AcceleratorListener,
                         public harness::EventHandler,
                         public harness::bridge::FunctionalReader {
  public:
    BridgeCore(SimObject& owner, System& system, const BridgeSettings& settings);

    std::string name() const { return owner.name(); }

    /// Connects to the model and makes the executors.
    void init();

    std::uint64_t readRegister(Addr offset);
    void writeRegister(Addr offset, std::uint64_t value);

    /// Sends one interrupt message.
    std::function<void()> postInterrupt;
    /// Called when a command has ended or the bridge has failed.
    std::function<void()> onProgress;
    /// Called when nothing runs any more.
    std::function<void()> onIdle;

    std::uint64_t completed(std::uint32_t instance) const { return rings[instance].completed; }
    std::uint32_t instances() const { return std::uint32_t(accelerators.size()); }
    bool isCoherent() const { return settings.isCoherent; }
    bool hasFailed() const { return isBroken; }
    bool isIdle() const;
    std::uint64_t currentStep() const { return step; }
    System& guestSystem() { return system; }

    void serialize(CheckpointOut& cp) const override;
    void unserialize(CheckpointIn& cp) override;

    void exchangeNeeded(harness::Exchange exchange) override;
    void commandEnded(std::uint32_t instance, const harness::Ticket& ticket,
                      harness::Tick now) override;
    void commandRefused(std::uint32_t instance, const std::string& what) override;
    void interruptRaised(std::uint32_t instance, const harness::Ticket& ticket,
                         harness::Tick now) override;
    void handleEvent(std::uint16_t kind, std::uint64_t argument) override;
    std::string read(std::uint32_t instance,
                     const std::vector<harness::bridge::MemoryRange>& ranges) override;

  private:
    struct Ring {
        Addr base = 0;
        std::uint64_t slots = 0;
        std::uint64_t submitted = 0;
        std::uint64_t completed = 0;
    };
    struct Doorbell {
        std::uint32_t instance;
        harness::Ticket ticket;
        std::uint32_t descriptorBytes;
    };

    std::uint64_t readBridge(Addr offset);
    void writeBridge(Addr offset, std::uint64_t value);
    void writeAccelerator(std::uint32_t instance, Addr offset, std::uint64_t value);
    void ringDoorbell(std::uint32_t instance, std::uint64_t value);
    void clearCauses(std::uint64_t mask);
    void raiseCause(std::uint32_t instance, const harness::Ticket& ticket);
    void reset();
    void writeFile();
    void mark(std::uint64_t value);
    void askModel();
    /// Sends one command to the model that has not started, of this accelerator or of the next.
    void launchAhead(std::uint32_t first);
    bool isWrittenByOthers(const harness::ParsedCommand& command, std::uint32_t instance) const;
    void fail(const std::string& what);
    /// All accelerators translate, so that windows may be page lists.
    bool hasTlbs() const;
    void forgetTranslations();
    GuestWindow& selected() { return windows[selectedWindow % windows.size()]; }

    SimObject& owner;
    System& system;
    const BridgeSettings settings;
    ModelSession& session;
    std::vector<Accelerator*> accelerators;
    NestedQueue queue;
    const harness::ComponentId component;
    ResultFiles files;
    RunLog log;
    WindowTable windows;
    std::vector<Ring> rings;
    std::vector<Doorbell> doorbells;  // by argument of their events
    std::optional<harness::Exchange> exchange;
    std::vector<Tick> causeTicks;  // by accelerator: since when its cause is set
    std::vector<harness::Ticket> causeTickets;

    std::uint64_t selectedWindow = 0;
    std::uint64_t cause = 0;
    std::uint64_t interruptEnable = 0;
    std::uint64_t fileNumber = 0;
    std::uint64_t fileOffset = 0;
    std::uint64_t fileAddress = 0;
    std::uint64_t fileCount = 0;
    std::uint64_t step = 0;
    bool hasRun = false;  // a command was submitted since the model's last Reset
    bool isBroken = false;
};

}  // namespace gem5

#endif
