// SPDX-License-Identifier: BSD-3-Clause
#ifndef HARNESS_PCI_BRIDGE_HH
#define HARNESS_PCI_BRIDGE_HH

#include <vector>

#include "bridge_core.hh"
#include "dev/pci/device.hh"
#include "params/AcceleratorBridgePci.hh"

namespace gem5 {

// dev/pci/device.hh includes the parameters of all its classes, so the build has made them.
#if __has_include("params/PciEndpoint.hh")
using PciFunction = PciEndpoint;  // gem5 v25 and newer
#else
using PciFunction = PciDevice;
#endif

/// The accelerator bridge as a PCI function: registers in BAR 0, interrupt INTA.
class AcceleratorBridgePci final : public PciFunction {
  public:
    PARAMS(AcceleratorBridgePci);
    explicit AcceleratorBridgePci(const Params& params);

    void init() override;
    DrainState drain() override;
    void serialize(CheckpointOut& cp) const override;
    void unserialize(CheckpointIn& cp) override;

    /// For configuration scripts.
    std::uint64_t currentStep() const { return core.currentStep(); }
    std::vector<std::uint8_t> functionalRead(Addr address, std::uint64_t count);
    void functionalWrite(Addr address, const std::vector<std::uint8_t>& bytes);

  protected:
    Tick read(PacketPtr pkt) override;
    Tick write(PacketPtr pkt) override;

  private:
    void access(PacketPtr pkt);

    BridgeCore core;
};

}  // namespace gem5

#endif
