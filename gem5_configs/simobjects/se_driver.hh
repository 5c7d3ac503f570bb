// SPDX-License-Identifier: BSD-3-Clause
#ifndef HARNESS_SE_DRIVER_HH
#define HARNESS_SE_DRIVER_HH

#include <cstdint>
#include <memory>
#include <vector>

#include "gem5_configs/guest/abi/harness_device.h"
#include "params/AcceleratorDriver.hh"
#include "platform_bridge.hh"
#include "sim/emul_driver.hh"
#include "sim/fd_entry.hh"

namespace gem5 {

/**
 * /dev/harness in syscall emulation, with the ABI of the Linux driver.
 *
 * System calls take no time here, and neither does waking a thread: what a full system adds to
 * these runs is the operating system's.
 */
class AcceleratorDriver final : public EmulatedDriver {
  public:
    PARAMS(AcceleratorDriver);
    explicit AcceleratorDriver(const Params& params);

    int open(ThreadContext* tc, int mode, int flags) override;
    int ioctl(ThreadContext* tc, unsigned request, Addr buffer) override;
    Addr mmap(ThreadContext* tc, Addr start, std::uint64_t length, int protection, int targetFlags,
              int targetFd, off_t offset) override;

    void serialize(CheckpointOut& cp) const override;

  private:
    struct Waiter {
        ThreadContext* tc;
        Addr buffer;
        harness_wait request;
    };

    int info(ThreadContext* tc, Addr buffer);
    int allocate(ThreadContext* tc, Addr buffer);
    int pin(ThreadContext* tc, Addr buffer);
    int tryPin(ThreadContext* tc, harness_pin& request);
    int submit(ThreadContext* tc, Addr buffer);
    int wait(ThreadContext* tc, Addr buffer);
    int file(ThreadContext* tc, Addr buffer);
    int mark(ThreadContext* tc, Addr buffer);
    void forgetWindows();
    void wakeWaiters();
    void makeRings(ThreadContext* tc);
    Addr allocatePages(ThreadContext* tc, std::uint64_t bytes);
    /// The window's number.
    std::uint64_t grant(const GuestWindow& window);
    std::uint64_t transfer(const harness_file& request);
    void write(Addr offset, std::uint64_t value) { bridge.writeRegister(offset, value); }

    AcceleratorBridge& device;
    BridgeCore& bridge;
    std::vector<GuestWindow> windows;
    std::vector<Addr> rings;
    std::vector<std::uint64_t> submitted;
    std::vector<Waiter> waiters;
    harness_counters counters = {};
    std::weak_ptr<FDEntry> opened;  // gone when the last process has closed it
};

}  // namespace gem5

#endif
