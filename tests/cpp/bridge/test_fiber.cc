// SPDX-License-Identifier: BSD-3-Clause
#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

#include "fiber.hh"

namespace harness::bridge {
namespace {

TEST(Fiber, StopsAtSuspendAndGoesOnAtResume) {
    Fiber fiber;
    std::string trace;
    fiber.start([&] {
        trace += "a";
        fiber.suspend();
        trace += "c";
    });

    fiber.resume();
    trace += "b";
    EXPECT_TRUE(fiber.isRunning());
    fiber.resume();

    EXPECT_EQ(trace, "abc");
    EXPECT_FALSE(fiber.isRunning());
}

TEST(Fiber, HandsExceptionsToItsCaller) {
    Fiber fiber;
    fiber.start([&] {
        fiber.suspend();
        throw std::runtime_error("the model's");
    });
    fiber.resume();

    EXPECT_THROW(fiber.resume(), std::runtime_error);
    EXPECT_FALSE(fiber.isRunning());
}

struct Witness {
    explicit Witness(bool& isGone) : isGone(isGone) {}
    ~Witness() { isGone = true; }
    bool& isGone;
};

TEST(Fiber, RunsDestructorsOfABodyThatIsGivenUp) {
    bool isGone = false;
    {
        Fiber fiber;
        fiber.start([&] {
            const Witness witness(isGone);
            fiber.suspend();
            ADD_FAILURE() << "went on after it was given up";
        });
        fiber.resume();
        EXPECT_FALSE(isGone);
    }
    EXPECT_TRUE(isGone);
}

TEST(Fiber, IsReusedForTheNextBody) {
    Fiber fiber;
    int runs = 0;
    for (int i = 0; i < 1000; ++i) {
        fiber.start([&] {
            fiber.suspend();
            ++runs;
        });
        fiber.resume();
        fiber.resume();
    }
    EXPECT_EQ(runs, 1000);
}

TEST(Fiber, IsNotEnteredIfItIsCancelledBefore) {
    Fiber fiber;
    fiber.start([] { ADD_FAILURE() << "entered"; });
    fiber.cancel();
    EXPECT_FALSE(fiber.isRunning());
}

}  // namespace
}  // namespace harness::bridge
