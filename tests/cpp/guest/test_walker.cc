// SPDX-License-Identifier: BSD-3-Clause
// Small programs from the files to the outputs, on a device without any accelerator's work.
#include <gtest/gtest.h>

#include <cstring>

#include "disk_folder.hh"
#include "fake_device.hh"
#include "gem5_configs/guest/runtime/error.hh"
#include "gem5_configs/guest/runtime/runtime.hh"
#include "small_program.hh"

namespace harness::guest {
namespace {

FakeSystem systemOf(const SmallProgram& program) {
    FakeSystem system;
    system.disk["program.pb"] = program.bytes();
    system.disk["inputs.bin"] = smallInput();
    return system;
}

void run(FakeSystem& system, const std::vector<std::string>& words = {}) {
    const DiskFolder disk(system.disk);
    std::vector<std::string> all = DiskFolder::arguments(disk.path);
    all.insert(all.end(), words.begin(), words.end());
    runInferences(parseArguments(all), system.opener());
}

std::string refusal(FakeSystem& system, const std::vector<std::string>& words = {}) {
    try {
        run(system, words);
    } catch (const RuntimeError& error) {
        EXPECT_EQ(system.text(HARNESS_FILE_MESSAGES), std::string(error.what()) + "\n");
        return error.what();
    }
    return "";
}

std::vector<harness_event> events(const FakeSystem& system) {
    const std::string text = system.text(HARNESS_FILE_EVENTS);
    std::vector<harness_event> list(text.size() / sizeof(harness_event));
    std::memcpy(list.data(), text.data(), list.size() * sizeof(harness_event));
    return list;
}

TEST(Walker, CopiesAnInputThroughATileToTheOutput) {
    FakeSystem system = systemOf(SmallProgram().invoke(0).wait(0, 1).finalize());
    run(system);
    EXPECT_EQ(system.files[HARNESS_FILE_OUTPUTS], smallInput());
}

TEST(Walker, RunsCpuOperators) {
    FakeSystem system = systemOf(SmallProgram().reshape());
    run(system);
    EXPECT_EQ(system.files[HARNESS_FILE_OUTPUTS], smallInput());
}

TEST(Walker, MarksLoadingAndEveryInference) {
    FakeSystem system = systemOf(SmallProgram().invoke(0).wait(0, 1).finalize());
    run(system, {"--repeat", "2"});
    const std::vector<std::pair<std::uint64_t, std::uint64_t>> expected = {{HARNESS_MARK_READY, 0},
                                                                           {HARNESS_MARK_BEGIN, 0},
                                                                           {HARNESS_MARK_END, 0},
                                                                           {HARNESS_MARK_BEGIN, 1},
                                                                           {HARNESS_MARK_END, 1}};
    EXPECT_EQ(system.marks, expected);
}

TEST(Walker, ReportsStepsOnlyWhenAsked) {
    FakeSystem system = systemOf(SmallProgram().invoke(0).wait(0, 1).finalize());
    run(system, {"--progress-steps", "4"});
    const auto count = [&](std::uint64_t code) {
        std::uint64_t found = 0;
        for (const auto& mark : system.marks) found += mark.first == code;
        return found;
    };
    EXPECT_EQ(count(HARNESS_MARK_STEP), 2u);  // steps 0 and 4 of 6
}

TEST(Walker, LogsPhasesInTheOrderOfTheSteps) {
    FakeSystem system = systemOf(SmallProgram().invoke(0).wait(0, 1).finalize().reshape());
    run(system);
    const auto begin = [](std::uint32_t phase) {
        return std::pair<std::uint32_t, std::uint32_t>{HARNESS_EVENT_BEGIN, phase};
    };
    const std::vector<std::pair<std::uint32_t, std::uint32_t>> expected = {
        {HARNESS_EVENT_SYNC, 0},
        {HARNESS_EVENT_INFERENCE, 1},
        begin(1),  // load
        begin(2),
        begin(4),  // prepare
        begin(2),
        begin(5),  // flush
        begin(2),
        begin(6),  // invoke
        begin(2),
        {HARNESS_EVENT_WAIT, 1},  // wait
        begin(2),
        begin(10),  // invalidate
        begin(2),
        begin(11),  // finalize
        begin(2),
        begin(12),  // CPU operator
        {HARNESS_EVENT_INFERENCE, 0},
        {HARNESS_EVENT_SYNC, 0}};
    const auto log = events(system);
    ASSERT_EQ(log.size(), expected.size());
    std::uint64_t last = 0;
    for (std::size_t i = 0; i < log.size(); ++i) {
        EXPECT_EQ((std::pair{log[i].kind, log[i].phase}), expected[i]) << "event " << i;
        EXPECT_LE(last, log[i].counter);
        last = log[i].counter;
    }
    EXPECT_EQ(log[4].step, 0u);
    EXPECT_EQ(log[10].step, 3u);
}

TEST(Walker, ProtectsSlotsOfCommandsThatHaveNotEnded) {
    SmallProgram program;
    for (std::uint32_t item = 0; item < 40; ++item) program.invoke(item);
    FakeSystem system = systemOf(program.wait(0, 40).finalize());
    system.ringSlots = 8;
    run(system, {"--queue-depth", "5"});
    EXPECT_EQ(system.deepest[0], 5u);
    ASSERT_EQ(system.items.size(), 40u);
    for (std::uint32_t i = 0; i < 40; ++i) EXPECT_EQ(system.items[i].second, i);
    EXPECT_EQ(system.waitsWithoutInterrupt, 0u);
    EXPECT_NE(system.text(HARNESS_FILE_REPORT).find("\"commands\": 40"), std::string::npos);
}

TEST(Walker, PollsForRoomInAChainThatDoesNotInterrupt) {
    SmallProgram program;
    for (std::uint32_t i = 0; i < 20; ++i) program.invoke(0, i == 19);
    FakeSystem system = systemOf(program.wait(0, 1).finalize());
    run(system, {"--queue-depth", "4"});
    EXPECT_EQ(system.deepest[0], 4u);
    EXPECT_EQ(system.commandsOf[0], 20u);
    EXPECT_EQ(system.waitsWithoutInterrupt, 0u);
    EXPECT_EQ(system.waits, 1u);
}

TEST(Walker, PollsOnlyIfTold) {
    FakeSystem system = systemOf(SmallProgram().invoke(0).wait(0, 1).finalize());
    run(system, {"--wait", "polling"});
    EXPECT_EQ(system.waits, 0u);
    EXPECT_GE(system.looks, 2u);
}

TEST(Walker, SubmitsByIoctlIfTold) {
    FakeSystem system = systemOf(SmallProgram().invoke(0).invoke(1).wait(0, 2).finalize());
    run(system, {"--submission", "ioctl"});
    EXPECT_EQ(system.submits, 2u);
    EXPECT_EQ(system.commandsOf[0], 2u);
}

TEST(Walker, GivesItemsRoundRobin) {
    SmallProgram program;
    for (std::uint32_t item = 0; item < 8; ++item) program.invoke(item, false).invoke(item);
    FakeSystem system = systemOf(program.wait(0, 8).finalize());
    system.instances = 3;
    run(system);
    for (const auto& [accelerator, item] : system.items) EXPECT_EQ(accelerator, item % 3);
    EXPECT_EQ(system.items.size(), 16u);
}

TEST(Walker, GivesItemsToTheLeastLoadedIfDynamic) {
    // All items are the first of their operator: round robin would leave the second one idle.
    SmallProgram program;
    for (std::uint32_t item = 0; item < 6; ++item) program.invoke(item);
    for (auto& step : *program.message.mutable_steps())
        if (step.has_invoke()) step.mutable_invoke()->set_item_in_operator(0);
    FakeSystem system = systemOf(program.wait(0, 6).finalize());
    system.instances = 2;
    run(system);
    EXPECT_EQ(system.commandsOf, (std::vector<std::uint64_t>{6, 0}));
    system.items.clear();
    run(system, {"--assignment", "dynamic"});
    EXPECT_GE(system.commandsOf[1], 2u);
    EXPECT_EQ(system.commandsOf[0] + system.commandsOf[1], 6u);
}

TEST(Walker, WaitsForAnInvocationOfAnotherItem) {
    SmallProgram program;
    program.invoke(0);
    const std::uint32_t first = program.lastStep();
    FakeSystem system = systemOf(program.invoke(1, true, {first}).wait(0, 2).finalize());
    system.instances = 2;
    run(system);
    ASSERT_EQ(system.items.size(), 2u);
    EXPECT_EQ(system.items[0].second, 0u);
}

TEST(Walker, FillsWindowsFromTheWeightsFile) {
    SmallProgram program;
    program.message.mutable_windows(0)->set_initial_size_bytes(100);
    program.message.mutable_windows(0)->set_initial_offset_bytes(20);
    FakeSystem system = systemOf(program.invoke(0).wait(0, 1).finalize());
    system.disk["program.bin"].resize(120);
    for (std::size_t i = 0; i < 120; ++i) system.disk["program.bin"][i] = std::uint8_t(i);
    std::vector<std::uint8_t> seen;
    system.execute = [&](std::uint64_t, const std::string&, FakeWindows& windows) {
        seen.assign(windows[0].data, windows[0].data + windows[0].sizeBytes);
    };
    run(system);
    ASSERT_EQ(seen.size(), 4096u);
    EXPECT_EQ(seen[0], 20);
    EXPECT_EQ(seen[99], 119);
    EXPECT_EQ(seen[100], 0);
    system.disk["program.bin"].resize(119);
    EXPECT_EQ(refusal(system), "window \"weights\" takes bytes up to 120 of a file of 119");
}

TEST(Walker, FlushesAllWindowsAfterLoadingOnlyWithoutCoherence) {
    FakeSystem system = systemOf(SmallProgram().invoke(0).wait(0, 1).finalize());
    run(system);
    EXPECT_NE(system.text(HARNESS_FILE_REPORT).find("\"load_flushed_lines\": 1"),
              std::string::npos);
    system.isCoherent = true;
    run(system);
    EXPECT_NE(system.text(HARNESS_FILE_REPORT).find("\"load_flushed_lines\": 0"),
              std::string::npos);
}

TEST(Walker, LeavesAMessageWhenItCannotGoOn) {
    const SmallProgram program = SmallProgram().invoke(0).wait(0, 1).finalize();
    FakeSystem system = systemOf(program);
    system.disk.erase("program.pb");
    EXPECT_NE(refusal(system).find("/program.pb: No such file or directory"), std::string::npos);
    system = systemOf(program);
    system.disk["inputs.bin"].pop_back();
    EXPECT_EQ(refusal(system), "inputs: 11 bytes end in \"input\"");
    system = systemOf(program);
    system.disk["inputs.bin"].push_back(0);
    EXPECT_EQ(refusal(system), "inputs: 13 bytes, the program takes 12");
    system = systemOf(program);
    EXPECT_EQ(refusal(system, {"--queue-depth", "64"}), "");
    system.ringSlots = 16;
    EXPECT_EQ(refusal(system, {"--queue-depth", "64"}),
              "--queue-depth is 64, but the device's rings have 16 slots");
}

TEST(Walker, RefusesADeviceThatCannotBeMeant) {
    FakeSystem system = systemOf(SmallProgram().invoke(0).wait(0, 1).finalize());
    system.version = 1;
    EXPECT_EQ(refusal(system), "the device speaks version 1 of its interface, expected " +
                                   std::to_string(HARNESS_ABI_VERSION));
    system.version = HARNESS_ABI_VERSION;
    system.firstWindow = 3;
    EXPECT_EQ(refusal(system),
              "window \"weights\" is 0 in the program, but the device numbers it 3");
}

TEST(Walker, EndsWhenTheBridgeStopped) {
    FakeSystem system = systemOf(SmallProgram().invoke(0).wait(0, 1).finalize());
    system.isBroken = true;
    EXPECT_EQ(refusal(system, {"--wait", "polling"}), "accelerator 0 stopped at command 0 of 1");
}

}  // namespace
}  // namespace harness::guest
