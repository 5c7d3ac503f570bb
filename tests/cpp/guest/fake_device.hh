// SPDX-License-Identifier: BSD-3-Clause
// A device for tests: memory of the process, results in a map, commands at once or as late as
// possible.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "disk_folder.hh"
#include "gem5_configs/guest/runtime/device.hh"

namespace harness::guest {

/// Memory that keeps its place while the device is open; of the device's own, or pinned.
struct FakeWindow {
    std::vector<std::uint8_t> own;
    std::uint8_t* data;
    std::uint64_t sizeBytes;
    bool isWritable = false;
};

using FakeWindows = std::deque<FakeWindow>;

/// Does what an accelerator would: takes a descriptor and changes windows.
using FakeExecutor = std::function<void(std::uint64_t instance, const std::string& descriptor,
                                        FakeWindows& windows)>;

/// What outlives one opening of the device.
struct FakeSystem {
    std::uint64_t version = HARNESS_ABI_VERSION;
    std::uint64_t instances = 1;
    std::uint64_t ringSlots = 64;
    bool isCoherent = false;
    /// A command runs only when the software looks for its end, one per look.
    bool isLate = true;
    /// No command ends any more, and STATUS says so.
    bool isBroken = false;
    std::uint64_t firstWindow = 0;
    FakeExecutor execute = [](std::uint64_t, const std::string&, FakeWindows&) {};
    DiskFiles disk;  // what the runtime reads

    // What was seen.
    std::map<std::uint64_t, std::vector<std::uint8_t>> files;  // that were written, by number
    std::vector<std::pair<std::uint64_t, std::uint64_t>> marks;
    std::vector<std::uint64_t> commandsOf;  // by accelerator
    std::vector<std::uint64_t> deepest;     // by accelerator: most commands in its ring
    std::vector<std::pair<std::uint64_t, std::uint32_t>>
        items;  // accelerator and item, as they run
    std::uint64_t waits = 0;
    std::uint64_t waitsWithoutInterrupt = 0;  // a real driver would sleep for ever
    std::uint64_t submits = 0;
    std::uint64_t pins = 0;
    std::uint64_t looks = 0;

    std::string text(std::uint64_t file) const {
        const auto found = files.find(file);
        return found == files.end() ? "" : std::string(found->second.begin(), found->second.end());
    }
    DeviceOpener opener();
};

class FakeDevice final : public Device {
  public:
    explicit FakeDevice(FakeSystem& system);

    const harness_info& info() const override { return deviceInfo; }
    std::uint64_t allocate(std::uint64_t sizeBytes, std::uint64_t flags) override;
    std::uint64_t pin(std::uint8_t* memory, std::uint64_t sizeBytes, std::uint64_t flags) override;
    void reset() override;
    std::uint8_t* mapWindow(std::uint64_t window, std::uint64_t sizeBytes) override;
    std::uint8_t* mapRing(std::uint64_t instance) override;
    std::uint64_t submit(const harness_submit& command) override;
    std::uint64_t wait(std::uint64_t instance, std::uint64_t count) override;
    std::uint64_t writeFile(const harness_file& request) override;
    void mark(std::uint64_t code, std::uint64_t argument) override;
    harness_counters counters() override;
    void ringDoorbell(std::uint64_t instance, std::uint64_t value) override;
    std::uint64_t completed(std::uint64_t instance) override;
    std::uint64_t status(std::uint64_t instance) override;
    std::uint64_t tick() override { return ++now; }

  private:
    struct Command {
        std::uint64_t sizeBytes;
        bool isInterrupt;
    };
    struct Instance {
        std::vector<std::uint8_t> ring;
        std::vector<Command> commands;
        std::uint64_t ended = 0;
    };

    void runNext(std::uint64_t instance);

    FakeSystem& system;
    harness_info deviceInfo{};
    FakeWindows windows;
    std::vector<Instance> instances;
    bool isReset = false;
    std::uint64_t now = 0;
};

}  // namespace harness::guest
