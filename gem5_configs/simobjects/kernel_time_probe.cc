// SPDX-License-Identifier: BSD-3-Clause
#include "kernel_time_probe.hh"

#include <cstdio>
#include <fstream>

#include "base/logging.hh"
#include "base/output.hh"
#include "sim/core.hh"
#include "sim/cur_tick.hh"

namespace gem5 {

namespace {
constexpr std::size_t flushRecords = 1 << 16;
}  // namespace

KernelTimeProbe::KernelTimeProbe(const Params& params) : ProbeListenerObject(params) {
    std::remove(simout.resolve(params.log).c_str());  // of an earlier run in this directory
    records.reserve(2 * flushRecords);
    registerExitCallback([this] { flush(); });
}

void KernelTimeProbe::regProbeListeners() {
    using Listener = ProbeListenerArg<KernelTimeProbe, Addr>;
    listeners.push_back(new Listener(this, "RetiredInstsPC", &KernelTimeProbe::retired));
}

void KernelTimeProbe::retired(const Addr& pc) {
    const bool isKernel = pc >> 63;
    if (hasBegun && isKernel == isInKernel) return;
    hasBegun = true;
    isInKernel = isKernel;
    records.push_back(curTick());
    records.push_back(pc);
    if (records.size() >= 2 * flushRecords) flush();
}

void KernelTimeProbe::flush() {
    const std::string path = simout.resolve(params().log);
    std::ofstream file(path, std::ios::binary | std::ios::app);
    file.write(reinterpret_cast<const char*>(records.data()),
               std::streamsize(records.size() * sizeof(std::uint64_t)));
    fatal_if(!file.flush(), "%s: cannot write %s", name(), path);
    records.clear();
}

}  // namespace gem5
