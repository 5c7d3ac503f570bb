// SPDX-License-Identifier: BSD-3-Clause
#include <gtest/gtest.h>

#include "gem5_configs/guest/runtime/arguments.hh"
#include "gem5_configs/guest/runtime/error.hh"

namespace harness::guest {
namespace {

std::string refusal(const std::vector<std::string>& words) {
    try {
        parseArguments(words);
    } catch (const RuntimeError& error) {
        return error.what();
    }
    return "";
}

TEST(Arguments, AreReadByName) {
    const Arguments arguments =
        parseArguments({"--threads", "4", "--repeat", "2", "--wait", "polling", "--submission",
                        "ioctl", "--assignment", "dynamic", "--queue-depth", "8", "--cold-pages"});
    EXPECT_EQ(arguments.threads, 4u);
    EXPECT_EQ(arguments.repeat, 2u);
    EXPECT_EQ(arguments.queueDepth, 8u);
    EXPECT_TRUE(arguments.isPolling && arguments.isSubmittedByIoctl && arguments.isDynamic);
    EXPECT_TRUE(arguments.hasAssignment && arguments.isCold);
}

TEST(Arguments, NameFilesThatLieInTheCurrentFolderUnlessGiven) {
    const Arguments usual = parseArguments({});
    EXPECT_EQ(usual.program + " " + usual.weights + " " + usual.inputs,
              "program.pb program.bin inputs.bin");
    const Arguments given = parseArguments({"--program", "/a", "--weights", "/b", "--inputs", "c"});
    EXPECT_EQ(given.program + " " + given.weights + " " + given.inputs, "/a /b c");
}

TEST(Arguments, AreOneInferenceOnOneThreadUnlessGiven) {
    const Arguments arguments = parseArguments({});
    EXPECT_EQ(arguments.threads, 1u);
    EXPECT_EQ(arguments.repeat, 1u);
    EXPECT_FALSE(arguments.isPolling || arguments.hasAssignment || arguments.isSelfTest);
}

TEST(Arguments, AreRefusedByName) {
    EXPECT_EQ(refusal({"--thread", "2"}), "unknown argument \"--thread\"; --help lists them");
    EXPECT_EQ(refusal({"--threads"}), "--threads needs a value");
    EXPECT_EQ(refusal({"--wait", "sleeping"}),
              "--wait takes interrupt or polling, not \"sleeping\"");
    for (const char* text : {"0", "257", "-1", "2x", "", "99999999999999999999"})
        EXPECT_EQ(refusal({"--threads", text}),
                  std::string("--threads takes a number from 1 to 256, not \"") + text + "\"");
}

}  // namespace
}  // namespace harness::guest
