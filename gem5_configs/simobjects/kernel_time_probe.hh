// SPDX-License-Identifier: BSD-3-Clause
#ifndef HARNESS_KERNEL_TIME_PROBE_HH
#define HARNESS_KERNEL_TIME_PROBE_HH

#include <cstdint>
#include <vector>

#include "params/KernelTimeProbe.hh"
#include "sim/probe/probe.hh"

namespace gem5 {

/**
 * Notes each change between user and kernel from the program counters that a CPU retires.
 *
 * The guest runs as it would without it. Records are two u64: the tick, and the first program
 * counter after the change; the kernel's have bit 63 set.
 */
class KernelTimeProbe final : public ProbeListenerObject {
  public:
    PARAMS(KernelTimeProbe);
    explicit KernelTimeProbe(const Params& params);

    void regProbeListeners() override;

  private:
    void retired(const Addr& pc);
    void flush();

    std::vector<std::uint64_t> records;
    bool isInKernel = false;
    bool hasBegun = false;
};

}  // namespace gem5

#endif
