// SPDX-License-Identifier: BSD-3-Clause
// The simulator's end as a simulator uses it: one call per exchange, whoever answers it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "client.hh"
#include "link_error.hh"
#include "model.hh"

namespace harness::bridge {

struct LinkSettings {
    std::string endpoint;   // ipc://PATH, bound here
    SessionToken token;     // stamped into every frame
    std::string tokenText;  // the same as 32 hexadecimal digits, the model's password
    double deadlineSeconds =
        60;            // host time that the model has for one answer, or between two Busy
    int modelPid = 0;  // the model's process, watched while waiting; 0 watches none
    HelloSettings hello;
    std::string recordPath;  // a trace to write; empty for none
    std::string replayPath;  // a trace to answer from in place of a model; empty for none
    std::function<bool()> interrupted;  // asked while waiting; may be empty
};

// Answers a model's batched functional read.
class FunctionalReader {
  public:
    virtual ~FunctionalReader() = default;

    // Returns the bytes of the ranges as the instance sees them now, back to back.
    virtual std::string read(std::uint32_t instance, const std::vector<MemoryRange>& ranges) = 0;
};

// A session with a model after its handshake. Every answer was checked before it is returned.
//
// All throw LinkError. A request that the client refuses before it is sent (a command outside its
// windows, say) leaves the session as it was; any other error ends it.
class ModelLink {
  public:
    virtual ~ModelLink() = default;

    // What the model said of itself.
    virtual const pb::HelloAck& model() const = 0;

    // Starts a run: all instances forget; operands may lie in these windows, the index is the id.
    virtual void reset(const std::vector<Window>& windows) = 0;

    // The answers of these three hold Actions; the bytes of their WRITEs are envelope.data().
    // `operandData`: in KERNEL mode the bytes of all operands that may be read, back to back.
    virtual Answer launch(std::uint32_t instance, std::uint64_t tick, const Command& command,
                          std::string operandData) = 0;
    virtual Answer event(std::uint32_t instance, std::uint64_t tick,
                         const std::vector<CompletionRecord>& completions, std::string data) = 0;
    virtual Answer wake(std::uint32_t instance, std::uint64_t tick) = 0;

    // Whether commands may be launched before they start (`proto/README.md` 4): the model takes
    // that in this mode, and the session is neither recorded nor replayed.
    virtual bool takesEarlyLaunches() const = 0;

    // Whether one of this instance may be sent now: none awaits its answer, and it has none.
    virtual bool mayLaunchEarly(std::uint32_t instance) const = 0;

    // Sends the Launch and leaves its answer for later. False if the command is refused, which
    // launch() then says when the command starts.
    virtual bool launchEarly(std::uint32_t instance, std::uint64_t tick, const Command& command,
                             std::string operandData) = 0;

    // The answer to the instance's early Launch, at the command's first tick. It is for the
    // simulator to see that the command and its operands' bytes are still what was sent.
    virtual Answer takeEarly(std::uint32_t instance) = 0;

    // The model's state between two commands.
    virtual std::string drain(std::uint64_t tick) = 0;

    // Ends the session in good order; returns what all instances counted.
    virtual std::vector<ModelStatistic> bye(std::uint64_t tick) = 0;

    // Requests that were answered since the handshake.
    virtual std::uint64_t exchanges() const = 0;

    // How many of them were Launches that were sent early.
    virtual std::uint64_t earlyLaunches() const = 0;

    // Host seconds spent waiting for the model; for measurement only, never for a result.
    virtual double waitedSeconds() const = 0;

    // CPU seconds of the calling thread in exchanges, those of a replay included; likewise.
    virtual double cpuSeconds() const = 0;
};

// Binds the endpoint, or opens the trace, and returns after HelloAck.
//
// `reader` may be null if the simulator serves no functional reads; it must outlive the link.
std::unique_ptr<ModelLink> connectModel(const LinkSettings& settings, FunctionalReader* reader);

}  // namespace harness::bridge
