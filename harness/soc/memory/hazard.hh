// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <string>

#include "harness/soc/memory/requestor.hh"

namespace harness {

/** State of a line in one cache. */
enum class LineState : std::uint8_t { Invalid, Shared, Exclusive, Owned, Modified };

inline bool isDirty(LineState state) {
    return state == LineState::Owned || state == LineState::Modified;
}
inline bool isWritable(LineState state) {
    return state == LineState::Exclusive || state == LineState::Modified;
}
const char* lineStateName(LineState state);

/** What is wrong with an access where DMA is not coherent. */
enum class HazardKind : std::uint8_t {
    /** DMA would read memory while a cache holds newer data: a flush is missing. */
    ReadMeetsDirtyLine,
    /** DMA would write memory while a cache holds a copy: a flush or an invalidate is missing. */
    WriteMeetsCachedLine,
    /** A flush is missing, though the cache happens to have written the line back. */
    ReadMeetsUnflushedLine,
    /** A flush is missing, though the cache happens to have dropped the line. */
    WriteMeetsUnflushedLine,
    /** A read through a cache of what a device wrote: an invalidate is missing. */
    CacheReadsDeviceLine,
};

/** An access that gives wrong data, or does so but for luck. */
struct CoherenceHazard {
    std::uint32_t requestorId;
    /** First byte of the access. */
    Addr addr;
    HazardKind kind;
    /** State in the cache that holds the line (Invalid: the line is on its way to a cache). */
    LineState state;
    /** Name of the cache that holds the line. */
    std::string holder;
    Tick tick;
};

/** Told of the first hazard; the event queue has been asked to stop. */
class HazardListener {
  public:
    virtual ~HazardListener() = default;
    virtual void coherenceHazard(const CoherenceHazard& hazard) = 0;
};

}  // namespace harness
