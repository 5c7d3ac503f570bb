// SPDX-License-Identifier: BSD-3-Clause
#include "bridge_core.hh"

#include <algorithm>

#include "base/logging.hh"
#include "base/trace.hh"
#include "debug/AcceleratorBridge.hh"
#include "exchange_answer.hh"
#include "gem5_configs/guest/abi/harness_device.h"
#include "sim/cur_tick.hh"
#include "sim/sim_exit.hh"

namespace gem5 {

namespace bridge = harness::bridge;

namespace {

enum EventKind : std::uint16_t { RingDoorbell };

constexpr std::uint64_t allOnes = ~std::uint64_t{0};
constexpr std::uint64_t maximumSlots = 64;

}  // namespace

BridgeCore::BridgeCore(SimObject& owner, System& system, const BridgeSettings& settings)
    : owner(owner),
      system(system),
      settings(settings),
      session(*settings.session),
      accelerators(settings.accelerators),
      queue(owner, owner.name()),
      component(queue.events.addComponent(*this, owner.name())),
      files(system),
      log(settings.timeline),
      rings(accelerators.size()),
      causeTicks(accelerators.size()),
      causeTickets(accelerators.size()) {
    fatal_if(accelerators.empty() || accelerators.size() > HARNESS_MAXIMUM_INSTANCES,
             "%s has %d accelerators: expected 1 to %d", owner.name(), accelerators.size(),
             HARNESS_MAXIMUM_INSTANCES);
    for (Accelerator* accelerator : accelerators) accelerator->makePorts(queue);
    queue.onStop = [this] { askModel(); };
    queue.onEmpty = [this] {
        if (onIdle && isIdle()) onIdle();
    };
}

void BridgeCore::init() {
    session.connect(*this);
    for (std::uint32_t i = 0; i < instances(); ++i)
        accelerators[i]->attach({queue, windows, i, session.isKernelMode(), session.units(), *this,
                                 *this, log.timeline});
}

bool BridgeCore::hasTlbs() const {
    return std::all_of(accelerators.begin(), accelerators.end(),
                       [](const Accelerator* accelerator) { return accelerator->hasTlb(); });
}

void BridgeCore::forgetTranslations() {
    for (Accelerator* accelerator : accelerators) accelerator->forgetTranslations();
}

bool BridgeCore::isIdle() const {
    if (isBroken) return true;
    for (const Accelerator* accelerator : accelerators)
        if (!accelerator->isIdle()) return false;
    return queue.isEmpty();
}

std::uint64_t BridgeCore::readRegister(Addr offset) {
    const Addr page = offset / HARNESS_PAGE_BYTES, inPage = offset % HARNESS_PAGE_BYTES;
    if (page == 0) return readBridge(inPage);
    if (page > instances()) return allOnes;
    const Ring& ring = rings[page - 1];
    switch (inPage) {
        case HARNESS_REG_RING_BASE:
            return ring.base;
        case HARNESS_REG_RING_SLOTS:
            return ring.slots;
        case HARNESS_REG_COMPLETED:
            return ring.completed;
        case HARNESS_REG_STATUS:
            return (accelerators[page - 1]->isIdle() ? 0 : HARNESS_STATUS_BUSY) |
                   (isBroken ? HARNESS_STATUS_ERROR : 0);
        default:
            return allOnes;
    }
}

std::uint64_t BridgeCore::readBridge(Addr offset) {
    switch (offset) {
        case HARNESS_REG_MAGIC:
            return HARNESS_MAGIC;
        case HARNESS_REG_VERSION:
            return HARNESS_ABI_VERSION;
        case HARNESS_REG_INSTANCES:
            return instances();
        case HARNESS_REG_FLAGS:
            return (settings.isCoherent ? HARNESS_FLAG_COHERENT : 0) |
                   (hasTlbs() ? HARNESS_FLAG_PAGE_LISTS : 0);
        case HARNESS_REG_WINDOW_SELECT:
            return selectedWindow;
        case HARNESS_REG_WINDOW_BASE:
            return selected().base;
        case HARNESS_REG_WINDOW_BYTES:
            return selected().bytes;
        case HARNESS_REG_WINDOW_FLAGS:
            return selected().flags;
        case HARNESS_REG_CAUSE:
            return cause;
        case HARNESS_REG_INTERRUPT_ENABLE:
            return interruptEnable;
        case HARNESS_REG_TICK:
            return curTick();
        case HARNESS_REG_FILE_NUMBER:
            return fileNumber;
        case HARNESS_REG_FILE_OFFSET:
            return fileOffset;
        case HARNESS_REG_FILE_ADDRESS:
            return fileAddress;
        case HARNESS_REG_FILE_COUNT:
            return fileCount;
        default:
            return allOnes;
    }
}

void BridgeCore::writeRegister(Addr offset, std::uint64_t value) {
    const Addr page = offset / HARNESS_PAGE_BYTES, inPage = offset % HARNESS_PAGE_BYTES;
    if (page == 0)
        writeBridge(inPage, value);
    else if (page <= instances())
        writeAccelerator(std::uint32_t(page - 1), inPage, value);
}

void BridgeCore::writeBridge(Addr offset, std::uint64_t value) {
    switch (offset) {
        case HARNESS_REG_WINDOW_SELECT:
            selectedWindow = value;
            return;
        case HARNESS_REG_WINDOW_BASE:
            selected().base = value;
            return forgetTranslations();
        case HARNESS_REG_WINDOW_BYTES:
            selected().bytes = value;
            return forgetTranslations();
        case HARNESS_REG_WINDOW_FLAGS:
            selected().flags = value & (HARNESS_WINDOW_WRITABLE | HARNESS_WINDOW_PAGE_LIST);
            return forgetTranslations();
        case HARNESS_REG_RESET:
            return reset();
        case HARNESS_REG_CAUSE:
            return clearCauses(value);
        case HARNESS_REG_INTERRUPT_ENABLE:
            interruptEnable = value;
            if (cause & interruptEnable) postInterrupt();
            return;
        case HARNESS_REG_MARK:
            return mark(value);
        case HARNESS_REG_FILE_NUMBER:
            fileNumber = value;
            return;
        case HARNESS_REG_FILE_OFFSET:
            fileOffset = value;
            return;
        case HARNESS_REG_FILE_ADDRESS:
            fileAddress = value;
            return;
        case HARNESS_REG_FILE_COUNT:
            fileCount = value;
            return;
        case HARNESS_REG_FILE_GO:
            return writeFile();
        default:
            warn("%s: write to register %#x, which does not exist or is read only", owner.name(),
                 offset);
    }
}

void BridgeCore::writeAccelerator(std::uint32_t instance, Addr offset, std::uint64_t value) {
    Ring& ring = rings[instance];
    switch (offset) {
        case HARNESS_REG_RING_BASE:
            ring.base = value;
            return;
        case HARNESS_REG_RING_SLOTS:
            ring.slots = value;
            return;
        case HARNESS_REG_DOORBELL:
            return ringDoorbell(instance, value);
        default:
            warn(
                "%s: write to register %#x of accelerator %d, which does not exist or is read only",
                owner.name(), offset, instance);
    }
}

void BridgeCore::ringDoorbell(std::uint32_t instance, std::uint64_t value) {
    Ring& ring = rings[instance];
    const std::uint64_t count = value & 0xffffffffu;
    const std::uint64_t bytes = (value >> 32 & 0xffffu) * 64;
    const std::string who = owner.name() + ": accelerator " + std::to_string(instance);
    if (isBroken) return;
    if (session.link() == nullptr) return fail(who + " got a command, but no model is connected");
    if (ring.base == 0 || ring.slots == 0 || ring.slots > maximumSlots)
        return fail(who + " got a command without a ring");
    if (count != ((ring.submitted + 1) & 0xffffffffu))
        return fail(who + ": doorbell says command " + std::to_string(count) + ", expected " +
                    std::to_string(ring.submitted + 1));
    if (bytes == 0 || bytes > HARNESS_SLOT_BYTES)
        return fail(who + ": a command of " + std::to_string(bytes) + " bytes, expected 64 to " +
                    std::to_string(HARNESS_SLOT_BYTES));
    if (ring.submitted - ring.completed >= ring.slots)
        return fail(who + ": the ring of " + std::to_string(ring.slots) + " slots has overflowed");
    harness::Ticket ticket;
    ticket.command = std::uint32_t(ring.submitted);
    ticket.operatorIndex = harness::kNone;
    ticket.isLastOfItem = value >> 63;
    ticket.descriptorAddress = ring.base + ring.submitted % ring.slots * HARNESS_SLOT_BYTES;
    ++ring.submitted;
    hasRun = true;
    DPRINTF(AcceleratorBridge, "accelerator %d: command %d, %d bytes\n", instance, ticket.command,
            bytes);
    doorbells.push_back({instance, ticket, std::uint32_t(bytes)});
    queue.schedule(curTick(), harness::Priority::Issue, component, RingDoorbell,
                   doorbells.size() - 1);
}

void BridgeCore::handleEvent(std::uint16_t, std::uint64_t argument) {
    const Doorbell& bell = doorbells[argument];
    const std::uint32_t instance = bell.instance;
    const bool mayBeAhead = session.link() != nullptr && session.link()->takesEarlyLaunches();
    Accelerator& accelerator = *accelerators[instance];
    accelerator.executor().submitUnread(
        bell.ticket, bell.descriptorBytes,
        mayBeAhead ? accelerator.lookAtRing(bell.ticket.descriptorAddress, bell.descriptorBytes)
                   : "");
    if (argument + 1 == doorbells.size())
        doorbells.clear();  // all earlier ones were served before: same priority, in order
    launchAhead(instance);
}

void BridgeCore::exchangeNeeded(harness::Exchange request) {
    exchange = std::move(request);
    queue.events.requestStop();
}

void BridgeCore::askModel() {
    harness::Exchange request = std::move(*exchange);
    exchange.reset();
    const std::uint32_t instance = request.instance;
    bridge::ModelLink* link = session.link();
    if (link == nullptr || isBroken) return;
    session.noteExchange(request.tick);
    try {
        const std::string wrong =
            answerExchange(*link, std::move(request), accelerators[instance]->executor());
        if (!wrong.empty()) fail(protocolFault("its answer cannot be executed: " + wrong));
    } catch (const std::exception& error) {
        fail(failureText(error));
    }
    launchAhead(instance);
}

bool BridgeCore::isWrittenByOthers(const harness::ParsedCommand& command,
                                   std::uint32_t instance) const {
    for (std::uint32_t i = 0; i < instances(); ++i) {
        const std::size_t itself = i == instance ? 1 : harness::kNone;
        if (accelerators[i]->executor().writesInto(command, itself)) return true;
    }
    return false;
}

void BridgeCore::launchAhead(std::uint32_t first) {
    bridge::ModelLink* link = session.link();
    if (link == nullptr || isBroken) return;
    for (std::uint32_t i = 0; i < instances(); ++i) {
        const std::uint32_t instance = (first + i) % instances();
        if (!link->mayLaunchEarly(instance)) continue;
        harness::Accelerator& executor = accelerators[instance]->executor();
        const harness::ParsedCommand* next = executor.next();
        if (next == nullptr || isWrittenByOthers(*next, instance)) continue;
        session.noteExchange(curTick());
        try {
            if (gem5::launchAhead(*link, executor.launchAhead())) {
                DPRINTF(AcceleratorBridge, "accelerator %d: the next command went ahead\n",
                        instance);
                return;
            }
        } catch (const std::exception& error) {
            return fail(failureText(error));
        }
        executor.forgoLaunchAhead();
    }
}

void BridgeCore::fail(const std::string& what) {
    isBroken = true;
    queue.stopForGood();
    session.fail(what);
    if (onProgress) onProgress();
    if (onIdle) onIdle();
}

void BridgeCore::commandRefused(std::uint32_t instance, const std::string& what) {
    fail("accelerator " + std::to_string(instance) + ", command " +
         std::to_string(rings[instance].completed) + ": " + what);
}

void BridgeCore::commandEnded(std::uint32_t instance, const harness::Ticket& ticket,
                              harness::Tick) {
    ++rings[instance].completed;
    DPRINTF(AcceleratorBridge, "accelerator %d: command %d ended\n", instance, ticket.command);
    if (ticket.isLastOfItem) raiseCause(instance, ticket);
    log.tidy();
    if (onProgress) onProgress();
}

void BridgeCore::interruptRaised(std::uint32_t instance, const harness::Ticket& ticket,
                                 harness::Tick) {
    raiseCause(instance, ticket);
}

void BridgeCore::raiseCause(std::uint32_t instance, const harness::Ticket& ticket) {
    const std::uint64_t bit = std::uint64_t{1} << instance;
    if (!(cause & bit)) {
        causeTicks[instance] = curTick();
        causeTickets[instance] = ticket;
    }
    cause |= bit;
    if (interruptEnable & bit) postInterrupt();
}

void BridgeCore::clearCauses(std::uint64_t mask) {
    for (std::uint32_t i = 0; i < instances(); ++i) {
        if (!(cause & mask & std::uint64_t{1} << i)) continue;
        const harness::Ticket& ticket = causeTickets[i];
        log.timeline.push_back({causeTicks[i], curTick(), harness::RecordKind::Interrupt,
                                std::uint16_t(i), 0, 0, ticket.operatorIndex, ticket.item,
                                ticket.command, harness::kNone, 0});
    }
    cause &= ~mask;
    if (cause & interruptEnable)
        postInterrupt();  // an interrupt message may have been dropped while it was masked
}

void BridgeCore::reset() {
    if (!isIdle()) return fail("RESET while commands are running");
    cause = 0;
    forgetTranslations();
    for (Ring& ring : rings) ring.submitted = ring.completed = 0;
    hasRun = false;
    bridge::ModelLink* link = session.link();
    if (link == nullptr) return;
    std::vector<bridge::Window> list;
    for (std::size_t i = 0; i < windows.size(); ++i) {
        if (windows[i].bytes == 0) break;
        if (windows[i].isPageList() && !hasTlbs())
            return fail("window " + std::to_string(i) +
                        " is a page list, but the accelerators have no TLB");
        list.push_back({"window" + std::to_string(i), windows[i].bytes, windows[i].isWritable()});
    }
    try {
        link->reset(list);
    } catch (const std::exception& error) {
        fail(failureText(error));
    }
}

void BridgeCore::writeFile() {
    fileCount = files.writeFrom(fileNumber, fileOffset, fileAddress, fileCount);
}

void BridgeCore::mark(std::uint64_t value) {
    const std::uint64_t code = value & 0xff, argument = value >> 8;
    if (code == HARNESS_MARK_STEP) {
        step = argument;
        return;
    }
    log.mark(code, argument);
    DPRINTF(AcceleratorBridge, "mark %d (%d)\n", code, argument);
    const int number = int(argument);
    switch (code) {
        case HARNESS_MARK_CHECKPOINT:
            return exitSimLoop("harness checkpoint", 0);
        case HARNESS_MARK_READY:
            return exitSimLoop("harness ready", 0);
        case HARNESS_MARK_BEGIN:
            return exitSimLoop("harness inference begins", number);
        case HARNESS_MARK_END:
            return exitSimLoop("harness inference ends", number);
        case HARNESS_MARK_EXIT:
            return exitSimLoop("harness exit", number);
        default:
            warn("%s: mark %d is unknown", owner.name(), code);
    }
}

std::string BridgeCore::read(std::uint32_t, const std::vector<bridge::MemoryRange>& ranges) {
    std::string bytes;
    for (const bridge::MemoryRange& range : ranges) {
        const std::size_t first = bytes.size();
        bytes.resize(first + range.sizeBytes);
        forEachPiece(
            windows.at(bridge::windowOf(range.address)), bridge::offsetOf(range.address),
            range.sizeBytes,
            [this](Addr entry) { return system.physProxy.read<std::uint64_t>(entry); },
            [&](Addr address, std::uint64_t done, std::uint64_t part) {
                system.physProxy.readBlob(address, &bytes[first + done], part);
            });
    }
    return bytes;
}

void BridgeCore::serialize(CheckpointOut& cp) const {
    fatal_if(hasRun && session.hasFailed() == false,
             "%s: a checkpoint would lack the model's state: commands have run since RESET; take "
             "it before the first command or after a RESET",
             owner.name());
    std::vector<std::uint64_t> table;
    for (const GuestWindow& window : windows)
        table.insert(table.end(), {window.base, window.bytes, window.flags});
    arrayParamOut(cp, "windows", table);
    std::vector<std::uint64_t> ringTable;
    for (const Ring& ring : rings) ringTable.insert(ringTable.end(), {ring.base, ring.slots});
    arrayParamOut(cp, "rings", ringTable);
    paramOut(cp, "cause", cause);
    paramOut(cp, "interruptEnable", interruptEnable);
}

void BridgeCore::unserialize(CheckpointIn& cp) {
    std::vector<std::uint64_t> table, ringTable;
    arrayParamIn(cp, "windows", table);
    for (std::size_t i = 0; i < windows.size() && 3 * i + 2 < table.size(); ++i)
        windows[i] = {table[3 * i], table[3 * i + 1], table[3 * i + 2]};
    arrayParamIn(cp, "rings", ringTable);
    fatal_if(ringTable.size() != 2 * rings.size(),
             "%s: the checkpoint has %d accelerators, this system has %d", owner.name(),
             ringTable.size() / 2, rings.size());
    for (std::size_t i = 0; i < rings.size(); ++i) {
        rings[i].base = ringTable[2 * i];
        rings[i].slots = ringTable[2 * i + 1];
    }
    paramIn(cp, "cause", cause);
    paramIn(cp, "interruptEnable", interruptEnable);
}

}  // namespace gem5
