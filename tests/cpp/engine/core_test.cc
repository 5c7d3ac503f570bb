// SPDX-License-Identifier: BSD-3-Clause
// How a core overlaps loads and stores that miss.
#include "harness/soc/core.hh"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace harness {
namespace {

constexpr Addr kLine = 64;
constexpr Tick kLatency = 10000;
constexpr Tick kStores = 700;

/// Every line misses once and arrives `kLatency` later, however many are under way.
class FlatPort final : public Requestor, public EventHandler {
  public:
    explicit FlatPort(EventQueue& queue) : queue(queue), id(queue.addComponent(*this, "port")) {}

    const std::string& requestorName() const override { return name; }
    std::uint32_t requestorId() const override { return 0; }
    bool canAccept() const override { return true; }
    void access(AccessKind, Addr addr, std::uint32_t, std::uint64_t tag) override {
        lines.push_back(addr);
        queue.schedule(queue.now() + kLatency, Priority::Response, id, 0, tag);
        most = std::max(most, ++underWay);
    }
    Tick accessIfHit(AccessKind, Addr addr, std::uint32_t) override {
        const bool isHit = std::find(lines.begin(), lines.end(), addr) != lines.end();
        return isHit ? queue.now() + 1 : 0;
    }
    void setListener(AccessListener& l) override { listener = &l; }
    void handleEvent(std::uint16_t, std::uint64_t tag) override {
        --underWay;
        listener->accessDone(tag, queue.now());
    }

    int most = 0;

  private:
    EventQueue& queue;
    ComponentId id;
    std::string name = "flat";
    AccessListener* listener = nullptr;
    std::vector<Addr> lines;
    int underWay = 0;
};

class ListStream final : public AccessStream {
  public:
    ListStream(AccessKind kind, int count, int rounds) : kind(kind), count(count), rounds(rounds) {}
    bool next(StreamAccess& access) override {
        if (index == count * rounds) return false;
        access = {kind, Addr(index++ % count) * kLine, 0};
        return true;
    }
    Tick tailTicks() const override { return 0; }

  private:
    AccessKind kind;
    int count, rounds, index = 0;
};

struct Outcome {
    Tick ticks = 0;
    int most = 0;
};

Outcome run(AccessKind kind, int lines, int rounds, const StoreConfig& stores) {
    EventQueue queue;
    FlatPort port(queue);
    Core core(queue, port, "core", kLine, stores);
    Outcome outcome;
    core.run(std::make_unique<ListStream>(kind, lines, rounds), 4,
             [&outcome](Tick now) { outcome.ticks = now; });
    queue.runUntil(kMaxTick);
    outcome.most = port.most;
    return outcome;
}

TEST(Core, OverlapsAsManyLoadMissesAsItMay) {
    const Outcome loads = run(AccessKind::Read, 8, 1, {1, kStores});
    EXPECT_EQ(loads.most, 4);
    EXPECT_EQ(loads.ticks, 2 * kLatency);
}

TEST(Core, SendsStoreMissesOneAfterTheOther) {
    const Outcome stores = run(AccessKind::Write, 4, 1, {1, kStores});
    EXPECT_EQ(stores.most, 1);
    // Each line's stores are through before the next line's begin; the last line's need no wait.
    EXPECT_EQ(stores.ticks, 4 * kLatency + 3 * kStores);
}

TEST(Core, OverlapsStoreMissesWhereTheTargetSaysSo) {
    const Outcome stores = run(AccessKind::Write, 4, 1, {4, 0});
    EXPECT_EQ(stores.most, 4);
    EXPECT_EQ(stores.ticks, kLatency);
}

TEST(Core, StoresThatHitTakeTheLinesTime) {
    // Both end well after the last miss, so that only the stores' own time is left.
    const Tick some = run(AccessKind::Write, 4, 20, {1, kStores}).ticks;
    const Tick more = run(AccessKind::Write, 4, 30, {1, kStores}).ticks;
    EXPECT_EQ(more - some, 10 * 4 * kStores);
}

}  // namespace
}  // namespace harness
