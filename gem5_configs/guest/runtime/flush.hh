// SPDX-License-Identifier: BSD-3-Clause
// What the instruction set offers for memory that a device shares without coherence.
#pragma once

#include <cstdint>

namespace harness::guest {

/// Whether CPUID reports clflushopt; flushLines() uses the slower, ordered clflush otherwise.
bool hasOptimisedFlush();

/// Write back and drop the lines of a range, unordered until storeFence(); lines flushed.
std::uint64_t flushLines(const void* data, std::uint64_t sizeBytes, std::uint32_t lineBytes);

/// Stores and flushes before it are done before stores after it.
inline void storeFence() { asm volatile("sfence" ::: "memory"); }

inline void pauseCpu() { asm volatile("pause" ::: "memory"); }

/// The time-stamp counter.
inline std::uint64_t readCounter() {
    std::uint32_t low, high;
    asm volatile("rdtsc" : "=a"(low), "=d"(high)::"memory");
    return std::uint64_t(high) << 32 | low;
}

}  // namespace harness::guest
