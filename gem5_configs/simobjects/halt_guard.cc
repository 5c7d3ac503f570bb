// SPDX-License-Identifier: BSD-3-Clause
#include "halt_guard.hh"

#include <array>
#include <cstdint>

#include "arch/x86/pcstate.hh"
#include "cpu/thread_context.hh"
#include "mem/translating_port_proxy.hh"

namespace gem5 {

HaltingLocalApic::HaltingLocalApic(const Params& params)
    : X86ISA::Interrupts(params),
      ADD_STAT(skippedHalts, statistics::units::Count::get(),
               "hlt instructions that an interrupt right before them made unnecessary") {}

/// Called when an interrupt is taken, before the handler's frame is written from the thread's pc.
void HaltingLocalApic::updateIntrInfo() {
    if (isBetweenStiAndHlt()) {
        X86ISA::PCState next = tc->pcState().as<X86ISA::PCState>();
        next.set(next.pc() + 1);
        tc->pcState(next);
        ++skippedHalts;
    }
    X86ISA::Interrupts::updateIntrInfo();
}

bool HaltingLocalApic::isBetweenStiAndHlt() const {
    constexpr std::array<std::uint8_t, 2> stiHlt{0xfb, 0xf4};
    std::array<std::uint8_t, 2> code{};
    const TranslatingPortProxy memory(tc);
    const Addr pc = tc->pcState().instAddr();
    return memory.tryReadBlob(pc - 1, code.data(), code.size()) && code == stiHlt;
}

HaltGuard::HaltGuard(const Params& params)
    : ProbeListenerObject(params),
      cpu(*params.cpu),
      wakeEvent([this] { wake(); }, name() + ".wake"),
      ADD_STAT(wakes, statistics::units::Count::get(),
               "times the CPU had halted with an interrupt pending") {}

void HaltGuard::regProbeListeners() {
    using Listener = ProbeListenerArg<HaltGuard, bool>;
    listeners.push_back(new Listener(this, "Sleeping", &HaltGuard::sleeping));
}

/// A checkpoint does not hold the event.
void HaltGuard::startup() {
    if (hasForgotten()) wakeSoon();
}

void HaltGuard::sleeping(const bool& isAsleep) {
    if (isAsleep && hasForgotten()) wakeSoon();
}

void HaltGuard::wakeSoon() {
    if (!wakeEvent.scheduled()) schedule(wakeEvent, cpu.clockEdge(Cycles(1)));
}

void HaltGuard::wake() {
    if (!hasForgotten()) return;
    ++wakes;
    cpu.wakeup(0);
}

bool HaltGuard::hasForgotten() const {
    return !cpu.switchedOut() && cpu.getContext(0)->status() == ThreadContext::Suspended &&
           cpu.checkInterrupts(0);
}

}  // namespace gem5
