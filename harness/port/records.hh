// SPDX-License-Identifier: BSD-3-Clause
// Fixed little-endian records: proto/README.md section 5, harness/stats/timeline.py, and pack.py.
#pragma once

#include <cstdint>

namespace harness {

enum class NodeKind : std::uint8_t {
    Read = 1,
    Write = 2,
    Compute = 3,
    Fence = 4,
    Irq = 5,
    SetRegister = 6,
    Notify = 7,
};

enum class Interface : std::uint8_t { None = 0, Dma = 1, Acp = 2, Cache = 3, Direct = 4 };

struct NodeRecord {
    std::uint32_t id;
    NodeKind kind;
    Interface interface;
    std::uint8_t stream;
    std::uint8_t unit;
    std::uint64_t address;
    std::uint64_t value;
    std::uint32_t rowBytes;
    std::uint32_t rows;
    std::uint64_t strideBytes;
    std::uint64_t dataOffset;
    std::uint32_t firstDependence;
    std::uint32_t dependences;
    std::uint32_t operand;
    std::uint32_t flags;

    std::uint64_t bytes() const { return std::uint64_t(rowBytes) * rows; }
    bool isTransfer() const { return kind == NodeKind::Read || kind == NodeKind::Write; }
    bool isTimed() const { return isTransfer() || kind == NodeKind::Compute; }
};
static_assert(sizeof(NodeRecord) == 64, "proto/README.md 5.1");

struct CompletionRecord {
    std::uint32_t id;
    std::uint32_t status;
    std::uint64_t issueTick;
    std::uint64_t firstTick;
    std::uint64_t lastTick;
};
static_assert(sizeof(CompletionRecord) == 32, "proto/README.md 5.2");

enum class RecordKind : std::uint16_t {
    Host = 1,
    HostWait = 2,
    Command = 3,
    Unit = 4,
    Transfer = 5,
    Interrupt = 6,
};

enum class Phase : std::uint16_t {
    Load = 1,
    Dispatch = 2,
    Reorder = 3,
    Prepare = 4,
    Flush = 5,
    Driver = 6,
    Transfer = 7,
    Compute = 8,
    Interrupt = 9,
    Invalidate = 10,
    Finalize = 11,
    CpuOp = 12,
    Os = 13,
    Idle = 14,
};

/// `detail` of a HostWait record.
enum class WaitReason : std::uint16_t { Accelerators = 1, Workers = 2, Other = 3 };

inline constexpr std::uint32_t kNone = 0xffffffffu;

struct TimelineRecord {
    std::uint64_t begin;
    std::uint64_t end;
    RecordKind kind;
    std::uint16_t track;
    std::uint16_t detail;
    std::uint16_t reserved;
    std::uint32_t operatorIndex;
    std::uint32_t item;
    std::uint32_t command;
    std::uint32_t node;
    std::uint64_t bytes;
};
static_assert(sizeof(TimelineRecord) == 48, "harness/stats/timeline.py");

}  // namespace harness
