// SPDX-License-Identifier: BSD-3-Clause
#ifndef HARNESS_ACCELERATOR_HH
#define HARNESS_ACCELERATOR_HH

#include <memory>
#include <string>
#include <vector>

#include "accelerator_port.hh"
#include "base/statistics.hh"
#include "guest_memory.hh"
#include "harness/port/accelerator.hh"
#include "nested_queue.hh"
#include "params/Accelerator.hh"
#include "sim/clocked_object.hh"

namespace gem5 {

/// What an accelerator needs of its bridge.
struct AcceleratorContext {
    NestedQueue& queue;
    const WindowTable& windows;
    std::uint32_t instance;
    bool isKernelMode;
    std::vector<std::string> units;
    harness::ExchangeListener& exchanges;
    harness::AcceleratorListener& listener;
    std::vector<harness::TimelineRecord>& timeline;
};

/// An accelerator's ports, clock and statistics around the executor that both backends share.
class Accelerator final : public ClockedObject {
  public:
    PARAMS(Accelerator);
    explicit Accelerator(const Params& params);

    Port& getPort(const std::string& name, PortID index = InvalidPortID) override;

    /// Ports need the bridge's queue, which exists first.
    void makePorts(NestedQueue& queue);

    /// The executor, once the model has named its units.
    void attach(const AcceleratorContext& context);
    harness::Accelerator& executor() { return *core; }
    bool isAttached() const { return core != nullptr; }
    bool hasTlb() const { return params().tlb_entries != 0; }
    /// What lies at a physical address of the ring, as the fetch would bring it now.
    std::string lookAtRing(Addr address, std::uint64_t count);
    /// The driver has changed a window.
    void forgetTranslations() {
        if (core != nullptr) core->forgetTranslations();
    }
    bool isIdle() const { return core == nullptr || core->isIdle(); }

    void regStats() override;
    void resetStats() override;
    void preDumpStats() override;

  private:
    harness::AcceleratorStatistics counted() const;

    System& system;
    std::unique_ptr<AcceleratorPort> dma;
    std::unique_ptr<AcceleratorPort> acp;
    std::unique_ptr<AcceleratorPort> cache;
    std::unique_ptr<GuestMemory> memory;
    std::unique_ptr<harness::Accelerator> core;
    std::vector<std::string> units;
    harness::AcceleratorStatistics before;

    struct Statistics : public statistics::Group {
        explicit Statistics(statistics::Group* parent);
        statistics::Scalar commands;
        statistics::Scalar exchanges;
        statistics::Scalar nodes;
        statistics::Scalar bytesRead;
        statistics::Scalar bytesWritten;
        statistics::Scalar readMismatches;
        statistics::Scalar busErrors;
        statistics::Scalar tlbHits;
        statistics::Scalar tlbMisses;
        statistics::Scalar busyTicks;
        statistics::Vector unitBusyTicks;
    } stats;
};

}  // namespace gem5

#endif
