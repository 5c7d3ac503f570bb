// SPDX-License-Identifier: BSD-3-Clause
#include "gem5_configs/guest/runtime/arguments.hh"

#include <functional>
#include <limits>
#include <map>

#include "gem5_configs/guest/runtime/error.hh"

namespace harness::guest {

const char* const kUsage =
    "usage: harness-runtime [OPTION VALUE]...\n"
    "  --threads N              threads, the dispatching one included (1)\n"
    "  --repeat N               inferences (1)\n"
    "  --wait WAY               interrupt or polling (interrupt)\n"
    "  --submission WAY         doorbell or ioctl (doorbell)\n"
    "  --memory KIND            of windows: dma, the driver's, or pinned, our own (dma)\n"
    "  --assignment RULE        round_robin or dynamic (as the program says)\n"
    "  --queue-depth N          commands in an accelerator's ring (16)\n"
    "  --share-bytes N          least work of a thread in a copy, in bytes (4096)\n"
    "  --spin N                 looks at a signal before a thread sleeps (200)\n"
    "  --progress-steps N       report every Nth step to the simulator, 0 never (0)\n"
    "  --cold-pages             do not touch memory before the first inference\n"
    "  --micro                  then measure single actions of the runtime, into the report\n"
    "  --program PATH           the compiled program (program.pb)\n"
    "  --weights PATH           what its windows begin with (program.bin)\n"
    "  --inputs PATH            input tensors, dense, back to back (inputs.bin)\n"
    "  --device PATH            the device (/dev/harness)\n"
    "  --self-test              try threads, kernels, counter and cache maintenance; no device\n"
    "  --help                   this text\n";

namespace {

constexpr std::uint64_t kMaximumThreads = 256;
constexpr std::uint64_t kMaximumRepeat = 1000000;
constexpr std::uint64_t kMaximumSlots = 64;  // of a ring, by the ABI

std::uint64_t number(const std::string& name, const std::string& text, std::uint64_t least,
                     std::uint64_t most) {
    std::uint64_t value = 0;
    bool isNumber = !text.empty() && text.size() <= 18;
    for (const char digit : text) {
        isNumber = isNumber && digit >= '0' && digit <= '9';
        value = value * 10 + std::uint64_t(digit - '0');
    }
    if (!isNumber || value < least || value > most)
        throw RuntimeError(name + " takes a number from " + std::to_string(least) + " to " +
                           std::to_string(most) + ", not \"" + text + "\"");
    return value;
}

/// True for the second of two words.
bool choice(const std::string& name, const std::string& text, const std::string& first,
            const std::string& second) {
    if (text != first && text != second)
        throw RuntimeError(name + " takes " + first + " or " + second + ", not \"" + text + "\"");
    return text == second;
}

using Setter = std::function<void(const std::string& name, const std::string& text)>;

Setter numberSetter(std::uint32_t& target, std::uint64_t least, std::uint64_t most) {
    return [&target, least, most](const std::string& name, const std::string& text) {
        target = std::uint32_t(number(name, text, least, most));
    };
}

Setter choiceSetter(bool& target, const std::string& first, const std::string& second) {
    return [&target, first, second](const std::string& name, const std::string& text) {
        target = choice(name, text, first, second);
    };
}

Setter textSetter(std::string& target) {
    return [&target](const std::string&, const std::string& text) { target = text; };
}

std::map<std::string, Setter> setters(Arguments& arguments) {
    constexpr std::uint64_t any = std::numeric_limits<std::uint32_t>::max();
    return {
        {"--threads", numberSetter(arguments.threads, 1, kMaximumThreads)},
        {"--repeat", numberSetter(arguments.repeat, 1, kMaximumRepeat)},
        {"--queue-depth", numberSetter(arguments.queueDepth, 1, kMaximumSlots)},
        {"--spin", numberSetter(arguments.spins, 0, any)},
        {"--progress-steps", numberSetter(arguments.progressSteps, 0, any)},
        {"--share-bytes",
         [&](const std::string& name, const std::string& text) {
             arguments.shareBytes = number(name, text, 1, std::uint64_t(1) << 40);
         }},
        {"--wait", choiceSetter(arguments.isPolling, "interrupt", "polling")},
        {"--submission", choiceSetter(arguments.isSubmittedByIoctl, "doorbell", "ioctl")},
        {"--memory", choiceSetter(arguments.isPinned, "dma", "pinned")},
        {"--assignment",
         [&](const std::string& name, const std::string& text) {
             arguments.isDynamic = choice(name, text, "round_robin", "dynamic");
             arguments.hasAssignment = true;
         }},
        {"--program", textSetter(arguments.program)},
        {"--weights", textSetter(arguments.weights)},
        {"--inputs", textSetter(arguments.inputs)},
        {"--device", textSetter(arguments.device)},
    };
}

}  // namespace

Arguments parseArguments(const std::vector<std::string>& words) {
    Arguments arguments;
    const auto valued = setters(arguments);
    const std::map<std::string, bool*> flags = {{"--cold-pages", &arguments.isCold},
                                                {"--micro", &arguments.isMicro},
                                                {"--self-test", &arguments.isSelfTest},
                                                {"--help", &arguments.isHelp}};
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (const auto flag = flags.find(words[i]); flag != flags.end()) {
            *flag->second = true;
            continue;
        }
        const auto setter = valued.find(words[i]);
        if (setter == valued.end())
            throw RuntimeError("unknown argument \"" + words[i] + "\"; --help lists them");
        if (i + 1 == words.size()) throw RuntimeError(words[i] + " needs a value");
        setter->second(words[i], words[i + 1]);
        ++i;
    }
    return arguments;
}

}  // namespace harness::guest
