// SPDX-License-Identifier: BSD-3-Clause
// A network that the compiler made, with the accelerator's model behind the fake device: the output
// bytes are the embedded SoC's (make_case.py).
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <ostream>

#include "disk_folder.hh"
#include "gem5_configs/guest/runtime/runtime.hh"
#include "model_executor.hh"

namespace harness::guest {
namespace {

std::vector<std::uint8_t> readAll(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    EXPECT_TRUE(file.good()) << path;
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

struct Case {
    const char* folder;
    std::uint64_t instances;
    const char* threads;
    const char* wait;
    bool isLate;
    const char* memory = "dma";
};

std::string nameOf(const Case& each) {
    return std::string(each.folder) + "_" + each.threads + "_threads_" + each.wait +
           (each.isLate ? "_late_" : "_at_once_") + each.memory;
}

void PrintTo(const Case& each, std::ostream* out) { *out << nameOf(each); }

class Inference : public testing::TestWithParam<Case> {};

TEST_P(Inference, GivesTheBytesOfTheEmbeddedSoC) {
    const std::string folder = std::string(HARNESS_GUEST_CASES) + "/" + GetParam().folder + "/";
    FakeSystem system;
    system.instances = GetParam().instances;
    system.isLate = GetParam().isLate;
    system.execute = vectorMacExecutor(system.instances);
    std::vector<std::string> words = DiskFolder::arguments(folder);
    words.insert(words.end(),
                 {"--threads", GetParam().threads, "--wait", GetParam().wait, "--repeat", "2",
                  "--share-bytes", "512", "--memory", GetParam().memory});
    runInferences(parseArguments(words), system.opener());
    EXPECT_EQ(system.files[HARNESS_FILE_OUTPUTS], readAll(folder + "outputs.bin"));
    EXPECT_EQ(system.waitsWithoutInterrupt, 0u);
    EXPECT_EQ(system.pins > 0, std::string(GetParam().memory) == "pinned");
    for (const std::uint64_t commands : system.commandsOf) EXPECT_GT(commands, 0u);
}

INSTANTIATE_TEST_SUITE_P(
    LeNet5, Inference,
    testing::Values(Case{"one", 1, "1", "interrupt", true}, Case{"one", 1, "4", "polling", true},
                    Case{"one", 1, "1", "polling", false}, Case{"four", 4, "1", "polling", true},
                    Case{"four", 4, "4", "interrupt", true},
                    Case{"four", 4, "4", "interrupt", false},
                    Case{"dynamic", 4, "4", "interrupt", true},
                    Case{"dynamic", 4, "1", "polling", true},
                    Case{"one", 1, "1", "polling", true, "pinned"},
                    Case{"four", 4, "4", "interrupt", true, "pinned"}),
    [](const testing::TestParamInfo<Case>& info) { return nameOf(info.param); });

}  // namespace
}  // namespace harness::guest
