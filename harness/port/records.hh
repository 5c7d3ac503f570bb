// SPDX-License-Identifier: BSD-3-Clause
// Fixed little-endian records: the bridge's, and those of harness/stats/timeline.py.
#pragma once

#include <cstdint>

#include "harness/bridge/cpp/records.hh"

namespace harness {

using bridge::CompletionRecord;
using bridge::CompletionStatus;
using bridge::Interface;
using bridge::NodeKind;
using bridge::NodeRecord;

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
