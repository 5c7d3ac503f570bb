// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "command_execution.hh"
#include "envelope.hh"
#include "ledger.hh"

namespace harness::bridge {

// What the simulator says of itself in Hello.
struct HelloSettings {
    ModelMode mode = ModelMode::Kernel;
    std::uint32_t instances = 1;
    std::string parametersJson;  // an object, or empty for none
    std::uint32_t lineBytes = 64;
    std::uint64_t seed = 0;
    std::string simulator = "C++ simulator";
    std::uint64_t maximumFrameBytes = bridge::maximumFrameBytes;
    std::uint32_t maximumNodes = bridge::maximumNodes;
};

struct Window {
    std::string name;
    std::uint64_t sizeBytes = 0;
    bool isWritable = false;
};

// One checked answer of the model; `envelope` holds what the other fields do not.
//
// An Ack in place of Actions is given as the Actions that it means: no nodes, not final.
struct Answer {
    pb::Envelope::BodyCase kind = pb::Envelope::BODY_NOT_SET;
    ActionsView actions;              // of Actions; the bytes of its WRITEs are envelope.data()
    std::vector<MemoryRange> ranges;  // of FunctionalRead
    pb::Envelope envelope;

    bool isActions() const { return kind == pb::Envelope::kActions; }
    bool isBusy() const { return kind == pb::Envelope::kBusy; }
};

// The simulator's end of the protocol without a socket, a deadline or a thread.
//
// Each request returns the frame to send; then every frame that comes goes through receive() until
// one gives the turn back. FunctionalRead is answered by functionalData(), Busy by waiting on. All
// throw BridgeError: on the simulator's own misuse, on a model that breaks a rule, and with the
// model's own kind and text where it sent Error. After that the session is of no use.
class SimulatorClient final {
  public:
    SimulatorClient(HelloSettings settings, SessionToken token)
        : settings_(std::move(settings)), token_(token) {}

    std::string hello();
    std::string reset(const std::vector<Window>& windows);
    // `operandData`: in KERNEL mode the bytes of all operands that may be read, back to back.
    std::string launch(std::uint32_t instance, std::uint64_t tick, const Command& command,
                       std::string operandData = {});
    // Reports an ended NOTIFY; `data`: in EXACT mode the bytes of the READ nodes among them.
    std::string event(std::uint32_t instance, std::uint64_t tick,
                      const std::vector<CompletionRecord>& completions, std::string data = {});
    // Reports that the tick is reached that the model had named.
    std::string wake(std::uint32_t instance, std::uint64_t tick);
    std::string functionalData(std::string data);
    std::string drain(std::uint64_t tick);
    std::string bye(std::uint64_t tick);

    Answer receive(std::string_view frame);

    // The model's HelloAck, once it came.
    const pb::HelloAck& model() const { return model_; }

    bool isModelsTurn() const { return isModelsTurn_; }
    bool isRunning(std::uint32_t instance) const { return ledgers_.count(instance) != 0; }

  private:
    std::string request(pb::Envelope envelope, std::uint32_t instance, std::uint64_t tick);
    std::string seal(pb::Envelope& envelope);
    CommandLedger& runningCommand(std::uint32_t instance, const char* request);
    void checkWindow(std::uint64_t address, std::uint64_t sizeBytes, bool isWritten) const;
    void checkAnswer(const pb::Envelope& envelope) const;
    void acceptHello(const pb::HelloAck& reply);
    ActionsView actionsOf(const pb::Envelope& envelope);
    void enter(const ActionsView& actions);
    std::vector<MemoryRange> rangesOf(const pb::FunctionalRead& read);

    HelloSettings settings_;
    SessionToken token_;
    pb::HelloAck model_;
    std::size_t unitCount_ = 0;
    std::vector<Window> windows_;
    std::map<std::uint32_t, CommandLedger> ledgers_;
    std::map<std::uint32_t, std::uint64_t> nextCommandIds_;
    pb::Envelope::BodyCase asked_ = pb::Envelope::BODY_NOT_SET;
    std::uint64_t sentSequence_ = 0;
    std::uint64_t receivedSequence_ = 0;
    std::uint64_t peerMaximumFrameBytes_ = maximumFrameBytes;
    std::uint64_t tick_ = 0;
    std::uint32_t instance_ = 0;
    bool isModelsTurn_ = false;
    bool hasRead_ = false;
};

}  // namespace harness::bridge
