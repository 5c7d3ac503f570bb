// SPDX-License-Identifier: BSD-3-Clause
#include "fake_device.hh"

#include <algorithm>
#include <cstring>

#include "gem5_configs/guest/runtime/error.hh"

namespace harness::guest {

namespace {

void require(bool condition, const char* what) {
    if (!condition) throw RuntimeError(std::string("fake device: ") + what);
}

}  // namespace

DeviceOpener FakeSystem::opener() {
    return [this] { return std::make_unique<FakeDevice>(*this); };
}

FakeDevice::FakeDevice(FakeSystem& system)
    : system(system),
      deviceInfo{system.version, system.instances, system.isCoherent ? 1ULL : 0ULL,
                 system.ringSlots} {}

std::uint64_t FakeDevice::allocate(std::uint64_t sizeBytes, std::uint64_t flags) {
    require(!isReset, "allocated after reset");
    require(sizeBytes && sizeBytes % HARNESS_PAGE_BYTES == 0, "size is not whole pages");
    require(windows.size() < HARNESS_MAXIMUM_WINDOWS, "too many windows");
    windows.push_back({std::vector<std::uint8_t>(sizeBytes), nullptr, sizeBytes,
                       (flags & HARNESS_WINDOW_WRITABLE) != 0});
    windows.back().data = windows.back().own.data();
    return system.firstWindow + windows.size() - 1;
}

std::uint64_t FakeDevice::pin(std::uint8_t* memory, std::uint64_t sizeBytes, std::uint64_t flags) {
    require(!isReset, "pinned after reset");
    require(reinterpret_cast<std::uintptr_t>(memory) % HARNESS_PAGE_BYTES == 0, "not whole pages");
    require(sizeBytes && sizeBytes % HARNESS_PAGE_BYTES == 0, "size is not whole pages");
    ++system.pins;
    windows.push_back({{}, memory, sizeBytes, (flags & HARNESS_WINDOW_WRITABLE) != 0});
    return system.firstWindow + windows.size() - 1;
}

void FakeDevice::reset() {
    isReset = true;
    instances.assign(system.instances, {});
    for (Instance& instance : instances)
        instance.ring.resize(system.ringSlots * HARNESS_SLOT_BYTES);
    system.commandsOf.assign(system.instances, 0);
    system.deepest.assign(system.instances, 0);
}

std::uint8_t* FakeDevice::mapWindow(std::uint64_t window, std::uint64_t sizeBytes) {
    FakeWindow& memory = windows.at(window - system.firstWindow);
    require(!memory.own.empty(), "maps pinned memory");
    require(sizeBytes <= memory.sizeBytes, "maps more than the window");
    return memory.data;
}

std::uint8_t* FakeDevice::mapRing(std::uint64_t instance) {
    require(isReset, "maps a ring before reset");
    return instances.at(instance).ring.data();
}

std::uint64_t FakeDevice::submit(const harness_submit& command) {
    ++system.submits;
    Instance& instance = instances.at(command.instance);
    const std::uint64_t count = instance.commands.size() + 1;
    std::memcpy(&instance.ring[(count - 1) % system.ringSlots * HARNESS_SLOT_BYTES],
                reinterpret_cast<const void*>(command.descriptor), command.size_bytes);
    ringDoorbell(command.instance, HARNESS_DOORBELL(count, command.size_bytes, command.interrupts));
    return count;
}

void FakeDevice::ringDoorbell(std::uint64_t number, std::uint64_t value) {
    require(isReset, "a doorbell before reset");
    Instance& instance = instances.at(number);
    require((value & 0xffffffff) == instance.commands.size() + 1, "a doorbell out of order");
    instance.commands.push_back({((value >> 32) & 0x7fffffff) * 64, (value >> 63) != 0});
    const std::uint64_t depth = instance.commands.size() - instance.ended;
    system.deepest[number] = std::max(system.deepest[number], depth);
    if (!system.isLate) runNext(number);
}

void FakeDevice::runNext(std::uint64_t number) {
    Instance& instance = instances[number];
    if (system.isBroken || instance.ended == instance.commands.size()) return;
    const Command& command = instance.commands[instance.ended];
    const std::uint64_t slot = instance.ended % system.ringSlots;
    const std::string descriptor(
        reinterpret_cast<const char*>(&instance.ring[slot * HARNESS_SLOT_BYTES]),
        command.sizeBytes);
    std::uint32_t item = 0;
    std::memcpy(&item, descriptor.data() + 8, sizeof item);
    system.items.emplace_back(number, item);
    system.execute(number, descriptor, windows);
    ++system.commandsOf[number];
    ++instance.ended;
}

std::uint64_t FakeDevice::wait(std::uint64_t number, std::uint64_t count) {
    ++system.waits;
    Instance& instance = instances.at(number);
    require(count >= 1 && count <= instance.commands.size(), "waits for what was not submitted");
    if (!instance.commands[count - 1].isInterrupt) ++system.waitsWithoutInterrupt;
    require(!system.isBroken, "the bridge stopped");
    while (instance.ended < count) runNext(number);
    return instance.ended;
}

std::uint64_t FakeDevice::completed(std::uint64_t number) {
    ++system.looks;
    const std::uint64_t ended = instances.at(number).ended;
    runNext(number);
    return ended;
}

std::uint64_t FakeDevice::status(std::uint64_t) {
    return system.isBroken ? HARNESS_STATUS_ERROR : 0;
}

std::uint64_t FakeDevice::writeFile(const harness_file& request) {
    const std::uint8_t* memory =
        windows.at(request.window - system.firstWindow).data + request.window_offset;
    std::vector<std::uint8_t>& file = system.files[request.number];
    file.resize(std::max<std::uint64_t>(file.size(), request.file_offset + request.count));
    std::copy_n(memory, request.count, file.begin() + std::ptrdiff_t(request.file_offset));
    return request.count;
}

void FakeDevice::mark(std::uint64_t code, std::uint64_t argument) {
    system.marks.emplace_back(code, argument);
}

harness_counters FakeDevice::counters() {
    return {system.waits, 0, 0, system.waits, system.waits, system.submits};
}

}  // namespace harness::guest
