// SPDX-License-Identifier: BSD-3-Clause
#ifndef HARNESS_PLATFORM_BRIDGE_HH
#define HARNESS_PLATFORM_BRIDGE_HH

#include <memory>
#include <vector>

#include "bridge_core.hh"
#include "dev/intpin.hh"
#include "dev/io_device.hh"
#include "params/AcceleratorBridge.hh"

namespace gem5 {

/// The accelerator bridge at a fixed address.
class AcceleratorBridge final : public BasicPioDevice {
  public:
    PARAMS(AcceleratorBridge);
    explicit AcceleratorBridge(const Params& params);

    void init() override;
    Port& getPort(const std::string& name, PortID index = InvalidPortID) override;
    DrainState drain() override;
    void serialize(CheckpointOut& cp) const override;
    void unserialize(CheckpointIn& cp) override;

    BridgeCore& bridge() { return core; }
    Addr registers(std::uint64_t page) const { return pioAddr + page * HARNESS_PAGE_BYTES; }

    /// For configuration scripts.
    std::uint64_t currentStep() const { return core.currentStep(); }
    std::vector<std::uint8_t> functionalRead(Addr address, std::uint64_t count);
    void functionalWrite(Addr address, const std::vector<std::uint8_t>& bytes);

  protected:
    Tick read(PacketPtr pkt) override;
    Tick write(PacketPtr pkt) override;

  private:
    BridgeCore core;
    std::vector<std::unique_ptr<IntSourcePin<AcceleratorBridge>>> pins;
};

}  // namespace gem5

#endif
