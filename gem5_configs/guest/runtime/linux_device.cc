// SPDX-License-Identifier: BSD-3-Clause
#include "gem5_configs/guest/runtime/linux_device.hh"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "gem5_configs/guest/runtime/error.hh"

namespace harness::guest {

namespace {

std::string reason() { return std::strerror(errno); }

}  // namespace

LinuxDevice::LinuxDevice(const std::string& path, bool hasDoorbells)
    : path(path), hasDoorbells(hasDoorbells), file(open(path.c_str(), O_RDWR | O_CLOEXEC)) {
    if (file < 0) throw RuntimeError("cannot open " + path + ": " + reason());
    try {
        call(HARNESS_IOC_INFO, &deviceInfo, "INFO");
    } catch (const RuntimeError&) {
        close(file);
        throw;
    }
}

LinuxDevice::~LinuxDevice() {
    for (const auto& [address, sizeBytes] : mappings) munmap(address, sizeBytes);
    close(file);
}

void LinuxDevice::call(unsigned long request, void* argument, const char* name) const {
    int result;
    do result = ioctl(file, request, argument);
    while (result < 0 && errno == EINTR);
    if (result < 0) throw RuntimeError(path + ": " + name + " failed: " + reason());
}

std::uint8_t* LinuxDevice::map(std::uint64_t offset, std::uint64_t sizeBytes, bool isWritable,
                               const std::string& what) {
    const int rights = isWritable ? PROT_READ | PROT_WRITE : PROT_READ;
    void* address = mmap(nullptr, sizeBytes, rights, MAP_SHARED, file, off_t(offset));
    if (address == MAP_FAILED)
        throw RuntimeError(path + ": cannot map " + what + " (" + std::to_string(sizeBytes) +
                           " bytes): " + reason());
    mappings.emplace_back(static_cast<std::uint8_t*>(address), sizeBytes);
    return mappings.back().first;
}

std::uint64_t LinuxDevice::allocate(std::uint64_t sizeBytes, std::uint64_t flags) {
    harness_allocate request{sizeBytes, flags, 0};
    call(HARNESS_IOC_ALLOCATE, &request,
         ("ALLOCATE of " + std::to_string(sizeBytes) + " bytes").c_str());
    return request.window;
}

std::uint64_t LinuxDevice::pin(std::uint8_t* memory, std::uint64_t sizeBytes, std::uint64_t flags) {
    harness_pin request{reinterpret_cast<std::uintptr_t>(memory), sizeBytes, flags, 0};
    call(HARNESS_IOC_PIN, &request, ("PIN of " + std::to_string(sizeBytes) + " bytes").c_str());
    return request.window;
}

void LinuxDevice::reset() {
    call(HARNESS_IOC_RESET, nullptr, "RESET");
    if (!pages.empty()) return;
    for (std::uint64_t page = 0; page <= deviceInfo.instances; ++page)
        pages.push_back(map(HARNESS_MAP_REGISTERS(page), HARNESS_PAGE_BYTES,
                            page > 0 && hasDoorbells, "register page " + std::to_string(page)));
}

std::uint8_t* LinuxDevice::mapWindow(std::uint64_t window, std::uint64_t sizeBytes) {
    return map(HARNESS_MAP_WINDOW(window), sizeBytes, true, "window " + std::to_string(window));
}

std::uint8_t* LinuxDevice::mapRing(std::uint64_t instance) {
    return map(HARNESS_MAP_RING(instance), deviceInfo.ring_slots * HARNESS_SLOT_BYTES, true,
               "the ring of accelerator " + std::to_string(instance));
}

std::uint64_t LinuxDevice::submit(const harness_submit& command) {
    harness_submit request = command;
    call(HARNESS_IOC_SUBMIT, &request, "SUBMIT");
    return request.count;
}

std::uint64_t LinuxDevice::wait(std::uint64_t instance, std::uint64_t count) {
    harness_wait request{instance, count, 0, 0};
    call(HARNESS_IOC_WAIT, &request, "WAIT");
    return request.completed;
}

std::uint64_t LinuxDevice::writeFile(const harness_file& request) {
    harness_file written = request;
    call(HARNESS_IOC_FILE, &written, ("FILE " + std::to_string(request.number)).c_str());
    return written.count;
}

void LinuxDevice::mark(std::uint64_t code, std::uint64_t argument) {
    harness_mark request{code, argument};
    call(HARNESS_IOC_MARK, &request, "MARK");
}

harness_counters LinuxDevice::counters() {
    harness_counters counters{};
    call(HARNESS_IOC_COUNTERS, &counters, "COUNTERS");
    return counters;
}

}  // namespace harness::guest
