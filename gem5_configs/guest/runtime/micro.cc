// SPDX-License-Identifier: BSD-3-Clause
#include "gem5_configs/guest/runtime/micro.hh"

#include <sys/mman.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <functional>
#include <utility>
#include <vector>

#include "gem5_configs/guest/runtime/error.hh"
#include "gem5_configs/guest/runtime/flush.hh"
#include "harness/kernels/copy.hh"
#include "harness/kernels/routines.hh"

namespace harness::guest {

namespace {

constexpr std::size_t kLine = 64;
constexpr std::size_t kPage = 4096;
constexpr std::size_t kLines = 128;
constexpr std::uint32_t kSamples = 5;
constexpr std::uint32_t kReads = 32;
constexpr std::size_t kPages = 16;
constexpr std::int64_t kRows = 512, kStored = 8;
constexpr std::uint32_t kSettlePauses = 2000;  // until a waiting worker has gone to sleep

using Bytes = std::vector<std::uint8_t>;
using Action = std::function<void()>;

void loadFence() { asm volatile("lfence" ::: "memory"); }
void memoryFence() { asm volatile("mfence" ::: "memory"); }

/// The counter, after all that came before it.
std::uint64_t orderedCounter() {
    memoryFence();
    loadFence();
    const std::uint64_t now = readCounter();
    loadFence();
    return now;
}

class Micro final {
  public:
    Micro(Device& device, Pool& pool) : device(device), pool(pool), memory(kLines * kPage) {
        start = memory.data() + (kLine - std::uintptr_t(memory.data()) % kLine) % kLine;
    }

    std::string run() {
        add("counter", 1, [] {}, [] {});
        lines();
        copies();
        routines();
        registers();
        calls();
        pages();
        handOffs();
        return "{" + json + "}";
    }

  private:
    /// Samples of `action`, each after its own `prepare`, the first one thrown away.
    void add(const std::string& name, std::size_t units, const Action& prepare,
             const Action& action) {
        std::vector<std::uint64_t> cycles;
        for (std::uint32_t i = 0; i <= kSamples; ++i) {
            prepare();
            const std::uint64_t before = orderedCounter();
            action();
            cycles.push_back(orderedCounter() - before);
        }
        report(name, units, {cycles.begin() + 1, cycles.end()});
    }

    void report(const std::string& name, std::size_t units,
                const std::vector<std::uint64_t>& cycles) {
        json += (json.empty() ? "" : ",\n  ") + ("\"" + name + "\": {\"units\": ") +
                std::to_string(units) + ", \"cycles\": [";
        for (std::size_t i = 0; i < cycles.size(); ++i)
            json += (i ? ", " : "") + std::to_string(cycles[i]);
        json += "]}";
    }

    volatile std::uint8_t& line(std::size_t index) { return start[index * kLine]; }
    void drop() {
        flushLines(start, kLines * kLine, kLine);
        memoryFence();
    }
    void dirty() {
        for (std::size_t i = 0; i < kLines; ++i) line(i) = 1;
    }
    void read() {
        std::uint8_t all = 0;
        for (std::size_t i = 0; i < kLines; ++i) all = std::uint8_t(all + line(i));
        line(0) = all;
    }
    /// Each line holds the index of the next, so that no load can begin before the last has ended.
    void chase() {
        std::size_t next = 0;
        for (std::size_t i = 0; i < kLines; ++i)
            next = reinterpret_cast<volatile std::uint64_t&>(line(next));
    }
    void lay() {
        for (std::size_t i = 0; i < kLines; ++i)
            reinterpret_cast<volatile std::uint64_t&>(line(i)) = (i + 1) % kLines;
    }

    void lines() {
        const auto none = [] {};
        add("flush.dirty", kLines, [this] { dirty(); }, [this] { flush(); });
        add("flush.clean", kLines, [this] { drop(), read(); }, [this] { flush(); });
        add("flush.absent", kLines, [this] { drop(); }, [this] { flush(); });
        add("fence", 1, none, [] { storeFence(); });
        add("load.hit", kLines, [this] { lay(); }, [this] { chase(); });
        add("load.chain", kLines, [this] { lay(), drop(); }, [this] { chase(); });
        add("load.miss", kLines, [this] { drop(); }, [this] { read(); });
        add("store.miss", kLines, [this] { drop(); }, [this] { dirty(); });
    }
    void flush() {
        flushLines(start, kLines * kLine, kLine);
        storeFence();
    }

    void copies() {
        for (const std::size_t bytes : {64, 512, 4096, 32768}) {
            CopyShape shape;
            shape.rank = 1;
            shape.extents[0] = bytes;
            std::uint8_t* from = start;
            std::uint8_t* to = start + memory.size() / 2;
            const Action copy = [=] { copyNd(to, from, shape); };
            const Action cold = [=] {
                flushLines(from, bytes, kLine);
                flushLines(to, bytes, kLine);
                memoryFence();
            };
            const std::string name = "copy." + std::to_string(bytes);
            add(name + ".hot", bytes, copy, copy);
            add(name + ".cold", bytes, cold, copy);
        }
    }

    void routines() {
        Bytes dense(kRows * 2), stored(kRows * kStored * 2);
        const TensorView from{dense.data(), dense.size(), DType::Fp16,
                              "NC",         {kRows, 1},   {kRows, 1}};
        const TensorView to{stored.data(), stored.size(), DType::Fp16,
                            "NC",          {kRows, 1},    {kRows, kStored}};
        const RoutineCall call{{from}, {to}, {}};
        const Routine& reshape = *findRoutine("reshape");
        const Action run = [&] { runRoutine(reshape, call); };
        add("routine.reshape", kRows, run, run);
    }

    void registers() {
        const auto none = [] {};
        add("register.read", kReads, none, [this] {
            for (std::uint32_t i = 0; i < kReads; ++i) device.tick();
        });
        add("poll", kReads, none, [this] {
            for (std::uint32_t i = 0; i < kReads; ++i) {
                if (device.completed(0) == ~std::uint64_t{0}) throw RuntimeError("no device");
                pauseCpu();
            }
        });
    }

    void calls() {
        add(
            "ioctl", kReads, [] {},
            [this] {
                for (std::uint32_t i = 0; i < kReads; ++i) device.counters();
            });
    }

    void pages() {
        void* fresh = nullptr;
        const auto map = [&fresh] {
            fresh = mmap(nullptr, kPages * kPage, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
            if (fresh == MAP_FAILED) throw RuntimeError("micro: no memory");
        };
        add("page_fault", kPages, map, [&fresh] {
            for (std::size_t i = 0; i < kPages; ++i)
                static_cast<volatile std::uint8_t*>(fresh)[i * kPage] = 1;
        });
    }

    /// From the dispatching thread's post to the first instruction of a worker that slept.
    void handOffs() {
        if (pool.threads() < 2) return;
        std::atomic<std::uint64_t> begun{0};
        const Pool::Job job = [&begun](std::uint32_t) { begun = readCounter(); };
        std::vector<std::uint64_t> cycles;
        for (std::uint32_t i = 0; i <= kSamples; ++i) {
            for (std::uint32_t pause = 0; pause < kSettlePauses; ++pause) pauseCpu();
            const std::uint64_t before = orderedCounter();
            pool.start(2, job);
            pool.join();
            cycles.push_back(begun - before);
        }
        report("handoff", 1, {cycles.begin() + 1, cycles.end()});
    }

    Device& device;
    Pool& pool;
    Bytes memory;
    std::uint8_t* start;
    std::string json;
};

}  // namespace

std::string measureMicro(Device& device, Pool& pool) { return Micro(device, pool).run(); }

}  // namespace harness::guest
