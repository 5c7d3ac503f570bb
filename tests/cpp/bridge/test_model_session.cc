// SPDX-License-Identifier: BSD-3-Clause
#include <gtest/gtest.h>

#include <cstring>
#include <stdexcept>

#include "example_model.hh"
#include "model_session.hh"

namespace harness::bridge {
namespace {

constexpr SessionToken token = {0x0123456789abcdef, 0xfedcba9876543210};

// The simulator's half of a conversation, as little of it as the tests need.
class Peer final {
  public:
    explicit Peer(pb::ModelMode mode = pb::MODEL_MODE_EXACT)
        : session_(makeExampleModel, token), mode_(mode) {}

    pb::Envelope send(pb::Envelope envelope) {
        envelope.set_session_high(token.high);
        envelope.set_session_low(token.low);
        envelope.set_sequence(++sequence_);
        return sendRaw(envelope.SerializeAsString());
    }

    pb::Envelope sendRaw(const std::string& frame) {
        const std::string reply = session_.exchange(frame);
        pb::Envelope envelope;
        EXPECT_TRUE(envelope.ParseFromString(reply));
        return envelope;
    }

    pb::Envelope hello(const std::string& parameters = "") {
        pb::Envelope envelope;
        pb::Hello& hello = *envelope.mutable_hello();
        hello.set_protocol_major(1);
        hello.set_instances(2);
        hello.set_ticks_per_second(1000000000000);
        hello.set_line_bytes(64);
        hello.set_maximum_frame_bytes(1 << 20);
        hello.set_maximum_nodes(100);
        hello.set_mode(mode_);
        hello.set_parameters_json(parameters);
        return send(envelope);
    }

    void open() {
        ASSERT_TRUE(hello().has_hello_ack());
        pb::Envelope envelope;
        pb::DeviceWindow& window = *envelope.mutable_reset()->add_windows();
        window.set_size_bytes(4096);
        window.set_is_writable(true);
        ASSERT_TRUE(send(envelope).has_ack());
    }

    static pb::Envelope launch(std::uint64_t commandId = 0, const std::string& kernel = "negate") {
        Command command;
        command.kernel = kernel;
        command.operands = {
            {"input", deviceAddress(0, 0), 8, "uint8", {8}, Interface::Dma, true, false},
            {"output", deviceAddress(0, 64), 8, "uint8", {8}, Interface::Acp, false, true}};
        pb::Envelope envelope;
        envelope.mutable_launch()->set_command_id(commandId);
        commandToLaunch(command, *envelope.mutable_launch());
        return envelope;
    }

    static pb::Envelope event(const std::vector<CompletionRecord>& completions,
                              const std::string& data) {
        pb::Envelope envelope;
        envelope.mutable_event()->set_completions(static_cast<std::uint32_t>(completions.size()));
        envelope.set_records(completions.data(), completions.size() * sizeof(CompletionRecord));
        envelope.set_data(data);
        return envelope;
    }

    ModelSession& session() { return session_; }

  private:
    ModelSession session_;
    pb::ModelMode mode_;
    std::uint64_t sequence_ = 0;
};

std::vector<NodeRecord> nodesOf(const pb::Envelope& reply) {
    std::vector<NodeRecord> nodes(reply.actions().nodes());
    EXPECT_EQ(reply.records().size(),
              nodes.size() * sizeof(NodeRecord) + reply.actions().dependences() * 4);
    std::memcpy(nodes.data(), reply.records().data(), nodes.size() * sizeof(NodeRecord));
    return nodes;
}

TEST(ModelSession, DescribesItsModel) {
    Peer peer;
    const pb::Envelope reply = peer.hello();

    ASSERT_TRUE(reply.has_hello_ack());
    EXPECT_EQ(reply.sequence(), 1U);
    EXPECT_EQ(reply.session_low(), token.low);
    EXPECT_EQ(reply.hello_ack().model(), "example");
    const Json description = Json::parse(reply.hello_ack().description_json());
    EXPECT_EQ(description.as<JsonObject>()->at("units"), Json(JsonArray{"alu"}));
}

TEST(ModelSession, WaitsForTimedBytesInExactMode) {
    Peer peer;
    peer.open();
    const pb::Envelope asked = peer.send(Peer::launch());

    ASSERT_TRUE(asked.has_actions());
    EXPECT_FALSE(asked.actions().is_final());
    const auto first = nodesOf(asked);
    ASSERT_EQ(first.size(), 2U);
    EXPECT_EQ(first[0].kind, NodeKind::Read);
    EXPECT_EQ(first[1].kind, NodeKind::Notify);

    const pb::Envelope done = peer.send(Peer::event({CompletionRecord{}}, "\1\2\3\4\5\6\7\10"));
    ASSERT_TRUE(done.has_actions());
    EXPECT_TRUE(done.actions().is_final());
    const auto second = nodesOf(done);
    ASSERT_EQ(second.size(), 2U);
    EXPECT_EQ(second[0].kind, NodeKind::Compute);
    EXPECT_EQ(second[1].kind, NodeKind::Write);
    EXPECT_EQ(second[1].address, deviceAddress(0, 64));
    EXPECT_EQ(done.data(), "\xff\xfe\xfd\xfc\xfb\xfa\xf9\xf8");
}

TEST(ModelSession, AnswersAtOnceInKernelMode) {
    Peer peer(pb::MODEL_MODE_KERNEL);
    peer.open();
    pb::Envelope launch = Peer::launch();
    launch.set_data("\1\1\1\1\1\1\1\1");
    const pb::Envelope reply = peer.send(launch);

    ASSERT_TRUE(reply.has_actions());
    EXPECT_TRUE(reply.actions().is_final());
    EXPECT_EQ(nodesOf(reply).size(), 3U);
    EXPECT_EQ(reply.data(), "\xff\xff\xff\xff\xff\xff\xff\xff");
}

TEST(ModelSession, ReportsStatisticsAtTheEnd) {
    Peer peer(pb::MODEL_MODE_KERNEL);
    peer.open();
    pb::Envelope launch = Peer::launch();
    launch.set_instance(1);
    launch.set_data("\1\1\1\1\1\1\1\1");
    peer.send(launch);
    pb::Envelope bye;
    bye.mutable_bye();
    const pb::Envelope reply = peer.send(bye);

    ASSERT_EQ(reply.bye_ack().statistics_size(), 1);
    EXPECT_EQ(reply.bye_ack().statistics(0).instance(), 1U);
    EXPECT_EQ(reply.bye_ack().statistics(0).name(), "negations");
    EXPECT_EQ(reply.bye_ack().statistics(0).value(), 8.0);
    EXPECT_TRUE(peer.session().isOver());
    EXPECT_EQ(peer.session().exchange("anything"), "");
}

TEST(ModelSession, PeeksInTheMiddleOfItsTurn) {
    Peer peer;
    peer.open();
    const pb::Envelope asked = peer.send(Peer::launch(0, "peek"));
    ASSERT_TRUE(asked.has_functional_read());
    EXPECT_EQ(asked.functional_read().ranges(0).size_bytes(), 4U);
    pb::Envelope data;
    data.mutable_functional_data();
    data.set_data("abcd");
    const pb::Envelope reply = peer.send(data);

    ASSERT_TRUE(reply.has_actions());
    EXPECT_EQ(reply.data(), "abcd");
}

void expectError(const pb::Envelope& reply, pb::ErrorKind kind) {
    ASSERT_TRUE(reply.has_error());
    EXPECT_EQ(reply.error().kind(), kind) << reply.error().text();
}

TEST(ModelSession, AnswersGarbageByAnErrorAndIsOver) {
    Peer peer;
    expectError(peer.sendRaw("garbage"), pb::ERROR_KIND_PROTOCOL);
    EXPECT_TRUE(peer.session().isOver());
}

TEST(ModelSession, RefusesAnotherSession) {
    Peer peer;
    pb::Envelope envelope;
    envelope.mutable_hello();
    envelope.set_sequence(1);
    expectError(peer.sendRaw(envelope.SerializeAsString()), pb::ERROR_KIND_PROTOCOL);
}

TEST(ModelSession, RefusesAGapInTheSequence) {
    Peer peer;
    peer.open();
    pb::Envelope launch = Peer::launch();
    launch.set_session_high(token.high);
    launch.set_session_low(token.low);
    launch.set_sequence(4);
    expectError(peer.sendRaw(launch.SerializeAsString()), pb::ERROR_KIND_PROTOCOL);
}

TEST(ModelSession, RefusesTimeThatRunsBackwards) {
    Peer peer;
    peer.open();
    pb::Envelope launch = Peer::launch();
    launch.set_effective_tick(100);
    EXPECT_TRUE(peer.send(launch).has_actions());
    pb::Envelope event = Peer::event({CompletionRecord{}}, "12345678");
    event.set_effective_tick(99);
    expectError(peer.send(event), pb::ERROR_KIND_PROTOCOL);
}

TEST(ModelSession, RefusesAnotherMajorVersion) {
    Peer peer;
    pb::Envelope envelope;
    envelope.mutable_hello()->set_protocol_major(2);
    expectError(peer.send(envelope), pb::ERROR_KIND_VERSION);
}

TEST(ModelSession, RefusesMessagesOutOfOrder) {
    {
        Peer peer;
        peer.hello();
        expectError(peer.send(Peer::launch()), pb::ERROR_KIND_PROTOCOL);  // before Reset
    }
    {
        Peer peer;
        peer.open();
        expectError(peer.send(Peer::event({}, "")), pb::ERROR_KIND_PROTOCOL);  // nothing runs
    }
    {
        Peer peer;
        peer.open();
        peer.send(Peer::launch());
        expectError(peer.send(Peer::launch(1)), pb::ERROR_KIND_PROTOCOL);  // still busy
    }
    {
        Peer peer;
        peer.open();
        expectError(peer.hello(), pb::ERROR_KIND_PROTOCOL);
    }
}

TEST(ModelSession, RefusesAnOperandOutsideItsWindow) {
    Peer peer;
    peer.open();
    pb::Envelope launch = Peer::launch();
    launch.mutable_launch()->mutable_operands(0)->set_device_address(deviceAddress(0, 4089));
    expectError(peer.send(launch), pb::ERROR_KIND_BOUNDS);
}

TEST(ModelSession, RefusesCompletionsThatDoNotFit) {
    const std::vector<std::pair<std::vector<CompletionRecord>, std::string>> wrong = {
        {{CompletionRecord{}}, "1234567"},                               // bytes missing
        {{CompletionRecord{}}, "123456789"},                             // bytes too many
        {{CompletionRecord{5, CompletionStatus::Ok, 0, 0, 0}}, ""},      // unknown node
        {{CompletionRecord{}, CompletionRecord{}}, "1234567812345678"},  // twice
    };
    for (const auto& [completions, data] : wrong) {
        Peer peer;
        peer.open();
        peer.send(Peer::launch());
        expectError(peer.send(Peer::event(completions, data)), pb::ERROR_KIND_PROTOCOL);
    }
}

TEST(ModelSession, RefusesALaunchWithTheWrongNumberOfBytes) {
    Peer peer(pb::MODEL_MODE_KERNEL);
    peer.open();
    expectError(peer.send(Peer::launch()), pb::ERROR_KIND_PROTOCOL);
}

TEST(ModelSession, TurnsTheModelsExceptionIntoAnError) {
    Peer peer;
    peer.open();
    const pb::Envelope reply = peer.send(Peer::launch(0, "throw"));
    expectError(reply, pb::ERROR_KIND_MODEL);
    EXPECT_NE(reply.error().text().find("the model's own words"), std::string::npos);
}

TEST(ModelSession, RefusesAModelsTransferOutsideItsOperand) {
    Peer peer;
    peer.open();
    expectError(peer.send(Peer::launch(0, "overrun")), pb::ERROR_KIND_MODEL);
}

TEST(ModelSession, RefusesAModelThatWantsTooManyNodes) {
    Peer peer;
    peer.open();
    expectError(peer.send(Peer::launch(0, "flood")), pb::ERROR_KIND_BOUNDS);
}

TEST(ModelSession, RefusesMalformedOrUnknownParameters) {
    for (const char* text : {"[", "[]", "{\"offset\":\"x\"}", "{\"ofset\":1}"}) {
        Peer peer;
        const pb::Envelope reply = peer.hello(text);
        EXPECT_TRUE(reply.has_error()) << text;
    }
    Peer peer;
    EXPECT_TRUE(peer.hello("{\"offset\":3}").has_hello_ack());
}

TEST(ModelSession, ResetForgetsARunningCommand) {
    Peer peer;
    peer.open();
    peer.send(Peer::launch());
    pb::Envelope reset;
    reset.mutable_reset()->add_windows()->set_size_bytes(4096);
    reset.mutable_reset()->mutable_windows(0)->set_is_writable(true);
    EXPECT_TRUE(peer.send(reset).has_ack());

    EXPECT_TRUE(peer.send(Peer::launch(0)).has_actions());
}

}  // namespace
}  // namespace harness::bridge
