// SPDX-License-Identifier: BSD-3-Clause
#include "model_session.hh"

#include <algorithm>
#include <cstring>
#include <utility>

namespace harness::bridge {

namespace {

constexpr std::uint64_t leastFrameBytes = 1024;  // an Error must fit
constexpr std::uint64_t ticksPerSecond = 1000000000000;

// ASCII without controls: a text that protobuf and every peer accept.
std::string sanitized(std::string text, std::size_t maximumBytes) {
    text.resize(std::min(text.size(), maximumBytes));
    std::replace_if(
        text.begin(), text.end(), [](char c) { return c != '\n' && (c < 0x20 || c >= 0x7f); }, '?');
    return text;
}

void require(bool isMet, ErrorKind kind, const std::string& text) {
    if (!isMet) {
        throw BridgeError(kind, text);
    }
}

void requireBetween(const char* name, std::uint64_t value, std::uint64_t low, std::uint64_t high) {
    require(value >= low && value <= high, ErrorKind::Protocol,
            std::string(name) + " is " + std::to_string(value) + ", allowed are " +
                std::to_string(low) + " to " + std::to_string(high));
}

std::vector<CompletionRecord> completionsOf(const pb::Envelope& request) {
    const std::uint64_t count = request.event().completions();
    require(request.records().size() == count * sizeof(CompletionRecord), ErrorKind::Protocol,
            "Event has " + std::to_string(request.records().size()) + " bytes of records for " +
                std::to_string(count) + " completions");
    std::vector<CompletionRecord> completions(count);
    if (count != 0) {
        std::memcpy(completions.data(), request.records().data(), request.records().size());
    }
    const CompletionRecord* before = nullptr;
    for (const CompletionRecord& each : completions) {
        require(each.issueTick <= each.firstTick && each.firstTick <= each.lastTick &&
                    each.lastTick <= request.effective_tick(),
                ErrorKind::Protocol, "a completion's ticks do not ascend up to the Event's tick");
        require(each.status <= CompletionStatus::BusError, ErrorKind::Protocol,
                "a completion has an unknown status");
        require(before == nullptr ||
                    std::pair(before->lastTick, before->id) < std::pair(each.lastTick, each.id),
                ErrorKind::Protocol, "completions are not in the order (end tick, node id)");
        before = &each;
    }
    return completions;
}

}  // namespace

ModelSession::ModelSession(ModelFactory factory, std::optional<SessionToken> token)
    : factory_(std::move(factory)), token_(token) {}

ModelSession::~ModelSession() = default;

std::string ModelSession::exchange(std::string_view frame) {
    if (isOver_) {
        return {};
    }
    try {
        pb::Envelope request = decodeFrame(frame, maximumFrameBytes);
        checkHeader(request);
        if (request.body_case() == pb::Envelope::kError) {
            isOver_ = true;
            hasFailed_ = true;
            return {};
        }
        pb::Envelope reply = answer(request);
        std::string sent = send(reply);
        isOver_ = request.body_case() == pb::Envelope::kBye;
        return sent;
    } catch (const BridgeError& error) {
        return fail(error.kind(), error.what());
    } catch (const std::exception& error) {
        return fail(ErrorKind::Model, std::string("the model threw: ") + error.what());
    } catch (...) {
        return fail(ErrorKind::Model, "the model threw something that is no std::exception");
    }
}

void ModelSession::checkHeader(const pb::Envelope& request) {
    const SessionToken token = {request.session_high(), request.session_low()};
    const bool isFirst = receivedSequence_ == 0;
    if (isFirst && !token_) {
        token_ = token;
    }
    require(token == *token_, ErrorKind::Protocol, "frame of another session");
    require(request.sequence() == receivedSequence_ + 1, ErrorKind::Protocol,
            "sequence " + std::to_string(request.sequence()) + ", expected " +
                std::to_string(receivedSequence_ + 1));
    require(request.effective_tick() >= tick_, ErrorKind::Protocol,
            "tick " + std::to_string(request.effective_tick()) + " after " + std::to_string(tick_));
    receivedSequence_ = request.sequence();
    tick_ = request.effective_tick();
    const bool isHello = request.body_case() == pb::Envelope::kHello;
    require(isHello == isFirst || request.body_case() == pb::Envelope::kError, ErrorKind::Protocol,
            isFirst ? "the first message must be Hello" : "a second Hello");
    require(request.instance() < std::max<std::size_t>(instances_.size(), 1), ErrorKind::Protocol,
            "instance " + std::to_string(request.instance()) + " of " +
                std::to_string(instances_.size()));
    const bool isSessionWide =
        isHello || request.has_reset() || request.has_drain() || request.has_bye();
    require(!isSessionWide || request.instance() == 0, ErrorKind::Protocol,
            std::string(bodyName(request.body_case())) + " is not about one instance");
    instance_ = request.body_case() == pb::Envelope::kError ? 0 : request.instance();
}

pb::Envelope ModelSession::answer(pb::Envelope& request) {
    const bool isWanted = std::any_of(instances_.begin(), instances_.end(), [](const Instance& i) {
        return i.isBusy() && !i.command->wantedRanges().empty();
    });
    require(isWanted == (request.body_case() == pb::Envelope::kFunctionalData), ErrorKind::Protocol,
            std::string(bodyName(request.body_case())) +
                (isWanted ? " instead of FunctionalData" : " out of turn"));
    pb::Envelope reply;
    switch (request.body_case()) {
        case pb::Envelope::kHello:
            hello(request.hello(), *reply.mutable_hello_ack());
            break;
        case pb::Envelope::kReset:
            reset(request.reset());
            reply.mutable_ack();
            break;
        case pb::Envelope::kLaunch:
            launch(request, reply);
            break;
        case pb::Envelope::kEvent:
            event(request, reply);
            break;
        case pb::Envelope::kFunctionalData:
            functionalData(request, reply);
            break;
        case pb::Envelope::kDrain:
            drain(reply);
            break;
        case pb::Envelope::kBye:
            bye(*reply.mutable_bye_ack());
            break;
        default:  // wake-ups and registers were never asked for; the rest is the model's to say
            throw BridgeError(ErrorKind::Protocol,
                              std::string("unexpected ") + bodyName(request.body_case()));
    }
    return reply;
}

void ModelSession::hello(const pb::Hello& hello, pb::HelloAck& reply) {
    require(hello.protocol_major() == protocolMajor, ErrorKind::Version,
            "the simulator speaks protocol " + std::to_string(hello.protocol_major()) +
                ", this model " + std::to_string(protocolMajor));
    requireBetween("instances", hello.instances(), 1, 255);
    requireBetween("maximum_frame_bytes", hello.maximum_frame_bytes(), leastFrameBytes,
                   maximumFrameBytes);
    requireBetween("maximum_nodes", hello.maximum_nodes(), 1, maximumNodes);
    requireBetween("line_bytes", hello.line_bytes(), 8, 65536);
    requireBetween("ticks_per_second", hello.ticks_per_second(), ticksPerSecond, ticksPerSecond);
    require(hello.mode() == pb::MODEL_MODE_EXACT || hello.mode() == pb::MODEL_MODE_KERNEL,
            ErrorKind::Protocol, "unknown model mode");
    mode_ = static_cast<ModelMode>(hello.mode());
    peerMaximumFrameBytes_ = hello.maximum_frame_bytes();
    maximumNodes_ = hello.maximum_nodes();
    const std::string& text = hello.parameters_json();
    const Json parameters = text.empty() ? Json(JsonObject{}) : Json::parse(text);
    require(parameters.as<JsonObject>() != nullptr, ErrorKind::Protocol,
            "parameters_json is not an object");
    instances_.resize(hello.instances());
    for (std::uint32_t i = 0; i < hello.instances(); ++i) {
        instances_[i].model = factory_({*parameters.as<JsonObject>(), i, hello.seed()});
        instances_[i].units = instances_[i].model->describe().units;
        instances_[i].fiber = std::make_unique<Fiber>();
    }
    const AcceleratorModel& model = *instances_.front().model;
    const ModelDescription description = model.describe();
    reply.set_protocol_major(protocolMajor);
    reply.set_model(description.model);
    reply.set_version(description.version);
    reply.set_parameters_sha256(description.parametersSha256());
    reply.set_description_json(description.toJson());
    reply.set_maximum_frame_bytes(maximumFrameBytes);
    reply.set_can_save_state(model.canSaveState());
    reply.set_can_launch_early(model.canLaunchEarly());
}

void ModelSession::reset(const pb::Reset& reset) {
    for (const pb::DeviceWindow& window : reset.windows()) {
        require(window.size_bytes() > 0 && window.size_bytes() <= windowOffsetMask + 1,
                ErrorKind::Protocol, "window \"" + window.name() + "\" is out of range");
    }
    windows_.assign(reset.windows().begin(), reset.windows().end());
    for (Instance& instance : instances_) {
        instance.command.reset();
        instance.model->reset();
        instance.nextCommandId = 0;
    }
    hasReset_ = true;
}

void ModelSession::checkOperands(const Command& command) const {
    for (const Operand& operand : command.operands) {
        const std::uint32_t window = windowOf(operand.address);
        const std::uint64_t sizeBytes =
            window < windows_.size() ? windows_[window].size_bytes() : 0;
        require(offsetOf(operand.address) <= sizeBytes &&
                    operand.sizeBytes <= sizeBytes - offsetOf(operand.address),
                ErrorKind::Bounds, "operand \"" + operand.name + "\" lies outside its window");
        require(!operand.isWritten || windows_[window].is_writable(), ErrorKind::Bounds,
                "operand \"" + operand.name + "\" is written in a read-only window");
    }
}

void ModelSession::launch(pb::Envelope& request, pb::Envelope& reply) {
    Instance& instance = instances_[request.instance()];
    const std::uint64_t commandId = request.launch().command_id();
    require(hasReset_, ErrorKind::Protocol, "Launch before Reset");
    require(!instance.isBusy(), ErrorKind::Protocol, "Launch while a command runs");
    require(commandId == instance.nextCommandId, ErrorKind::Protocol,
            "command " + std::to_string(commandId) + ", expected " +
                std::to_string(instance.nextCommandId));
    Command command = commandFromLaunch(request.launch());
    checkOperands(command);
    ++instance.nextCommandId;
    instance.command.reset();
    instance.command = std::make_unique<CommandExecution>(*instance.model, *instance.fiber,
                                                          std::move(command), mode_);
    instance.command->start(std::move(*request.mutable_data()), instance.units);
    fillActions(instance, reply);
}

ModelSession::Instance& ModelSession::runningInstance(const pb::Envelope& request,
                                                      std::uint64_t commandId) {
    Instance& instance = instances_[request.instance()];
    require(instance.isBusy() && commandId + 1 == instance.nextCommandId, ErrorKind::Protocol,
            "Event for command " + std::to_string(commandId) + ", which does not run");
    return instance;
}

void ModelSession::event(const pb::Envelope& request, pb::Envelope& reply) {
    Instance& instance = runningInstance(request, request.event().command_id());
    instance.command->event(completionsOf(request), request.data());
    fillActions(instance, reply);
}

void ModelSession::functionalData(const pb::Envelope& request, pb::Envelope& reply) {
    Instance& instance = instances_[request.instance()];
    require(instance.isBusy(), ErrorKind::Protocol, "FunctionalData for an idle instance");
    instance.command->functionalData(request.data());
    fillActions(instance, reply);
}

void ModelSession::fillActions(Instance& instance, pb::Envelope& reply) const {
    CommandExecution& command = *instance.command;
    if (!command.isOver() && !command.wantedRanges().empty()) {
        for (const MemoryRange& range : command.wantedRanges()) {
            pb::FunctionalRange& message = *reply.mutable_functional_read()->add_ranges();
            message.set_device_address(range.address);
            message.set_size_bytes(range.sizeBytes);
        }
        return;
    }
    Recorded recorded = command.take();
    require(recorded.nodes.size() <= maximumNodes_, ErrorKind::Bounds,
            "the model wants " + std::to_string(recorded.nodes.size()) +
                " nodes at once, the simulator accepts " + std::to_string(maximumNodes_));
    pb::Actions& actions = *reply.mutable_actions();
    actions.set_command_id(instance.nextCommandId - 1);
    actions.set_nodes(static_cast<std::uint32_t>(recorded.nodes.size()));
    actions.set_dependences(static_cast<std::uint32_t>(recorded.dependences.size()));
    actions.set_is_final(command.isOver());
    std::string& records = *reply.mutable_records();
    records.reserve(recorded.nodes.size() * sizeof(NodeRecord) + recorded.dependences.size() * 4);
    records.append(reinterpret_cast<const char*>(recorded.nodes.data()),
                   recorded.nodes.size() * sizeof(NodeRecord));
    records.append(reinterpret_cast<const char*>(recorded.dependences.data()),
                   recorded.dependences.size() * sizeof(std::uint32_t));
    *reply.mutable_data() = std::move(recorded.data);
}

// Each instance's state, its length in 8 bytes before it.
void ModelSession::drain(pb::Envelope& reply) {
    reply.mutable_state();
    for (const Instance& instance : instances_) {
        require(!instance.isBusy(), ErrorKind::Protocol, "Drain while a command runs");
        require(instance.model->canSaveState(), ErrorKind::Protocol,
                "Drain came to a model that cannot save its state");
        const std::string state = instance.model->save();
        const std::uint64_t sizeBytes = state.size();
        reply.mutable_data()->append(reinterpret_cast<const char*>(&sizeBytes), sizeof sizeBytes);
        *reply.mutable_data() += state;
    }
}

void ModelSession::bye(pb::ByeAck& reply) {
    for (std::size_t i = 0; i < instances_.size(); ++i) {
        for (const ModelStatistic& statistic : instances_[i].model->statistics()) {
            pb::ModelStatistic& message = *reply.add_statistics();
            message.set_instance(static_cast<std::uint32_t>(i));
            message.set_name(statistic.name);
            message.set_value(statistic.value);
            message.set_unit(statistic.unit);
            message.set_description(statistic.description);
        }
    }
}

std::string ModelSession::send(pb::Envelope& reply) {
    const SessionToken token = token_.value_or(SessionToken{});
    reply.set_session_high(token.high);
    reply.set_session_low(token.low);
    reply.set_sequence(++sentSequence_);
    reply.set_effective_tick(tick_);
    reply.set_instance(instance_);
    try {
        return encodeFrame(reply, peerMaximumFrameBytes_);
    } catch (const BridgeError&) {
        --sentSequence_;  // the Error that follows takes its place
        throw;
    }
}

std::string ModelSession::fail(ErrorKind kind, const std::string& text) {
    constexpr std::uint64_t mostTextBytes = 64 * 1024;
    constexpr std::uint64_t headerBytes = 128;
    isOver_ = true;
    hasFailed_ = true;
    instance_ = 0;
    pb::Envelope reply;
    setError(*reply.mutable_error(), kind,
             sanitized(text, std::min(mostTextBytes, peerMaximumFrameBytes_ - headerBytes)));
    try {
        return send(reply);
    } catch (const BridgeError&) {
        return {};  // the peer accepts not even this; closing tells it enough
    }
}

}  // namespace harness::bridge
