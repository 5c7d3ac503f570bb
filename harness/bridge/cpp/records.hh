// SPDX-License-Identifier: BSD-3-Clause
// The fixed little-endian records of the bridge, as `proto/README.md` section 5 lays them out.
//
// The executor of harness/port takes them from here: this header needs nothing but the language.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace harness::bridge {

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
              "records are copied as they are: the host must be little-endian");

enum class NodeKind : std::uint8_t {
    Read = 1,
    Write = 2,
    Compute = 3,
    Fence = 4,
    Irq = 5,
    SetRegister = 6,
    Notify = 7,
};

// How an operand's bytes travel; `None` is what nodes without bytes carry.
enum class Interface : std::uint8_t { None = 0, Dma = 1, Acp = 2, Cache = 3, Direct = 4 };

// Ids from here on belong to NOTIFY nodes, so that ids of work do not depend on how often a model
// asks.
inline constexpr std::uint32_t firstNotifyId = 0x80000000U;
inline constexpr std::uint32_t maximumStreams = 16;

// Most nodes of one Actions, whatever Hello allows.
inline constexpr std::uint32_t maximumNodes = 65536;

// One operation of a command, 64 bytes.
struct NodeRecord {
    std::uint32_t id = 0;
    NodeKind kind = NodeKind::Fence;
    Interface interface = Interface::None;
    std::uint8_t stream = 0;
    std::uint8_t unit = 0;
    std::uint64_t address = 0;
    std::uint64_t value = 0;
    std::uint32_t rowBytes = 0;
    std::uint32_t rows = 0;
    std::uint64_t strideBytes = 0;
    std::uint64_t dataOffset = 0;
    std::uint32_t firstDependence = 0;
    std::uint32_t dependences = 0;
    std::uint32_t operand = 0;
    std::uint32_t flags = 0;

    std::uint64_t sizeBytes() const { return std::uint64_t{rowBytes} * rows; }
    bool isTransfer() const { return kind == NodeKind::Read || kind == NodeKind::Write; }
    bool isTimed() const { return isTransfer() || kind == NodeKind::Compute; }
};

static_assert(std::is_trivially_copyable_v<NodeRecord> && std::is_standard_layout_v<NodeRecord>);
static_assert(sizeof(NodeRecord) == 64);
static_assert(offsetof(NodeRecord, id) == 0);
static_assert(offsetof(NodeRecord, kind) == 4);
static_assert(offsetof(NodeRecord, interface) == 5);
static_assert(offsetof(NodeRecord, stream) == 6);
static_assert(offsetof(NodeRecord, unit) == 7);
static_assert(offsetof(NodeRecord, address) == 8);
static_assert(offsetof(NodeRecord, value) == 16);
static_assert(offsetof(NodeRecord, rowBytes) == 24);
static_assert(offsetof(NodeRecord, rows) == 28);
static_assert(offsetof(NodeRecord, strideBytes) == 32);
static_assert(offsetof(NodeRecord, dataOffset) == 40);
static_assert(offsetof(NodeRecord, firstDependence) == 48);
static_assert(offsetof(NodeRecord, dependences) == 52);
static_assert(offsetof(NodeRecord, operand) == 56);
static_assert(offsetof(NodeRecord, flags) == 60);

enum class CompletionStatus : std::uint32_t { Ok = 0, BusError = 1 };

// What became of one node, 32 bytes.
struct CompletionRecord {
    std::uint32_t id = 0;
    CompletionStatus status = CompletionStatus::Ok;
    std::uint64_t issueTick = 0;
    std::uint64_t firstTick = 0;
    std::uint64_t lastTick = 0;
};

static_assert(std::is_trivially_copyable_v<CompletionRecord>);
static_assert(sizeof(CompletionRecord) == 32);
static_assert(offsetof(CompletionRecord, id) == 0);
static_assert(offsetof(CompletionRecord, status) == 4);
static_assert(offsetof(CompletionRecord, issueTick) == 8);
static_assert(offsetof(CompletionRecord, firstTick) == 16);
static_assert(offsetof(CompletionRecord, lastTick) == 24);

// Device addresses: window id in bits 40 to 63, offset in bits 0 to 39.
inline constexpr unsigned windowShift = 40;
inline constexpr std::uint64_t windowOffsetMask = (std::uint64_t{1} << windowShift) - 1;

inline constexpr std::uint64_t deviceAddress(std::uint32_t window, std::uint64_t offsetBytes) {
    return (std::uint64_t{window} << windowShift) | (offsetBytes & windowOffsetMask);
}

inline constexpr std::uint32_t windowOf(std::uint64_t address) {
    return static_cast<std::uint32_t>(address >> windowShift);
}

inline constexpr std::uint64_t offsetOf(std::uint64_t address) {
    return address & windowOffsetMask;
}

}  // namespace harness::bridge
