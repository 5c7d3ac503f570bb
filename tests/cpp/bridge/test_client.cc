// SPDX-License-Identifier: BSD-3-Clause
// Both ends of the C++ side against each other, frame by frame.
#include <gtest/gtest.h>

#include "client.hh"
#include "example_model.hh"
#include "model_session.hh"

namespace harness::bridge {
namespace {

constexpr SessionToken token = {1, 2};

class Pair final {
  public:
    explicit Pair(ModelMode mode, HelloSettings settings = {})
        : model_(makeExampleModel, token), client_(withMode(std::move(settings), mode), token) {
        pass(client_.hello());
        pass(client_.reset({{"data", 4096, true}, {"constant", 64, false}}));
    }

    Answer pass(const std::string& frame) { return client_.receive(model_.exchange(frame)); }

    SimulatorClient& client() { return client_; }
    ModelSession& model() { return model_; }

    static Command command(const std::string& kernel = "negate") {
        Command command;
        command.kernel = kernel;
        command.operands = {
            {"input", deviceAddress(0, 0), 8, "uint8", {8}, Interface::Dma, true, false},
            {"output", deviceAddress(0, 64), 8, "uint8", {8}, Interface::Acp, false, true}};
        return command;
    }

  private:
    static HelloSettings withMode(HelloSettings settings, ModelMode mode) {
        settings.mode = mode;
        return settings;
    }

    ModelSession model_;
    SimulatorClient client_;
};

TEST(SimulatorClient, RunsACommandInExactMode) {
    Pair pair(ModelMode::Exact);
    const Answer asked = pair.pass(pair.client().launch(0, 5, Pair::command()));
    ASSERT_TRUE(asked.isActions());
    EXPECT_FALSE(asked.actions.isFinal);
    EXPECT_TRUE(pair.client().isRunning(0));

    const Answer done = pair.pass(pair.client().event(
        0, 9, {CompletionRecord{0, CompletionStatus::Ok, 5, 6, 9}}, "\1\2\3\4\5\6\7\10"));
    EXPECT_TRUE(done.actions.isFinal);
    EXPECT_EQ(done.envelope.data(), "\xff\xfe\xfd\xfc\xfb\xfa\xf9\xf8");
    EXPECT_FALSE(pair.client().isRunning(0));
    const Answer bye = pair.pass(pair.client().bye(9));
    EXPECT_EQ(bye.envelope.bye_ack().statistics(0).value(), 8.0);
}

TEST(SimulatorClient, RunsCommandsInKernelModeOneAfterTheOther) {
    Pair pair(ModelMode::Kernel);
    for (std::uint64_t tick = 0; tick < 3; ++tick) {
        const Answer answer =
            pair.pass(pair.client().launch(0, tick, Pair::command(), "\1\1\1\1\1\1\1\1"));
        EXPECT_TRUE(answer.actions.isFinal);
        EXPECT_EQ(answer.actions.commandId, tick);
    }
}

TEST(SimulatorClient, ServesAFunctionalRead) {
    Pair pair(ModelMode::Exact);
    const Answer asked = pair.pass(pair.client().launch(0, 0, Pair::command("peek")));
    ASSERT_EQ(asked.ranges.size(), 1U);
    EXPECT_EQ(asked.ranges[0].address, deviceAddress(0, 2));

    EXPECT_EQ(pair.pass(pair.client().functionalData("abcd")).envelope.data(), "abcd");
}

TEST(SimulatorClient, HandsTheModelsErrorOn) {
    Pair pair(ModelMode::Exact);
    const std::string frame = pair.client().launch(0, 0, Pair::command("throw"));
    try {
        pair.pass(frame);
        FAIL() << "no error came";
    } catch (const BridgeError& error) {
        EXPECT_EQ(error.kind(), ErrorKind::Model);
        EXPECT_NE(std::string(error.what()).find("own words"), std::string::npos);
    }
}

TEST(SimulatorClient, AnAckOfAWakeMeansNothingToDo) {
    Pair pair(ModelMode::Exact);
    pair.pass(pair.client().launch(0, 1, Pair::command()));
    pb::Envelope request;
    ASSERT_TRUE(request.ParseFromString(pair.client().wake(0, 4)));
    EXPECT_EQ(request.wake().command_id(), 0U);
    EXPECT_EQ(request.effective_tick(), 4U);
    pb::Envelope reply = request;
    reply.mutable_ack();
    const Answer answer = pair.client().receive(reply.SerializeAsString());
    EXPECT_TRUE(answer.isActions());
    EXPECT_TRUE(answer.actions.nodes.empty());
    EXPECT_TRUE(pair.client().isRunning(0));
}

TEST(SimulatorClient, RefusesItsOwnMisuse) {
    Pair pair(ModelMode::Exact);
    SimulatorClient& client = pair.client();
    EXPECT_THROW(client.hello(), BridgeError);
    EXPECT_THROW(client.event(0, 0, {}), BridgeError);
    EXPECT_THROW(client.wake(0, 0), BridgeError);
    EXPECT_THROW(client.functionalData(""), BridgeError);
    EXPECT_THROW(client.launch(1, 0, Pair::command()), BridgeError);
    Command command = Pair::command();
    command.operands[1].address = deviceAddress(1, 0);  // read-only
    EXPECT_THROW(client.launch(0, 0, command), BridgeError);
    client.launch(0, 0, Pair::command());
    EXPECT_THROW(client.bye(0), BridgeError);  // the model's turn
}

TEST(SimulatorClient, RefusesAnswersThatBreakARule) {
    const auto tamper = [](auto change) {
        Pair pair(ModelMode::Exact);
        const std::string frame = pair.client().launch(0, 0, Pair::command());
        pb::Envelope reply;
        ASSERT_TRUE(reply.ParseFromString(pair.model().exchange(frame)));
        change(reply);
        EXPECT_THROW(pair.client().receive(reply.SerializeAsString()), BridgeError);
    };
    tamper([](pb::Envelope& reply) { reply.set_session_low(7); });
    tamper([](pb::Envelope& reply) { reply.set_sequence(9); });
    tamper([](pb::Envelope& reply) { reply.set_effective_tick(1); });
    tamper([](pb::Envelope& reply) { reply.mutable_ack(); });
    tamper([](pb::Envelope& reply) { reply.mutable_actions()->set_nodes(3); });
    tamper([](pb::Envelope& reply) { reply.mutable_actions()->set_nodes(0xffffffff); });
    tamper([](pb::Envelope& reply) { reply.mutable_actions()->set_command_id(1); });
    tamper([](pb::Envelope& reply) { (*reply.mutable_records())[8] ^= 0x40; });  // an address
    tamper([](pb::Envelope& reply) { reply.clear_body(); });
}

TEST(SimulatorClient, RefusesAModelThatSpeaksOutOfTurn) {
    Pair pair(ModelMode::Exact);
    EXPECT_THROW(pair.client().receive("x"), BridgeError);
}

}  // namespace
}  // namespace harness::bridge
