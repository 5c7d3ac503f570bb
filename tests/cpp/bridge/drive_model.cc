// SPDX-License-Identifier: BSD-3-Clause
// A simulator without time, for tests of a model's process: plays commands over a ModelLink and
// ends every work node one tick after the other, as tests/bridge_cpp/player.py does.
//
//   HARNESS_BRIDGE_TOKEN=... drive_model --endpoint ipc://s --commands FILE --memory FILE [...]
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <stdexcept>
#include <string>

#include "descriptor.hh"
#include "model_link.hh"

namespace {

using namespace harness::bridge;

volatile std::sig_atomic_t wasInterrupted = 0;

using Options = std::map<std::string, std::string>;

Options parse(int argc, char** argv) {
    Options options;
    for (int i = 1; i + 1 < argc; i += 2) {
        options[argv[i]] = argv[i + 1];
    }
    return options;
}

std::string valueOf(const Options& options, const std::string& name,
                    const std::string& otherwise = "") {
    const auto found = options.find(name);
    return found == options.end() ? otherwise : found->second;
}

std::string readFile(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) {
        throw std::runtime_error("cannot read " + path);
    }
    return {std::istreambuf_iterator<char>(file), {}};
}

// Descriptors back to back; each says its own size.
std::vector<Command> readCommands(const std::string& path) {
    const std::string bytes = readFile(path);
    std::vector<Command> commands;
    for (std::size_t first = 0; first < bytes.size();) {
        std::uint32_t sizeBytes = 0;
        std::memcpy(&sizeBytes, bytes.data() + first + 4, sizeof sizeBytes);
        commands.push_back(decodeDescriptor(std::string_view(bytes).substr(first, sizeBytes)));
        first += sizeBytes;
    }
    return commands;
}

class Player final : public FunctionalReader {
  public:
    Player(std::string memory, bool isExact) : memory_(std::move(memory)), isExact_(isExact) {}

    std::string read(std::uint32_t /*instance*/, const std::vector<MemoryRange>& ranges) override {
        std::string data;
        for (const MemoryRange& range : ranges) {
            data += memory_.substr(offsetOf(range.address), range.sizeBytes);
        }
        return data;
    }

    void play(ModelLink& link, const std::vector<Command>& commands) {
        link.reset({{"all", memory_.size(), true}});
        for (const Command& command : commands) {
            Answer answer = link.launch(0, tick_, command, isExact_ ? "" : operandBytes(command));
            std::string data;
            std::vector<CompletionRecord> completions = complete(answer, data);
            while (!answer.actions.isFinal) {
                answer = answer.actions.wakeTick != 0
                             ? link.wake(0, tick_ = answer.actions.wakeTick)
                             : link.event(0, tick_, completions, isExact_ ? data : "");
                completions = complete(answer, data);
            }
        }
        const bool canDrain = link.model().can_save_state();
        std::cout << "state " << (canDrain ? link.drain(tick_).size() : 0) << '\n';
        for (const ModelStatistic& each : link.bye(tick_)) {
            std::cout << "statistic " << each.instance << ' ' << each.name << ' ' << each.value
                      << ' ' << each.unit << '\n';
        }
    }

    const std::string& memory() const { return memory_; }

  private:
    std::string operandBytes(const Command& command) const {
        std::string data;
        for (const Operand& operand : command.operands) {
            if (operand.isRead) {
                data += memory_.substr(offsetOf(operand.address), operand.sizeBytes);
            }
        }
        return data;
    }

    // Ends all work nodes in the order of their ids, one tick each.
    std::vector<CompletionRecord> complete(const Answer& answer, std::string& data) {
        std::vector<CompletionRecord> completions;
        data.clear();
        for (const NodeRecord& node : answer.actions.nodes) {
            if (node.kind == NodeKind::Notify) {
                continue;
            }
            ++tick_;
            completions.push_back({node.id, CompletionStatus::Ok, tick_, tick_, tick_});
            for (std::uint32_t row = 0; row < node.rows; ++row) {
                const std::uint64_t first = offsetOf(node.address) + row * node.strideBytes;
                if (node.kind == NodeKind::Read) {
                    data += memory_.substr(first, node.rowBytes);
                } else {
                    const std::uint64_t offset =
                        node.dataOffset + std::uint64_t{row} * node.rowBytes;
                    memory_.replace(first, node.rowBytes,
                                    answer.envelope.data().substr(offset, node.rowBytes));
                }
            }
        }
        return completions;
    }

    std::string memory_;
    const bool isExact_;
    std::uint64_t tick_ = 0;
};

LinkSettings settingsOf(const Options& options) {
    LinkSettings settings;
    const char* token = std::getenv("HARNESS_BRIDGE_TOKEN");
    settings.tokenText = token == nullptr ? std::string(32, '0') : token;
    settings.token = parseToken(settings.tokenText);
    settings.endpoint = valueOf(options, "--endpoint");
    settings.deadlineSeconds = std::stod(valueOf(options, "--deadline", "20"));
    settings.modelPid = std::stoi(valueOf(options, "--pid", "0"));
    settings.recordPath = valueOf(options, "--record");
    settings.replayPath = valueOf(options, "--replay");
    settings.hello.mode =
        valueOf(options, "--mode") == "exact" ? ModelMode::Exact : ModelMode::Kernel;
    settings.hello.parametersJson = valueOf(options, "--parameters");
    settings.hello.simulator = valueOf(options, "--simulator", "drive_model");
    settings.interrupted = [] { return wasInterrupted != 0; };
    return settings;
}

void drive(const Options& options) {
    const LinkSettings settings = settingsOf(options);
    Player player(readFile(valueOf(options, "--memory")), settings.hello.mode == ModelMode::Exact);
    const std::vector<Command> commands = readCommands(valueOf(options, "--commands"));
    const std::unique_ptr<ModelLink> link = connectModel(settings, &player);
    std::cout << "model " << link->model().model() << std::endl;
    player.play(*link, commands);
    std::cout << "exchanges " << link->exchanges() << "\nwaited " << link->waitedSeconds() << '\n';
    std::ofstream(valueOf(options, "--memory"), std::ios::binary) << player.memory();
}

const char* nameOf(LinkFault fault) {
    static constexpr const char* names[] = {"Protocol",  "Timeout",    "PeerLost", "Model",
                                            "Handshake", "Divergence", "File",     "Interrupted"};
    return names[static_cast<int>(fault)];
}

}  // namespace

int main(int argc, char** argv) {
    struct sigaction action = {};
    action.sa_handler = [](int) { wasInterrupted = 1; };  // without SA_RESTART, as in gem5
    sigaction(SIGINT, &action, nullptr);
    try {
        drive(parse(argc, argv));
        return 0;
    } catch (const LinkError& error) {
        std::cout << "fault " << nameOf(error.fault()) << '\n' << error.what() << std::endl;
        return 1;
    } catch (const std::exception& error) {
        std::cerr << argv[0] << ": " << error.what() << '\n';
        return 2;
    }
}
