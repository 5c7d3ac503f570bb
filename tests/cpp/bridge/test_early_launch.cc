// SPDX-License-Identifier: BSD-3-Clause
// Launches that are sent before their commands start: host time is saved, nothing else changes.
#include <gtest/gtest.h>

#include <cstdio>

#include "model_link.hh"
#include "model_thread.hh"

namespace harness::bridge {
namespace {

class EarlyLaunchTest : public ::testing::Test {
  protected:
    EarlyLaunchTest() {
        const std::string name = ::testing::UnitTest::GetInstance()->current_test_info()->name();
        stem = ::testing::TempDir() + "he" + std::to_string(getpid()) + name.substr(0, 24);
        settings.endpoint = "ipc://" + stem;
        settings.tokenText = tokenText;
        settings.token = parseToken(tokenText);
        settings.deadlineSeconds = 5;
        settings.hello.instances = 2;
    }

    std::unique_ptr<ModelLink> connect() {
        std::unique_ptr<ModelLink> link = connectModel(settings, nullptr);
        link->reset({{"all", 4096, true}});
        return link;
    }

    static Command command(const std::string& kernel = "negate", std::uint64_t offset = 0) {
        Command command;
        command.kernel = kernel;
        command.operands = {
            {"input", deviceAddress(0, offset), 8, "uint8", {8}, Interface::Dma, true, false},
            {"output", deviceAddress(0, 64), 8, "uint8", {8}, Interface::Acp, false, true}};
        return command;
    }

    template <typename Action>
    std::string faultOf(const Action& action) {
        try {
            action();
        } catch (const LinkError& error) {
            return error.what();
        }
        return "no LinkError came";
    }

    LinkSettings settings;
    std::string stem;
};

TEST_F(EarlyLaunchTest, GivesTheSameAnswersAndTheSameCount) {
    std::vector<std::string> plain;
    {
        ModelThread model(settings.endpoint);
        const auto link = connect();
        for (const char* data : {"abcdefgh", "ijklmnop", "qrstuvwx"}) {
            plain.push_back(link->launch(0, 5, command(), data).envelope.data());
        }
        link->bye(5);
    }
    ModelThread model(settings.endpoint);
    const auto link = connect();
    EXPECT_EQ(link->launch(0, 5, command(), "abcdefgh").envelope.data(), plain[0]);
    ASSERT_TRUE(link->launchEarly(0, 6, command(), "ijklmnop"));
    const Answer early = link->takeEarly(0);
    EXPECT_EQ(early.envelope.data(), plain[1]);
    EXPECT_EQ(early.actions.commandId, 1U);
    EXPECT_TRUE(early.actions.isFinal);
    EXPECT_EQ(link->launch(0, 9, command(), "qrstuvwx").envelope.data(), plain[2]);
    EXPECT_EQ(link->exchanges(), 4U);
    EXPECT_EQ(link->earlyLaunches(), 1U);
    EXPECT_GT(link->cpuSeconds(), 0);
    EXPECT_EQ(link->bye(9).front().value, 24.0);
}

TEST_F(EarlyLaunchTest, AtMostOneAwaitsItsAnswerAndOneOfAnInstanceIsKept) {
    ModelThread model(settings.endpoint);
    const auto link = connect();
    link->launch(0, 1, command(), "abcdefgh");
    EXPECT_TRUE(link->mayLaunchEarly(0));
    ASSERT_TRUE(link->launchEarly(0, 2, command(), "ijklmnop"));
    EXPECT_FALSE(link->mayLaunchEarly(0));
    EXPECT_FALSE(link->mayLaunchEarly(1));
    const Answer other = link->launch(1, 3, command(), "qrstuvwx");  // the answer to 0 waits
    EXPECT_EQ(other.actions.commandId, 0U);
    EXPECT_FALSE(link->mayLaunchEarly(0));
    ASSERT_TRUE(link->mayLaunchEarly(1));
    ASSERT_TRUE(link->launchEarly(1, 4, command(), "abcdefgh"));
    EXPECT_EQ(link->takeEarly(0).actions.commandId, 1U);
    EXPECT_EQ(link->takeEarly(1).actions.commandId, 1U);
    EXPECT_EQ(faultOf([&] { link->takeEarly(1); }).rfind("no command was launched early", 0), 0U);
    EXPECT_EQ(link->bye(4).front().value, 16.0);
}

TEST_F(EarlyLaunchTest, ARefusedCommandIsNotSent) {
    ModelThread model(settings.endpoint);
    const auto link = connect();
    EXPECT_FALSE(link->launchEarly(0, 1, command("negate", 4092), "abcdefgh"));
    EXPECT_TRUE(link->mayLaunchEarly(0));
    EXPECT_EQ(link->launch(0, 2, command(), "abcdefgh").actions.commandId, 0U);
    link->bye(2);
}

TEST_F(EarlyLaunchTest, TheModelsErrorComesWithTheAnswer) {
    ModelThread model(settings.endpoint);
    const auto link = connect();
    ASSERT_TRUE(link->launchEarly(0, 3, command("throw"), "abcdefgh"));
    const std::string text = faultOf([&] { link->takeEarly(0); });
    EXPECT_NE(text.find("own words"), std::string::npos) << text;
    EXPECT_NE(text.find("Launch of instance 0 at tick 3"), std::string::npos) << text;
    EXPECT_FALSE(link->mayLaunchEarly(0));
}

TEST_F(EarlyLaunchTest, AModelThatPeeksHasToSaySo) {
    ModelThread model(settings.endpoint);
    const auto link = connect();
    ASSERT_TRUE(link->launchEarly(0, 3, command("peek"), "abcdefgh"));
    const std::string text = faultOf([&] { link->takeEarly(0); });
    EXPECT_NE(text.find("can_launch_early = False"), std::string::npos) << text;
}

TEST_F(EarlyLaunchTest, ASessionEndsAndBeginsAnewWithOneUnderWay) {
    ModelThread model(settings.endpoint);
    const auto link = connect();
    ASSERT_TRUE(link->launchEarly(0, 3, command(), "abcdefgh"));
    link->reset({{"all", 4096, true}});
    EXPECT_TRUE(link->mayLaunchEarly(0));
    ASSERT_TRUE(link->launchEarly(0, 3, command(), "abcdefgh"));
    EXPECT_EQ(link->bye(3).front().value, 8.0);
}

TEST_F(EarlyLaunchTest, ModesAndSessionsThatAreAskedStepByStepHaveNone) {
    settings.hello.mode = ModelMode::Exact;
    {
        ModelThread model(settings.endpoint);
        const auto link = connect();
        EXPECT_FALSE(link->takesEarlyLaunches());
        EXPECT_FALSE(link->mayLaunchEarly(0));
        link->bye(0);
    }
    settings.hello.mode = ModelMode::Kernel;
    settings.recordPath = stem + ".trace";
    {
        ModelThread model(settings.endpoint);
        const auto link = connect();
        EXPECT_FALSE(link->takesEarlyLaunches());
        link->bye(0);
    }
    settings.replayPath = std::exchange(settings.recordPath, "");
    const auto link = connect();
    EXPECT_FALSE(link->takesEarlyLaunches());
    link->bye(0);
    std::remove(settings.replayPath.c_str());
}

}  // namespace
}  // namespace harness::bridge
