// SPDX-License-Identifier: BSD-3-Clause
#include "pci_bridge.hh"

#include "register_access.hh"
#include "sim/system.hh"

namespace gem5 {

AcceleratorBridgePci::AcceleratorBridgePci(const Params& params)
    : PciFunction(params),
      core(*this, *params.system,
           {params.session, params.accelerators, params.is_coherent, params.timeline}) {
    // INTx on gem5's x86 platform is one message per post: nothing has to be taken back.
    core.postInterrupt = [this] { intrPost(); };
    core.onIdle = [this] {
        if (drainState() == DrainState::Draining) signalDrainDone();
    };
}

void AcceleratorBridgePci::init() {
    PciFunction::init();
    core.init();
}

void AcceleratorBridgePci::access(PacketPtr pkt) {
    int bar = 0;
    Addr offset = 0;
    panic_if(!getBAR(pkt->getAddr(), bar, offset), "%s: access to %#x outside its BARs", name(),
             pkt->getAddr());
    accessRegister(core, pkt, offset);
}

Tick AcceleratorBridgePci::read(PacketPtr pkt) {
    access(pkt);
    return pioDelay;
}

Tick AcceleratorBridgePci::write(PacketPtr pkt) {
    access(pkt);
    return pioDelay;
}

DrainState AcceleratorBridgePci::drain() {
    const DrainState ports = PciFunction::drain();
    return core.isIdle() ? ports : DrainState::Draining;
}

void AcceleratorBridgePci::serialize(CheckpointOut& cp) const {
    PciFunction::serialize(cp);
    core.serializeSection(cp, "bridge");
}

void AcceleratorBridgePci::unserialize(CheckpointIn& cp) {
    PciFunction::unserialize(cp);
    core.unserializeSection(cp, "bridge");
}

std::vector<std::uint8_t> AcceleratorBridgePci::functionalRead(Addr address, std::uint64_t count) {
    return readGuest(*sys, address, count);
}

void AcceleratorBridgePci::functionalWrite(Addr address, const std::vector<std::uint8_t>& bytes) {
    sys->physProxy.writeBlob(address, bytes.data(), bytes.size());
}

}  // namespace gem5
