// SPDX-License-Identifier: BSD-3-Clause
#include "model_link.hh"

#include <ctime>
#include <map>
#include <numeric>
#include <optional>
#include <type_traits>
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

// Adds the thread's CPU time from here to its end.
class CpuSeconds final {
  public:
    explicit CpuSeconds(double& sum) : sum_(sum), begin_(now()) {}
    ~CpuSeconds() { sum_ += now() - begin_; }
    CpuSeconds(const CpuSeconds&) = delete;
    CpuSeconds& operator=(const CpuSeconds&) = delete;

  private:
    static double now() {
        timespec time = {};
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
    }

    double& sum_;
    const double begin_;
};

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
        isEarlyAllowed_ = settings.hello.mode == ModelMode::Kernel && settings.recordPath.empty() &&
                          settings.replayPath.empty();
        exchange({"Hello"}, [this] { return client_.hello(); });
        exchanges_ = 0;
    }

    const pb::HelloAck& model() const override { return client_.model(); }

    bool takesEarlyLaunches() const override {
        return isEarlyAllowed_ && client_.model().can_launch_early();
    }

    bool mayLaunchEarly(std::uint32_t instance) const override {
        return takesEarlyLaunches() && !isOver_ && !awaited_ && early_.count(instance) == 0;
    }

    bool launchEarly(std::uint32_t instance, std::uint64_t tick, const Command& command,
                     std::string operandData) override {
        const Doing doing = {"Launch", tick, static_cast<int>(instance), exchanges_};
        return guarded(doing, [&] {
            try {
                carrier_->send(client_.launch(instance, tick, command, std::move(operandData)),
                               doing);
            } catch (const BridgeError&) {
                if (client_.isModelsTurn()) {
                    throw;
                }
                return false;
            }
            awaited_ = doing;
            return true;
        });
    }

    Answer takeEarly(std::uint32_t instance) override {
        if (early_.count(instance) == 0) {
            receiveAwaited();
        }
        const auto found = early_.find(instance);
        if (found == early_.end()) {
            throw LinkError(LinkFault::Protocol, "no command was launched early",
                            {"instance " + std::to_string(instance), "", "", ""});
        }
        Answer answer = std::move(found->second);
        early_.erase(found);
        ++exchanges_;
        ++earlyLaunches_;
        return answer;
    }

    void reset(const std::vector<Window>& windows) override {
        exchange({"Reset"}, [&] { return client_.reset(windows); });
        early_.clear();
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
    std::uint64_t earlyLaunches() const override { return earlyLaunches_; }
    double waitedSeconds() const override { return carrier_->waitedSeconds(); }
    double cpuSeconds() const override { return cpuSeconds_; }

  private:
    template <typename MakeFrame>
    Answer exchange(Doing doing, const MakeFrame& makeFrame) {
        receiveAwaited();
        doing.exchange = exchanges_;
        return guarded(doing, [&] {
            std::string frame = makeFrame();
            const std::string recorded = trace_ == nullptr ? "" : frame;
            carrier_->send(std::move(frame), doing);
            Answer answer = receive(doing, false);
            if (trace_ != nullptr) {
                trace_->append(recorded, answer.envelope);
            }
            ++exchanges_;
            return answer;
        });
    }

    // The wire carries one request at a time: whoever wants it takes the answer to an early Launch.
    void receiveAwaited() {
        if (!awaited_) {
            return;
        }
        const Doing doing = *std::exchange(awaited_, std::nullopt);
        early_[static_cast<std::uint32_t>(doing.instance)] =
            guarded(doing, [&] { return receive(doing, true); });
    }

    // Runs a part of an exchange; whatever goes wrong in it ends the session, unless nothing was
    // sent.
    template <typename Action>
    std::invoke_result_t<Action> guarded(const Doing& doing, const Action& action) {
        if (isOver_) {
            throw LinkError(LinkFault::Protocol, "the session with the model is over",
                            {doing.text(), "", "", ""});
        }
        const CpuSeconds spent(cpuSeconds_);
        try {
            return action();
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

    // Serves the model until it gives the turn back.
    Answer receive(const Doing& doing, bool isEarly) {
        for (;;) {
            Answer answer = client_.receive(carrier_->receive(doing));
            if (answer.kind == pb::Envelope::kFunctionalRead) {
                if (isEarly) {
                    throw LinkError(
                        LinkFault::Model,
                        "the model peeks into memory though it said that it does not",
                        {doing.text(), "", "", "set can_launch_early = False in the model"});
                }
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
    std::map<std::uint32_t, Answer> early_;  // by instance: to commands that have not started
    std::optional<Doing> awaited_;           // an early Launch without its answer
    std::uint64_t exchanges_ = 0;
    std::uint64_t earlyLaunches_ = 0;
    double cpuSeconds_ = 0;
    bool isEarlyAllowed_ = false;
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
