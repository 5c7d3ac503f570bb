// SPDX-License-Identifier: BSD-3-Clause
#include "harness/soc/streams.hh"

#include <algorithm>
#include <utility>

namespace harness {

namespace {

std::uint64_t linesOf(Addr address, std::uint64_t bytes, std::uint32_t lineBytes) {
    return bytes ? (address + bytes - 1) / lineBytes - address / lineBytes + 1 : 0;
}

Addr lineOf(Addr address, std::uint32_t lineBytes) { return address / lineBytes * lineBytes; }

}  // namespace

CopyStream::CopyStream(std::vector<PlacedCopy> placed, const CostImage& cost, std::uint64_t rate,
                       std::uint32_t lineBytes)
    : copies(std::move(placed)), cost(cost), clock(rate), lineBytes(lineBytes) {}

bool CopyStream::nextRun() {
    if (!cursor.empty()) cursor.front().advance();
    while (cursor.empty() || cursor.front().isDone()) {
        if (!cursor.empty()) ++current;
        cursor.clear();
        if (current == copies.size()) return false;
        cursor.emplace_back(copies[current].shape);
        clock.add(std::uint64_t(cost.call));
    }
    const PlacedCopy& copy = copies[current];
    const std::uint64_t bytes = copy.shape.runBytes();
    const Addr from = copy.source + Addr(cursor.front().sourceOffset());
    const Addr to = copy.destination + Addr(cursor.front().destinationOffset());
    source = lineOf(from, lineBytes);
    sourceEnd = from + bytes;
    destination = lineOf(to, lineBytes);
    destinationEnd = to + bytes;
    isReadNext = true;
    clock.add(std::uint64_t(cost.row));
    return true;
}

bool CopyStream::next(StreamAccess& access) {
    while (source >= sourceEnd && destination >= destinationEnd)
        if (!nextRun()) return false;
    const bool isRead = source < sourceEnd && (isReadNext || destination >= destinationEnd);
    Addr& cursorAddress = isRead ? source : destination;
    access.kind = isRead ? AccessKind::Read : AccessKind::Write;
    access.address = cursorAddress;
    cursorAddress += lineBytes;
    if (!isRead) clock.add(std::uint64_t(cost.unit));
    access.ticksBefore = clock.take();
    isReadNext = !isRead;
    return true;
}

std::uint64_t CopyStream::milliInstructions(const PlacedCopy& copy, const CostImage& cost,
                                            std::uint32_t lineBytes) {
    const std::uint64_t lines = copy.shape.runBytes() / lineBytes + 1;
    return std::uint64_t(cost.call) +
           copy.shape.runs() * (std::uint64_t(cost.row) + lines * std::uint64_t(cost.unit));
}

RoutineStream::RoutineStream(const std::vector<PlacedRange>& ranges,
                             std::uint64_t milliInstructions, std::uint64_t rate,
                             std::uint32_t lineBytes)
    : milliInstructions(milliInstructions), clock(rate), lineBytes(lineBytes) {
    for (const PlacedRange& range : ranges) {
        const std::uint64_t count = linesOf(range.address, range.bytes, lineBytes);
        parts.push_back({lineOf(range.address, lineBytes), count, count, range.isWrite});
        lines += count;
    }
    if (lines == 0) {
        clock.add(milliInstructions);
        tail = clock.take();
    }
}

bool RoutineStream::next(StreamAccess& access) {
    Part* chosen = nullptr;
    for (Part& part : parts)  // the one that is furthest behind; the first of equals
        if (part.left && (!chosen || part.left * chosen->total > chosen->left * part.total))
            chosen = &part;
    if (!chosen) return false;
    access.kind = chosen->isWrite ? AccessKind::Write : AccessKind::Read;
    access.address = chosen->next;
    chosen->next += lineBytes;
    --chosen->left;
    clock.add(milliInstructions / lines + (done++ < milliInstructions % lines ? 1 : 0));
    access.ticksBefore = clock.take();
    return true;
}

LineStream::LineStream(AccessKind kind, std::vector<std::pair<Addr, std::uint64_t>> touched,
                       Tick lineTicks, std::uint32_t lineBytes)
    : kind(kind), ranges(std::move(touched)), lineTicks(lineTicks), lineBytes(lineBytes) {}

bool LineStream::next(StreamAccess& access) {
    while (current < ranges.size()) {
        const auto& [begin, bytes] = ranges[current];
        if (!isStarted) address = lineOf(begin, lineBytes);
        isStarted = true;
        if (address < begin + bytes) {
            access = {kind, address, lineTicks};
            address += lineBytes;
            return true;
        }
        isStarted = false;
        ++current;
    }
    return false;
}

}  // namespace harness
