// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "command.hh"
#include "records.hh"

namespace harness::bridge {

// What a model wants done, as it came.
struct ActionsView {
    std::uint64_t commandId = 0;
    std::vector<NodeRecord> nodes;
    std::vector<std::uint32_t> dependences;
    std::uint64_t dataBytes = 0;
    bool isFinal = false;
    std::uint64_t wakeTick = 0;
};

// The simulator's book on one running command: what the model may name, what it has sent.
//
// Nothing of a model's reaches a simulator before it passed enter().
class CommandLedger final {
  public:
    CommandLedger(Command command, std::uint64_t commandId, std::size_t unitCount,
                  std::uint32_t maximumNodes)
        : command_(std::move(command)),
          commandId_(commandId),
          unitCount_(unitCount),
          maximumNodes_(maximumNodes) {}

    // Notes that the model is told of an ended NOTIFY.
    void noteEvent() { ++events_; }

    // Throws BridgeError{Protocol or Bounds} if the Actions break a rule of `proto/README.md`.
    void enter(const ActionsView& actions, std::uint64_t tick);

    bool isFinal() const { return isFinal_; }
    const Command& command() const { return command_; }
    std::uint64_t commandId() const { return commandId_; }

  private:
    void checkNode(const NodeRecord& node, std::uint64_t dataBytes) const;
    void checkTransfer(const NodeRecord& node, std::uint64_t dataBytes) const;
    void checkDependences(const NodeRecord& node, const std::vector<std::uint32_t>& dependences,
                          std::uint64_t expectedFirst) const;
    void require(bool isMet, const NodeRecord& node, const char* field) const;
    void require(bool isMet, const char* what) const;

    const Command command_;
    const std::uint64_t commandId_;
    const std::size_t unitCount_;
    const std::uint32_t maximumNodes_;
    std::uint64_t workSent_ = 0;
    std::uint64_t notifySent_ = 0;
    std::uint64_t events_ = 0;
    bool isFinal_ = false;
};

}  // namespace harness::bridge
