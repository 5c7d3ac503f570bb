// SPDX-License-Identifier: BSD-3-Clause
#include "client.hh"

#include <cstring>
#include <utility>

#include "json.hh"

namespace harness::bridge {

namespace {

constexpr std::uint64_t ticksPerSecond = 1000000000000;
constexpr std::uint64_t leastFrameBytes = 1024;

void require(bool isMet, ErrorKind kind, const std::string& text) {
    if (!isMet) {
        throw BridgeError(kind, text);
    }
}

// The body that answers a request in good order.
pb::Envelope::BodyCase answerTo(pb::Envelope::BodyCase request) {
    switch (request) {
        case pb::Envelope::kHello:
            return pb::Envelope::kHelloAck;
        case pb::Envelope::kReset:
            return pb::Envelope::kAck;
        case pb::Envelope::kDrain:
            return pb::Envelope::kState;
        case pb::Envelope::kBye:
            return pb::Envelope::kByeAck;
        default:
            return pb::Envelope::kActions;
    }
}

std::size_t countUnits(const std::string& descriptionJson) {
    const Json description = Json::parse(descriptionJson);
    const auto* object = description.as<JsonObject>();
    const auto units = object == nullptr ? JsonObject::const_iterator() : object->find("units");
    const bool hasUnits =
        object != nullptr && units != object->end() && units->second.as<JsonArray>() != nullptr;
    require(hasUnits, ErrorKind::Protocol, "the model's description lacks its units");
    return units->second.as<JsonArray>()->size();
}

template <typename Record>
std::vector<Record> recordsOf(const std::string& bytes, std::size_t first, std::size_t count) {
    std::vector<Record> records(count);
    if (count != 0) {
        std::memcpy(records.data(), bytes.data() + first, count * sizeof(Record));
    }
    return records;
}

}  // namespace

std::string SimulatorClient::hello() {
    require(sentSequence_ == 0, ErrorKind::Protocol, "Hello comes first and once");
    pb::Envelope envelope;
    pb::Hello& hello = *envelope.mutable_hello();
    hello.set_protocol_major(protocolMajor);
    hello.set_simulator(settings_.simulator);
    hello.set_ticks_per_second(ticksPerSecond);
    hello.set_line_bytes(settings_.lineBytes);
    hello.set_instances(settings_.instances);
    hello.set_seed(settings_.seed);
    hello.set_parameters_json(settings_.parametersJson);
    hello.set_maximum_frame_bytes(settings_.maximumFrameBytes);
    hello.set_maximum_nodes(settings_.maximumNodes);
    hello.set_mode(static_cast<pb::ModelMode>(settings_.mode));
    return request(std::move(envelope), 0, 0);
}

std::string SimulatorClient::reset(const std::vector<Window>& windows) {
    pb::Envelope envelope;
    for (const Window& window : windows) {
        pb::DeviceWindow& message = *envelope.mutable_reset()->add_windows();
        message.set_name(window.name);
        message.set_size_bytes(window.sizeBytes);
        message.set_is_writable(window.isWritable);
    }
    envelope.mutable_reset();
    windows_ = windows;
    ledgers_.clear();
    nextCommandIds_.clear();
    return request(std::move(envelope), 0, tick_);
}

std::string SimulatorClient::launch(std::uint32_t instance, std::uint64_t tick,
                                    const Command& command, std::string operandData) {
    checkCommand(command);
    require(instance < settings_.instances, ErrorKind::Bounds, "unknown instance");
    require(!isRunning(instance), ErrorKind::Protocol, "Launch while a command runs");
    for (const Operand& operand : command.operands) {
        checkWindow(operand.address, operand.sizeBytes, operand.isWritten);
    }
    const std::uint64_t commandId = nextCommandIds_[instance];
    pb::Envelope envelope;
    envelope.mutable_launch()->set_command_id(commandId);
    commandToLaunch(command, *envelope.mutable_launch());
    envelope.set_data(std::move(operandData));
    std::string frame = request(std::move(envelope), instance, tick);
    ++nextCommandIds_[instance];
    ledgers_.try_emplace(instance, command, commandId, unitCount_, settings_.maximumNodes);
    return frame;
}

std::string SimulatorClient::event(std::uint32_t instance, std::uint64_t tick,
                                   const std::vector<CompletionRecord>& completions,
                                   std::string data) {
    CommandLedger& ledger = runningCommand(instance, "Event");
    pb::Envelope envelope;
    envelope.mutable_event()->set_command_id(ledger.commandId());
    envelope.mutable_event()->set_completions(static_cast<std::uint32_t>(completions.size()));
    envelope.set_records(completions.data(), completions.size() * sizeof(CompletionRecord));
    envelope.set_data(std::move(data));
    std::string frame = request(std::move(envelope), instance, tick);
    ledger.noteEvent();
    return frame;
}

std::string SimulatorClient::wake(std::uint32_t instance, std::uint64_t tick) {
    pb::Envelope envelope;
    envelope.mutable_wake()->set_command_id(runningCommand(instance, "Wake").commandId());
    return request(std::move(envelope), instance, tick);
}

CommandLedger& SimulatorClient::runningCommand(std::uint32_t instance, const char* request) {
    const auto ledger = ledgers_.find(instance);
    require(ledger != ledgers_.end(), ErrorKind::Protocol,
            std::string(request) + " without a running command");
    return ledger->second;
}

std::string SimulatorClient::functionalData(std::string data) {
    require(isModelsTurn_ && hasRead_, ErrorKind::Protocol, "FunctionalData that nobody asked for");
    pb::Envelope envelope;
    envelope.mutable_functional_data();
    envelope.set_data(std::move(data));
    return seal(envelope);
}

std::string SimulatorClient::drain(std::uint64_t tick) {
    require(ledgers_.empty(), ErrorKind::Protocol, "Drain while a command runs");
    pb::Envelope envelope;
    envelope.mutable_drain();
    return request(std::move(envelope), 0, tick);
}

std::string SimulatorClient::bye(std::uint64_t tick) {
    pb::Envelope envelope;
    envelope.mutable_bye();
    return request(std::move(envelope), 0, tick);
}

std::string SimulatorClient::request(pb::Envelope envelope, std::uint32_t instance,
                                     std::uint64_t tick) {
    require(!isModelsTurn_, ErrorKind::Protocol, "a request in the model's turn");
    require(tick >= tick_, ErrorKind::Protocol, "the simulator's time decreases");
    asked_ = envelope.body_case();
    instance_ = instance;
    tick_ = tick;
    isModelsTurn_ = true;
    hasRead_ = false;
    return seal(envelope);
}

std::string SimulatorClient::seal(pb::Envelope& envelope) {
    envelope.set_session_high(token_.high);
    envelope.set_session_low(token_.low);
    envelope.set_sequence(++sentSequence_);
    envelope.set_effective_tick(tick_);
    envelope.set_instance(instance_);
    return encodeFrame(envelope, peerMaximumFrameBytes_);
}

Answer SimulatorClient::receive(std::string_view frame) {
    require(isModelsTurn_, ErrorKind::Protocol, "the model spoke out of turn");
    Answer answer;
    answer.envelope = decodeFrame(frame, settings_.maximumFrameBytes);
    answer.kind = answer.envelope.body_case();
    checkAnswer(answer.envelope);
    ++receivedSequence_;
    if (answer.isBusy()) {
        return answer;
    }
    if (answer.kind == pb::Envelope::kFunctionalRead) {
        answer.ranges = rangesOf(answer.envelope.functional_read());
        return answer;
    }
    const bool isNothingToDo = asked_ == pb::Envelope::kWake && answer.kind == pb::Envelope::kAck;
    require(answer.kind == answerTo(asked_) || isNothingToDo, ErrorKind::Protocol,
            std::string(bodyName(answer.kind)) + " as the answer to " + bodyName(asked_));
    if (answer.kind == pb::Envelope::kHelloAck) {
        acceptHello(answer.envelope.hello_ack());
    }
    if (isNothingToDo) {
        answer.kind = pb::Envelope::kActions;
        answer.actions.commandId = ledgers_.at(instance_).commandId();
        enter(answer.actions);
    } else if (answer.isActions()) {
        answer.actions = actionsOf(answer.envelope);
    }
    isModelsTurn_ = false;
    return answer;
}

void SimulatorClient::checkAnswer(const pb::Envelope& envelope) const {
    const SessionToken token = {envelope.session_high(), envelope.session_low()};
    require(token == token_, ErrorKind::Protocol, "frame of another session");
    require(envelope.sequence() == receivedSequence_ + 1, ErrorKind::Protocol,
            "sequence " + std::to_string(envelope.sequence()) + ", expected " +
                std::to_string(receivedSequence_ + 1));
    if (envelope.has_error()) {
        const pb::Error& error = envelope.error();
        const bool isKnown =
            error.kind() != pb::ERROR_KIND_UNSPECIFIED && pb::ErrorKind_IsValid(error.kind());
        throw BridgeError(isKnown ? static_cast<ErrorKind>(error.kind()) : ErrorKind::Protocol,
                          error.text());
    }
    require(envelope.effective_tick() == tick_ && envelope.instance() == instance_,
            ErrorKind::Protocol, "the model's answer is about another tick or instance");
}

void SimulatorClient::acceptHello(const pb::HelloAck& reply) {
    require(reply.protocol_major() == protocolMajor, ErrorKind::Version,
            "the model speaks protocol " + std::to_string(reply.protocol_major()));
    require(reply.maximum_frame_bytes() >= leastFrameBytes &&
                reply.maximum_frame_bytes() <= maximumFrameBytes,
            ErrorKind::Protocol, "HelloAck's largest frame is out of range");
    unitCount_ = countUnits(reply.description_json());
    peerMaximumFrameBytes_ = reply.maximum_frame_bytes();
    model_ = reply;
}

ActionsView SimulatorClient::actionsOf(const pb::Envelope& envelope) {
    const pb::Actions& message = envelope.actions();
    const std::uint64_t nodeBytes = std::uint64_t{message.nodes()} * sizeof(NodeRecord);
    require(nodeBytes + std::uint64_t{message.dependences()} * sizeof(std::uint32_t) ==
                envelope.records().size(),
            ErrorKind::Protocol, "the records of Actions do not have the size that they say");
    ActionsView actions;
    actions.commandId = message.command_id();
    actions.nodes = recordsOf<NodeRecord>(envelope.records(), 0, message.nodes());
    actions.dependences =
        recordsOf<std::uint32_t>(envelope.records(), nodeBytes, message.dependences());
    actions.dataBytes = envelope.data().size();
    actions.isFinal = message.is_final();
    actions.wakeTick = message.wake_tick();
    enter(actions);
    return actions;
}

void SimulatorClient::enter(const ActionsView& actions) {
    ledgers_.at(instance_).enter(actions, tick_);
    if (actions.isFinal) {
        ledgers_.erase(instance_);
    }
}

std::vector<MemoryRange> SimulatorClient::rangesOf(const pb::FunctionalRead& read) {
    require(!hasRead_ && answerTo(asked_) == pb::Envelope::kActions, ErrorKind::Protocol,
            "a second or misplaced FunctionalRead");
    hasRead_ = true;
    std::vector<MemoryRange> ranges;
    for (const pb::FunctionalRange& range : read.ranges()) {
        require(range.size_bytes() > 0, ErrorKind::Bounds, "an empty functional read");
        checkWindow(range.device_address(), range.size_bytes(), false);
        ranges.push_back({range.device_address(), range.size_bytes()});
    }
    return ranges;
}

void SimulatorClient::checkWindow(std::uint64_t address, std::uint64_t sizeBytes,
                                  bool isWritten) const {
    const std::uint32_t window = windowOf(address);
    require(window < windows_.size(), ErrorKind::Bounds, "unknown window");
    const Window& target = windows_[window];
    require(sizeBytes <= target.sizeBytes && offsetOf(address) <= target.sizeBytes - sizeBytes,
            ErrorKind::Bounds, "bytes outside window \"" + target.name + "\"");
    require(!isWritten || target.isWritable, ErrorKind::Bounds,
            "window \"" + target.name + "\" is read-only");
}

}  // namespace harness::bridge
