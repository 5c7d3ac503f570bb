// SPDX-License-Identifier: BSD-3-Clause
#include "platform_bridge.hh"

#include "gem5_configs/guest/abi/harness_device.h"
#include "register_access.hh"
#include "sim/system.hh"

namespace gem5 {

AcceleratorBridge::AcceleratorBridge(const Params& params)
    : BasicPioDevice(params, HARNESS_BAR_BYTES),
      core(*this, *params.system,
           {params.session, params.accelerators, params.is_coherent, params.timeline}) {
    for (int i = 0; i < int(params.port_interrupt_connection_count); ++i)
        pins.push_back(std::make_unique<IntSourcePin<AcceleratorBridge>>(
            name() + ".interrupt" + std::to_string(i), i, this));
    core.postInterrupt = [this] {
        for (auto& pin : pins) {  // a pulse: what is behind latches the edge
            pin->raise();
            pin->lower();
        }
    };
    core.onIdle = [this] {
        if (drainState() == DrainState::Draining) signalDrainDone();
    };
}

void AcceleratorBridge::init() {
    BasicPioDevice::init();
    core.init();
}

Port& AcceleratorBridge::getPort(const std::string& portName, PortID index) {
    return portName == "interrupt" ? *pins.at(index) : BasicPioDevice::getPort(portName, index);
}

Tick AcceleratorBridge::read(PacketPtr pkt) {
    accessRegister(core, pkt, pkt->getAddr() - pioAddr);
    return pioDelay;
}

Tick AcceleratorBridge::write(PacketPtr pkt) {
    accessRegister(core, pkt, pkt->getAddr() - pioAddr);
    return pioDelay;
}

DrainState AcceleratorBridge::drain() {
    return core.isIdle() ? DrainState::Drained : DrainState::Draining;
}

void AcceleratorBridge::serialize(CheckpointOut& cp) const { core.serialize(cp); }

void AcceleratorBridge::unserialize(CheckpointIn& cp) { core.unserialize(cp); }

std::vector<std::uint8_t> AcceleratorBridge::functionalRead(Addr address, std::uint64_t count) {
    return readGuest(*sys, address, count);
}

void AcceleratorBridge::functionalWrite(Addr address, const std::vector<std::uint8_t>& bytes) {
    sys->physProxy.writeBlob(address, bytes.data(), bytes.size());
}

}  // namespace gem5
