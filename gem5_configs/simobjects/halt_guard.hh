// SPDX-License-Identifier: BSD-3-Clause
#ifndef HARNESS_HALT_GUARD_HH
#define HARNESS_HALT_GUARD_HH

#include "arch/x86/interrupts.hh"
#include "base/statistics.hh"
#include "cpu/base.hh"
#include "params/HaltGuard.hh"
#include "params/HaltingLocalApic.hh"
#include "sim/eventq.hh"
#include "sim/probe/probe.hh"

namespace gem5 {

/// x86's interrupt controller; an interrupt between `sti` and `hlt` returns behind the `hlt`.
class HaltingLocalApic final : public X86ISA::Interrupts {
  public:
    PARAMS(HaltingLocalApic);
    explicit HaltingLocalApic(const Params& params);

    void updateIntrInfo() override;

  private:
    bool isBetweenStiAndHlt() const;

    statistics::Scalar skippedHalts;
};

/// Wakes its CPU if that has halted with an interrupt pending.
class HaltGuard final : public ProbeListenerObject {
  public:
    PARAMS(HaltGuard);
    explicit HaltGuard(const Params& params);

    void regProbeListeners() override;
    void startup() override;

  private:
    void sleeping(const bool& isAsleep);
    void wakeSoon();
    void wake();
    bool hasForgotten() const;

    BaseCPU& cpu;
    EventFunctionWrapper wakeEvent;
    statistics::Scalar wakes;
};

}  // namespace gem5

#endif
