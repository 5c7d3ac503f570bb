// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <vector>

#include "gem5_configs/guest/runtime/device.hh"
#include "gem5_configs/guest/runtime/event_log.hh"
#include "gem5_configs/guest/runtime/program.hh"

namespace harness::guest {

struct InvokerOptions {
    std::uint32_t queueDepth = 16;
    bool isPolling = false;
    bool isSubmittedByIoctl = false;
    bool isDynamic = false;
};

struct InvokerCounts {
    std::uint64_t commands = 0;
    std::uint64_t fullRings = 0;  // commands that found no room
    std::uint64_t polls = 0;      // reads of COMPLETED
    std::uint64_t waits = 0;      // WAIT calls
};

/// Gives commands to accelerators and waits for them: rings, doorbells and the assignment of items.
class Invoker final {
  public:
    /// After the device's reset.
    Invoker(Device& device, const Program& program, const InvokerOptions& options, ThreadLog& log);

    /// A new inference: no item has an accelerator.
    void begin();
    /// Submit a step's command, after waiting for room in the ring.
    void invoke(std::uint32_t step);
    /// Return when the items of a Wait step have ended.
    void waitItems(std::uint32_t step);
    /// Return when the command of an earlier Invoke step has ended.
    void awaitInvocation(std::uint32_t invocation, std::uint32_t step);
    const InvokerCounts& counts() const { return total; }

  private:
    struct Accelerator {
        std::uint8_t* ring = nullptr;
        std::uint64_t submitted = 0;
        std::uint64_t ended = 0;          // as far as is known here
        std::vector<bool> isInterrupt;    // by slot: its command interrupts when it ends
        std::vector<std::uint64_t> open;  // dynamic: last known command of items that may be open
    };
    struct Item {
        std::uint32_t accelerator = 0;
        std::uint64_t lastCommand = 0;  // 0: not assigned
    };

    std::uint32_t assign(const Step& step);
    std::uint32_t leastLoaded();
    void awaitCommand(std::uint32_t accelerator, std::uint64_t command, std::uint32_t step,
                      std::uint32_t item);
    void poll(std::uint32_t accelerator, std::uint64_t command);
    void refresh(std::uint32_t accelerator);
    void submit(std::uint32_t accelerator, const std::string& bytes, bool isInterrupt);

    Device& device;
    const Program& program;
    InvokerOptions options;
    ThreadLog& log;
    std::uint64_t slots;
    bool isCoherent;
    std::vector<Accelerator> accelerators;
    std::vector<Item> items;
    std::vector<std::uint64_t> commandOfStep;
    std::vector<std::uint64_t> needed;  // of the Wait at hand, by accelerator
    InvokerCounts total;
};

}  // namespace harness::guest
