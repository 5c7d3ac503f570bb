// SPDX-License-Identifier: BSD-3-Clause
#include "gem5_configs/guest/runtime/self_test.hh"

#include <cstdio>
#include <string>
#include <vector>

#include "gem5_configs/guest/runtime/error.hh"
#include "gem5_configs/guest/runtime/flush.hh"
#include "gem5_configs/guest/runtime/partition.hh"
#include "gem5_configs/guest/runtime/pool.hh"
#include "harness/kernels/routines.hh"

namespace harness::guest {

namespace {

constexpr std::size_t kRows = 64, kRowBytes = 96, kStrideBytes = 128;
constexpr std::uint32_t kRounds = 8;

void require(bool condition, const std::string& what) {
    if (!condition) throw RuntimeError("self test: " + what);
}

/// A strided gather, shared out to all threads some times in a row.
void testCopies(Pool& pool) {
    std::vector<std::uint8_t> source(kRows * kStrideBytes), target(kRows * kRowBytes);
    for (std::size_t i = 0; i < source.size(); ++i) source[i] = std::uint8_t(i * 7 + i / 251);
    PlacedCopy copy;
    copy.shape.rank = 2;
    copy.shape.extents = {kRows, kRowBytes};
    copy.shape.sourceStridesBytes = {kStrideBytes};
    copy.shape.destinationStridesBytes = {kRowBytes};
    copy.source = source.data();
    copy.destination = target.data();
    const auto parts = partitionCopies({copy}, {pool.threads(), 1});
    const Pool::Job job = [&parts](std::uint32_t thread) {
        for (const PlacedCopy& part : parts[thread])
            copyNd(part.destination, part.source, part.shape);
    };
    for (std::uint32_t round = 0; round < kRounds; ++round) {
        target.assign(target.size(), 0);
        pool.start(std::uint32_t(parts.size()), job);
        job(0);
        pool.join();
        for (std::size_t i = 0; i < target.size(); ++i)
            require(target[i] == source[i / kRowBytes * kStrideBytes + i % kRowBytes],
                    "a shared copy gives wrong bytes");
    }
}

/// 1 + 2 in fp16, and the activation that follows.
void testKernel() {
    std::vector<std::uint8_t> a = {0x00, 0x3c}, b = {0x00, 0x40}, y(2);
    const auto view = [](std::vector<std::uint8_t>& bytes) {
        return TensorView{bytes.data(), bytes.size(), DType::Fp16, "NC", {1, 1}, {1, 1}};
    };
    runRoutine(*findRoutine("add"), {{view(a), view(b)}, {view(y)}, {1, 0, 0}});
    require(y[0] == 0x00 && y[1] == 0x42, "the kernel add gives a wrong sum");
}

void testFlush() {
    std::vector<std::uint8_t> bytes(4096, 0x5a);
    const std::uint64_t lines = flushLines(bytes.data(), bytes.size(), 64);
    storeFence();
    require(lines >= 64 && lines <= 65, "a flush of 4096 bytes took wrong lines");
    for (const std::uint8_t byte : bytes) require(byte == 0x5a, "a flush changed memory");
}

void testCounter() {
    const std::uint64_t before = readCounter();
    for (int i = 0; i < 100; ++i) pauseCpu();
    require(readCounter() > before, "the time-stamp counter stands still");
}

}  // namespace

void selfTest(std::uint32_t threads, std::uint32_t spins) {
    Pool pool(threads, spins);
    testCopies(pool);
    testKernel();
    testFlush();
    testCounter();
    std::printf("self test: %u threads, %s, all well\n", pool.threads(),
                hasOptimisedFlush() ? "clflushopt" : "clflush");
}

}  // namespace harness::guest
