// SPDX-License-Identifier: BSD-3-Clause
#include "gem5_configs/guest/runtime/flush.hh"

#include <cpuid.h>

namespace harness::guest {

namespace {

constexpr unsigned kFeatureLeaf = 7;
constexpr unsigned kClflushopt = 1U << 23;  // of EBX, Intel SDM volume 2, CPUID leaf 7

bool detect() {
    unsigned a = 0, b = 0, c = 0, d = 0;
    return __get_cpuid_count(kFeatureLeaf, 0, &a, &b, &c, &d) && (b & kClflushopt);
}

void flushOptimised(std::uintptr_t line) {
    asm volatile("clflushopt %0" : "+m"(*reinterpret_cast<volatile char*>(line)));
}

void flushOrdered(std::uintptr_t line) {
    asm volatile("clflush %0" : "+m"(*reinterpret_cast<volatile char*>(line)));
}

}  // namespace

bool hasOptimisedFlush() {
    static const bool isThere = detect();
    return isThere;
}

std::uint64_t flushLines(const void* data, std::uint64_t sizeBytes, std::uint32_t lineBytes) {
    if (!sizeBytes) return 0;
    const auto begin = reinterpret_cast<std::uintptr_t>(data);
    const std::uintptr_t first = begin & ~std::uintptr_t(lineBytes - 1);
    const std::uintptr_t end = begin + sizeBytes;
    if (hasOptimisedFlush())
        for (std::uintptr_t line = first; line < end; line += lineBytes) flushOptimised(line);
    else
        for (std::uintptr_t line = first; line < end; line += lineBytes) flushOrdered(line);
    return (end - first + lineBytes - 1) / lineBytes;
}

}  // namespace harness::guest
