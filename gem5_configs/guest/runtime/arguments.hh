// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace harness::guest {

struct Arguments {
    std::string program = "program.pb";
    std::string weights = "program.bin";
    std::string inputs = "inputs.bin";
    std::string device = "/dev/harness";
    std::uint32_t threads = 1;
    std::uint32_t repeat = 1;
    std::uint32_t queueDepth = 16;
    std::uint64_t shareBytes = 4096;
    std::uint32_t spins = 200;
    std::uint32_t progressSteps = 0;
    bool isPolling = false;
    bool isSubmittedByIoctl = false;
    bool isPinned = false;
    bool isDynamic = false;
    bool hasAssignment = false;  // else the program says it
    bool isCold = false;
    bool isMicro = false;
    bool isSelfTest = false;
    bool isHelp = false;
};

extern const char* const kUsage;

/// Throws RuntimeError that names the first argument that is wrong.
Arguments parseArguments(const std::vector<std::string>& words);

}  // namespace harness::guest
