// SPDX-License-Identifier: BSD-3-Clause
#include "model_link.hh"

#include <numeric>
#include <utility>

#include "frame_carrier.hh"
#include "json.hh"
#include "trace_file.hh"
#include "zmq_link.hh"

namespace harness::bridge {

namespace {

LinkError wrapped(const BridgeError& error, const Doing& doing, bool isHello) {
    LinkFault fault = LinkFault::Protocol;
    switch (error.kind()) {
        case ErrorKind::Version:
            fault = LinkFault::Handshake;
            break;
        case ErrorKind::Unsupported:
            fault = isHello ? LinkFault::Handshake : LinkFault::Model;
            break;
        case ErrorKind::Model:
            fault = LinkFault::Model;
            break;
        default:
            break;
    }
    return LinkError(fault, error.what(), {doing.text(), "", "", ""});
}

// Hello's parameters in one spelling, so that recordings of equal runs are equal.
std::string canonicalParameters(const std::string& text) {
    if (text.empty()) {
        return text;
    }
    std::string canonical;
    try {
        const Json json = Json::parse(text);
        const auto* object = json.as<JsonObject>();
        if (object != nullptr) {
            return object->empty() ? "" : json.canonical();
        }
    } catch (const BridgeError& error) {
        canonical = error.what();
    }
    throw LinkError(LinkFault::Handshake, "the model's parameters are not a JSON object",
                    {canonical, "an object such as {\"pe_count\":8}", text.substr(0, 200), ""});
}

LinkSettings checked(LinkSettings settings) {
    settings.hello.parametersJson = canonicalParameters(settings.hello.parametersJson);
    if (!(settings.deadlineSeconds > 0)) {
        throw LinkError(LinkFault::Handshake, "the model's deadline must be more than 0 s",
                        {"", "", std::to_string(settings.deadlineSeconds) + " s", ""});
    }
    return settings;
}

// A session over a carrier, with the recording of it.
class ClientLink final : public ModelLink {
  public:
    ClientLink(const LinkSettings& settings, std::unique_ptr<FrameCarrier> carrier,
               FunctionalReader* reader)
        : client_(settings.hello, settings.token), carrier_(std::move(carrier)), reader_(reader) {
        if (!settings.recordPath.empty()) {
            trace_ = std::make_unique<TraceWriter>(settings.recordPath);
        }
        exchange({"Hello"}, [this] { return client_.hello(); });
        exchanges_ = 0;
    }

    const pb::HelloAck& model() const override { return client_.model(); }

    void reset(const std::vector<Window>& windows) override {
        exchange({"Reset"}, [&] { return client_.reset(windows); });
    }

    Answer launch(std::uint32_t instance, std::uint64_t tick, const Command& command,
                  std::string operandData) override {
        return exchange({"Launch", tick, static_cast<int>(instance)}, [&] {
            return client_.launch(instance, tick, command, std::move(operandData));
        });
    }

    Answer event(std::uint32_t instance, std::uint64_t tick,
                 const std::vector<CompletionRecord>& completions, std::string data) override {
        return exchange({"Event", tick, static_cast<int>(instance)}, [&] {
            return client_.event(instance, tick, completions, std::move(data));
        });
    }

    Answer wake(std::uint32_t instance, std::uint64_t tick) override {
        return exchange({"Wake", tick, static_cast<int>(instance)},
                        [&] { return client_.wake(instance, tick); });
    }

    std::string drain(std::uint64_t tick) override {
        if (!client_.model().can_save_state()) {
            throw LinkError(LinkFault::Model,
                            "no checkpoint is possible: the model cannot save its state",
                            {client_.model().model(), "", "", "checkpoint before the run begins"});
        }
        Answer answer = exchange({"Drain", tick}, [&] { return client_.drain(tick); });
        return std::move(*answer.envelope.mutable_data());
    }

    std::vector<ModelStatistic> bye(std::uint64_t tick) override {
        const Answer answer = exchange({"Bye", tick}, [&] { return client_.bye(tick); });
        close();
        std::vector<ModelStatistic> statistics;
        for (const pb::ModelStatistic& each : answer.envelope.bye_ack().statistics()) {
            statistics.push_back(
                {each.name(), each.value(), each.unit(), each.description(), each.instance()});
        }
        return statistics;
    }

    std::uint64_t exchanges() const override { return exchanges_; }
    double waitedSeconds() const override { return carrier_->waitedSeconds(); }

  private:
    template <typename MakeFrame>
    Answer exchange(Doing doing, const MakeFrame& makeFrame) {
        doing.exchange = exchanges_;
        if (isOver_) {
            throw LinkError(LinkFault::Protocol, "the session with the model is over",
                            {doing.text(), "", "", ""});
        }
        try {
            const std::string frame = makeFrame();
            Answer answer = turn(frame, doing);
            if (trace_ != nullptr) {
                trace_->append(frame, answer.envelope);
            }
            ++exchanges_;
            return answer;
        } catch (const BridgeError& error) {
            if (client_.isModelsTurn()) {  // else the request was refused before it was sent
                close();
            }
            throw wrapped(error, doing, client_.model().protocol_major() == 0);
        } catch (...) {
            close();
            throw;
        }
    }

    // Sends a request and serves the model until it gives the turn back.
    Answer turn(const std::string& frame, const Doing& doing) {
        carrier_->send(frame, doing);
        for (;;) {
            Answer answer = client_.receive(carrier_->receive(doing));
            if (answer.kind == pb::Envelope::kFunctionalRead) {
                carrier_->send(client_.functionalData(read(answer.ranges, doing)), doing);
            } else if (!answer.isBusy()) {
                return answer;
            }
        }
    }

    std::string read(const std::vector<MemoryRange>& ranges, const Doing& doing) {
        if (reader_ == nullptr) {
            throw LinkError(LinkFault::Model,
                            "the model peeks into memory, and this simulator does not serve that",
                            {doing.text(), "", "", ""});
        }
        std::string data = reader_->read(static_cast<std::uint32_t>(doing.instance), ranges);
        const std::uint64_t sizeBytes = std::accumulate(
            ranges.begin(), ranges.end(), std::uint64_t{0},
            [](std::uint64_t sum, const MemoryRange& each) { return sum + each.sizeBytes; });
        if (data.size() != sizeBytes) {
            throw LinkError(LinkFault::Protocol, "the simulator's functional read is incomplete",
                            {doing.text(), std::to_string(sizeBytes) + " bytes",
                             std::to_string(data.size()) + " bytes", ""});
        }
        return data;
    }

    void close() {
        isOver_ = true;
        carrier_->close();
    }

    SimulatorClient client_;
    std::unique_ptr<FrameCarrier> carrier_;
    FunctionalReader* const reader_;
    std::unique_ptr<TraceWriter> trace_;
    std::uint64_t exchanges_ = 0;
    bool isOver_ = false;
};

}  // namespace

std::unique_ptr<ModelLink> connectModel(const LinkSettings& settings, FunctionalReader* reader) {
    const LinkSettings valid = checked(settings);
    std::unique_ptr<FrameCarrier> carrier =
        valid.replayPath.empty() ? bindForModel(valid) : replayTrace(valid.replayPath);
    return std::make_unique<ClientLink>(valid, std::move(carrier), reader);
}

}  // namespace harness::bridge
