// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "command_execution.hh"
#include "envelope.hh"
#include "model.hh"

namespace harness::bridge {

// The model's end of the protocol without a socket: a frame in, a frame out.
//
// It answers malformed, unknown or out-of-order frames and failing models by an Error frame and is
// over then; no frame makes it throw or crash.
class ModelSession final {
  public:
    // Without a token the one of Hello is taken: in process nobody else can speak.
    explicit ModelSession(ModelFactory factory, std::optional<SessionToken> token = std::nullopt);
    ~ModelSession();

    // The reply; empty if the peer gave up and expects none.
    std::string exchange(std::string_view frame);

    // Nothing more may be exchanged.
    bool isOver() const { return isOver_; }

    // It ended by an error, of either side.
    bool hasFailed() const { return hasFailed_; }

  private:
    // One accelerator; destroyed in reverse order, so that a running command ends first.
    struct Instance {
        std::unique_ptr<AcceleratorModel> model;
        std::vector<std::string> units;
        std::unique_ptr<Fiber> fiber;
        std::unique_ptr<CommandExecution> command;
        std::uint64_t nextCommandId = 0;

        bool isBusy() const { return command != nullptr && !command->isOver(); }
    };

    pb::Envelope answer(pb::Envelope& request);
    void checkHeader(const pb::Envelope& request);
    void checkOperands(const Command& command) const;
    Instance& runningInstance(const pb::Envelope& request, std::uint64_t commandId);
    void hello(const pb::Hello& hello, pb::HelloAck& reply);
    void reset(const pb::Reset& reset);
    void launch(pb::Envelope& request, pb::Envelope& reply);
    void event(const pb::Envelope& request, pb::Envelope& reply);
    void functionalData(const pb::Envelope& request, pb::Envelope& reply);
    void drain(pb::Envelope& reply);
    void bye(pb::ByeAck& reply);
    void fillActions(Instance& instance, pb::Envelope& reply) const;
    std::string send(pb::Envelope& reply);
    std::string fail(ErrorKind kind, const std::string& text);

    ModelFactory factory_;
    std::optional<SessionToken> token_;
    ModelMode mode_ = ModelMode::Exact;
    std::uint64_t peerMaximumFrameBytes_ = maximumFrameBytes;
    std::uint32_t maximumNodes_ = 0;
    std::vector<Instance> instances_;
    std::vector<pb::DeviceWindow> windows_;
    std::uint64_t receivedSequence_ = 0;
    std::uint64_t sentSequence_ = 0;
    std::uint64_t tick_ = 0;
    std::uint32_t instance_ = 0;  // of the message being answered
    bool hasReset_ = false;
    bool isOver_ = false;
    bool hasFailed_ = false;
};

}  // namespace harness::bridge
