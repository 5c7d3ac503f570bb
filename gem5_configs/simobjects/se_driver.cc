// SPDX-License-Identifier: BSD-3-Clause
#include "se_driver.hh"

#include <algorithm>
#include <cerrno>
#include <memory>

#include "base/intmath.hh"
#include "base/logging.hh"
#include "cpu/thread_context.hh"
#include "mem/se_translating_port_proxy.hh"
#include "sim/fd_entry.hh"
#include "sim/process.hh"
#include "sim/se_workload.hh"
#include "sim/syscall_emul_buf.hh"
#include "sim/system.hh"

namespace gem5 {

namespace {

constexpr std::uint64_t ringSlots = 16;
constexpr std::uint64_t largestWindowBytes = std::uint64_t{1} << 40;

constexpr Addr accelerator(std::uint64_t instance, Addr offset) {
    return (instance + 1) * HARNESS_PAGE_BYTES + offset;
}

bool isPageMultiple(std::uint64_t value) { return value % HARNESS_PAGE_BYTES == 0; }

/// The entries of a page list for a process's memory; pages that it has not touched come to be.
/// Empty if the process does not have one of them.
std::vector<std::uint64_t> listPages(Process& process, Addr start, std::uint64_t bytes) {
    std::vector<std::uint64_t> entries;
    for (Addr page = start; page - start < bytes; page += HARNESS_PAGE_BYTES) {
        Addr physical = 0;
        if (!process.pTable->translate(page, physical) &&
            !(process.fixupFault(page) && process.pTable->translate(page, physical)))
            return {};
        entries.push_back(physical | HARNESS_PAGE_PRESENT);
    }
    return entries;
}

template <typename T>
T fetch(ThreadContext* tc, Addr buffer) {
    T value;
    SETranslatingPortProxy(tc).readBlob(buffer, &value, sizeof value);
    return value;
}

template <typename T>
void give(ThreadContext* tc, Addr buffer, const T& value) {
    SETranslatingPortProxy(tc).writeBlob(buffer, &value, sizeof value);
}

}  // namespace

AcceleratorDriver::AcceleratorDriver(const Params& params)
    : EmulatedDriver(params), device(*params.bridge), bridge(device.bridge()) {
    bridge.onProgress = [this] { wakeWaiters(); };
}

int AcceleratorDriver::open(ThreadContext* tc, int, int) {
    if (!opened.expired()) return -EBUSY;
    forgetWindows();
    if (rings.empty()) makeRings(tc);
    const auto entry = std::make_shared<DeviceFDEntry>(this, filename);
    opened = entry;
    return tc->getProcessPtr()->fds->allocFD(entry);
}

Addr AcceleratorDriver::allocatePages(ThreadContext* tc, std::uint64_t bytes) {
    const int pages = int(divCeil(bytes, Addr{HARNESS_PAGE_BYTES}));
    const Addr base = tc->getProcessPtr()->seWorkload->allocPhysPages(pages);
    const std::vector<std::uint8_t> zeros(HARNESS_PAGE_BYTES, 0);
    for (int i = 0; i < pages; ++i)
        bridge.guestSystem().physProxy.writeBlob(base + i * HARNESS_PAGE_BYTES, zeros.data(),
                                                 zeros.size());
    return base;
}

void AcceleratorDriver::makeRings(ThreadContext* tc) {
    for (std::uint32_t i = 0; i < bridge.instances(); ++i) {
        rings.push_back(allocatePages(tc, ringSlots * HARNESS_SLOT_BYTES));
        submitted.push_back(0);
        write(accelerator(i, HARNESS_REG_RING_BASE), rings.back());
        write(accelerator(i, HARNESS_REG_RING_SLOTS), ringSlots);
    }
}

void AcceleratorDriver::forgetWindows() {
    for (std::size_t i = 0; i < windows.size(); ++i) {
        write(HARNESS_REG_WINDOW_SELECT, i);
        write(HARNESS_REG_WINDOW_BYTES, 0);
    }
    windows.clear();  // their pages stay taken: syscall emulation never gives memory back
    counters.pins = counters.pinned_pages = 0;
}

int AcceleratorDriver::ioctl(ThreadContext* tc, unsigned request, Addr buffer) {
    switch (request) {
        case HARNESS_IOC_INFO:
            return info(tc, buffer);
        case HARNESS_IOC_ALLOCATE:
            return allocate(tc, buffer);
        case HARNESS_IOC_PIN:
            return pin(tc, buffer);
        case HARNESS_IOC_RESET:
            if (!bridge.isIdle()) return -EBUSY;
            write(HARNESS_REG_RESET, 1);
            std::fill(submitted.begin(), submitted.end(), 0);
            return bridge.hasFailed() ? -EIO : 0;
        case HARNESS_IOC_SUBMIT:
            return submit(tc, buffer);
        case HARNESS_IOC_WAIT:
            return wait(tc, buffer);
        case HARNESS_IOC_FILE:
            return file(tc, buffer);
        case HARNESS_IOC_MARK:
            return mark(tc, buffer);
        case HARNESS_IOC_COUNTERS:
            give(tc, buffer, counters);
            return 0;
        default:
            return -ENOTTY;
    }
}

int AcceleratorDriver::info(ThreadContext* tc, Addr buffer) {
    harness_info reply = {};
    reply.version = HARNESS_ABI_VERSION;
    reply.instances = bridge.instances();
    reply.flags = bridge.readRegister(HARNESS_REG_FLAGS);
    reply.ring_slots = ringSlots;
    give(tc, buffer, reply);
    return 0;
}

int AcceleratorDriver::allocate(ThreadContext* tc, Addr buffer) {
    auto request = fetch<harness_allocate>(tc, buffer);
    if (request.size_bytes == 0 || request.size_bytes % HARNESS_PAGE_BYTES != 0 ||
        request.size_bytes > largestWindowBytes || request.flags & ~HARNESS_WINDOW_WRITABLE)
        return -EINVAL;
    if (windows.size() == HARNESS_MAXIMUM_WINDOWS) return -ENOSPC;
    request.window =
        grant({allocatePages(tc, request.size_bytes), request.size_bytes, request.flags});
    give(tc, buffer, request);
    return 0;
}

std::uint64_t AcceleratorDriver::grant(const GuestWindow& window) {
    windows.push_back(window);
    write(HARNESS_REG_WINDOW_SELECT, windows.size() - 1);
    write(HARNESS_REG_WINDOW_BASE, window.base);
    write(HARNESS_REG_WINDOW_FLAGS, window.flags);
    write(HARNESS_REG_WINDOW_BYTES, window.bytes);
    return windows.size() - 1;
}

int AcceleratorDriver::pin(ThreadContext* tc, Addr buffer) {
    auto request = fetch<harness_pin>(tc, buffer);
    const int error = tryPin(tc, request);
    if (error)
        ++counters.failed_pins;
    else
        give(tc, buffer, request);
    return error;
}

/// A process's pages stay where they are: syscall emulation moves none.
int AcceleratorDriver::tryPin(ThreadContext* tc, harness_pin& request) {
    if (request.size_bytes == 0 || !isPageMultiple(request.size_bytes) ||
        request.size_bytes > HARNESS_LARGEST_PIN || !isPageMultiple(request.address) ||
        request.address + request.size_bytes < request.address ||
        request.flags & ~HARNESS_WINDOW_WRITABLE)
        return -EINVAL;
    if (!(bridge.readRegister(HARNESS_REG_FLAGS) & HARNESS_FLAG_PAGE_LISTS)) return -EOPNOTSUPP;
    if (windows.size() == HARNESS_MAXIMUM_WINDOWS) return -ENOSPC;
    const auto entries = listPages(*tc->getProcessPtr(), request.address, request.size_bytes);
    if (entries.empty()) return -EFAULT;
    const std::uint64_t listBytes = entries.size() * sizeof entries[0];
    const Addr list = allocatePages(tc, listBytes);
    bridge.guestSystem().physProxy.writeBlob(list, entries.data(), listBytes);
    request.window = grant({list, request.size_bytes, request.flags | HARNESS_WINDOW_PAGE_LIST});
    ++counters.pins;
    counters.pinned_pages += entries.size();
    return 0;
}

int AcceleratorDriver::submit(ThreadContext* tc, Addr buffer) {
    auto request = fetch<harness_submit>(tc, buffer);
    if (request.instance >= bridge.instances() || request.size_bytes == 0 ||
        request.interrupts > 1 || request.size_bytes % 64 != 0 ||
        request.size_bytes > HARNESS_SLOT_BYTES)
        return -EINVAL;
    if (bridge.hasFailed()) return -EIO;
    std::uint64_t& count = submitted[request.instance];
    if (count - bridge.completed(std::uint32_t(request.instance)) >= ringSlots) return -EAGAIN;
    std::vector<std::uint8_t> bytes(request.size_bytes);
    SETranslatingPortProxy(tc).readBlob(request.descriptor, bytes.data(), bytes.size());
    const Addr slot = rings[request.instance] + count % ringSlots * HARNESS_SLOT_BYTES;
    bridge.guestSystem().physProxy.writeBlob(slot, bytes.data(), bytes.size());
    request.count = ++count;
    ++counters.submits;
    write(accelerator(request.instance, HARNESS_REG_DOORBELL),
          HARNESS_DOORBELL(count, request.size_bytes, request.interrupts));
    give(tc, buffer, request);
    return 0;
}

int AcceleratorDriver::wait(ThreadContext* tc, Addr buffer) {
    auto request = fetch<harness_wait>(tc, buffer);
    if (request.instance >= bridge.instances()) return -EINVAL;
    if (bridge.hasFailed()) return -EIO;
    ++counters.waits;
    request.completed = bridge.completed(std::uint32_t(request.instance));
    give(tc, buffer, request);
    if (request.completed >= request.count) return 0;
    if (request.timeout_us != 0) return -EINVAL;  // a thread that this driver suspends has no timer
    ++counters.sleeps;
    waiters.push_back({tc, buffer, request});
    tc->suspend();
    return 0;
}

void AcceleratorDriver::wakeWaiters() {
    std::vector<Waiter> sleeping;
    for (Waiter& each : waiters) {
        const std::uint64_t completed = bridge.completed(std::uint32_t(each.request.instance));
        if (completed < each.request.count && !bridge.hasFailed()) {
            sleeping.push_back(each);
            continue;
        }
        each.request.completed = completed;
        give(each.tc, each.buffer, each.request);
        each.tc->activate();
    }
    waiters = std::move(sleeping);
}

int AcceleratorDriver::file(ThreadContext* tc, Addr buffer) {
    auto request = fetch<harness_file>(tc, buffer);
    write(HARNESS_REG_FILE_NUMBER, request.number);
    if (request.window >= windows.size()) return -EINVAL;
    const GuestWindow& window = windows[request.window];
    if (request.window_offset > window.bytes ||
        request.count > window.bytes - request.window_offset)
        return -EINVAL;
    request.count = transfer(request);
    give(tc, buffer, request);
    return 0;
}

/// Bytes moved; the bridge moves a block into a file, so page by page of a page list.
std::uint64_t AcceleratorDriver::transfer(const harness_file& request) {
    const PortProxy& memory = bridge.guestSystem().physProxy;
    std::uint64_t moved = 0;
    forEachPiece(
        windows[request.window], request.window_offset, request.count,
        [&](Addr entry) { return memory.read<std::uint64_t>(entry); },
        [&](Addr address, std::uint64_t done, std::uint64_t part) {
            if (moved != done) return;  // the host's disk is full
            write(HARNESS_REG_FILE_OFFSET, request.file_offset + done);
            write(HARNESS_REG_FILE_ADDRESS, address);
            write(HARNESS_REG_FILE_COUNT, part);
            write(HARNESS_REG_FILE_GO, 1);
            moved += bridge.readRegister(HARNESS_REG_FILE_COUNT);
        });
    return moved;
}

int AcceleratorDriver::mark(ThreadContext* tc, Addr buffer) {
    const auto request = fetch<harness_mark>(tc, buffer);
    if (request.code == 0 || request.code > HARNESS_MARK_STEP) return -EINVAL;
    write(HARNESS_REG_MARK, request.code | request.argument << 8);
    return 0;
}

Addr AcceleratorDriver::mmap(ThreadContext* tc, Addr start, std::uint64_t length, int, int, int,
                             off_t offset) {
    const auto place = std::uint64_t(offset);
    const std::uint64_t kind = place >> 60, index = place >> 40 & 0xfffff;
    const std::uint64_t bytes = roundUp(length, HARNESS_PAGE_BYTES);
    Addr base = 0;
    std::uint64_t available = 0;
    if (kind == 0 && index < windows.size() && !windows[index].isPageList()) {
        base = windows[index].base;
        available = windows[index].bytes;
    } else if (kind == 1 && index <= bridge.instances()) {
        base = device.registers(index);
        available = HARNESS_PAGE_BYTES;
    } else if (kind == 2 && index < rings.size()) {
        base = rings[index];
        available = ringSlots * HARNESS_SLOT_BYTES;
    }
    if ((place & 0xffffffffffULL) != 0 || bytes == 0 || bytes > available) return Addr(-EINVAL);
    auto process = tc->getProcessPtr();
    start = process->memState->extendMmap(bytes);
    process->pTable->map(
        start, base, bytes,
        kind == 1 ? EmulationPageTable::Uncacheable : EmulationPageTable::MappingFlags(0));
    return start;
}

void AcceleratorDriver::serialize(CheckpointOut&) const {
    fatal_if(!opened.expired(), "%s: no checkpoint while /dev/%s is open in syscall emulation",
             name(), filename);
}

}  // namespace gem5
