// SPDX-License-Identifier: BSD-3-Clause
#include <malloc.h>

#include <cstdio>
#include <exception>
#include <memory>

#include "gem5_configs/guest/runtime/arguments.hh"
#include "gem5_configs/guest/runtime/error.hh"
#include "gem5_configs/guest/runtime/linux_device.hh"
#include "gem5_configs/guest/runtime/runtime.hh"
#include "gem5_configs/guest/runtime/self_test.hh"

namespace {

/// Memory that a kernel gave back stays with the process: only the first inference pays for pages.
void keepFreedMemory() {
    mallopt(M_MMAP_MAX, 0);
    mallopt(M_TRIM_THRESHOLD, -1);
    mallopt(M_TOP_PAD, 1 << 20);
}

void runAs(const harness::guest::Arguments& arguments) {
    using namespace harness::guest;
    if (arguments.isHelp) {
        std::fputs(kUsage, stdout);
        return;
    }
    if (arguments.isSelfTest) return selfTest(arguments.threads, arguments.spins);
    runInferences(arguments, [&arguments] {
        return std::make_unique<LinuxDevice>(arguments.device, !arguments.isSubmittedByIoctl);
    });
}

}  // namespace

int main(int argc, char** argv) {
    keepFreedMemory();
    try {
        runAs(harness::guest::parseArguments({argv + (argc > 0), argv + argc}));
        return 0;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "harness-runtime: %s\n", error.what());
        return 1;
    }
}
