// SPDX-License-Identifier: BSD-3-Clause
// The simulator's end over ZeroMQ and out of a trace, with a model on another thread.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <chrono>
#include <cstdio>

#include "model_link.hh"
#include "model_thread.hh"

namespace harness::bridge {
namespace {

using std::chrono::milliseconds;

class Memory final : public FunctionalReader {
  public:
    std::string read(std::uint32_t /*instance*/, const std::vector<MemoryRange>& ranges) override {
        return std::string(ranges.front().sizeBytes - missingBytes, 'm');
    }

    std::uint64_t missingBytes = 0;
};

class ModelLinkTest : public ::testing::Test {
  protected:
    ModelLinkTest() {
        const std::string name = ::testing::UnitTest::GetInstance()->current_test_info()->name();
        const std::string stem = ::testing::TempDir() + "hb" + std::to_string(getpid());
        settings.endpoint = "ipc://" + stem + name.substr(0, 24);
        settings.tokenText = tokenText;
        settings.token = parseToken(tokenText);
        settings.deadlineSeconds = 5;
        trace = stem + name + ".trace";
    }
    void TearDown() override { std::remove(trace.c_str()); }

    std::unique_ptr<ModelLink> connect() { return connectModel(settings, &memory); }

    static Command command(const std::string& kernel = "negate") {
        Command command;
        command.kernel = kernel;
        command.operands = {
            {"input", deviceAddress(0, 0), 8, "uint8", {8}, Interface::Dma, true, false},
            {"output", deviceAddress(0, 64), 8, "uint8", {8}, Interface::Acp, false, true}};
        return command;
    }

    // Two commands, one of which reads functionally; returns the number of negations.
    double run(ModelLink& link, std::uint64_t secondTick = 7, const std::string& data = "abcdefgh",
               const std::string& kernel = "peek") {
        link.reset({{"all", 4096, true}});
        const Answer first = link.launch(0, 5, command(), data);
        EXPECT_TRUE(first.actions.isFinal);
        EXPECT_EQ(first.envelope.data().size(), 8U);
        EXPECT_TRUE(link.launch(0, secondTick, command(kernel), "abcdefgh").actions.isFinal);
        return link.bye(secondTick).front().value;
    }

    // What the action throws; its text in `text`, its time in `seconds`.
    template <typename Action>
    LinkFault faultOf(const Action& action) {
        const auto begin = std::chrono::steady_clock::now();
        try {
            action();
        } catch (const LinkError& error) {
            text = error.what();
            seconds =
                std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
            return error.fault();
        }
        throw std::logic_error("no LinkError came");
    }

    LinkFault faultOfReplay(std::uint64_t tick, const std::string& data,
                            const std::string& kernel) {
        settings.recordPath.clear();
        settings.replayPath = trace;
        return faultOf([&] { run(*connect(), tick, data, kernel); });
    }

    void record() {
        settings.recordPath = trace;
        ModelThread model(settings.endpoint);
        run(*connect());
    }

    void expectText(const std::string& part) const {
        EXPECT_NE(text.find(part), std::string::npos) << text;
    }

    LinkSettings settings;
    Memory memory;
    std::string trace;
    std::string text;
    double seconds = 0;
};

TEST_F(ModelLinkTest, RunsASession) {
    ModelThread model(settings.endpoint);
    const std::unique_ptr<ModelLink> link = connect();
    EXPECT_EQ(link->model().model(), "example");
    EXPECT_EQ(link->exchanges(), 0U);
    EXPECT_EQ(run(*link), 8.0);
    EXPECT_EQ(link->exchanges(), 4U);
    EXPECT_GT(link->waitedSeconds(), 0);
    EXPECT_EQ(faultOf([&] { link->bye(8); }), LinkFault::Protocol);
    expectText("over");
    EXPECT_NE(access(settings.endpoint.substr(6).c_str(), F_OK), 0);
}

TEST_F(ModelLinkTest, ARecordingReplaysWithoutAModel) {
    record();
    settings.recordPath.clear();
    settings.replayPath = trace;
    const std::unique_ptr<ModelLink> link = connect();
    EXPECT_EQ(run(*link), 8.0);
    EXPECT_EQ(link->exchanges(), 4U);
    EXPECT_EQ(link->waitedSeconds(), 0);
}

TEST_F(ModelLinkTest, AReplayNamesTheExchangeAndTheFieldThatDiffer) {
    record();
    EXPECT_EQ(faultOfReplay(8, "abcdefgh", "peek"), LinkFault::Divergence);
    expectText("exchange 2 differs from the trace: request, field tick (Launch of instance 0");
    expectText("expected: 7\n  got: 8");
    EXPECT_EQ(faultOfReplay(7, "abcdXfgh", "peek"), LinkFault::Divergence);
    expectText("exchange 1 differs from the trace: request, field data");
    expectText("8 bytes, from byte 4: 65 66 67 68");
    EXPECT_EQ(faultOfReplay(7, "abcdefgh", "negate"), LinkFault::Divergence);
    expectText("field kernel");
}

TEST_F(ModelLinkTest, AReplayRefusesAnotherHelloAndALongerRun) {
    record();
    settings.recordPath.clear();
    settings.replayPath = trace;
    const std::unique_ptr<ModelLink> link = connect();
    link->reset({{"all", 4096, true}});
    EXPECT_EQ(faultOf([&] { link->bye(0); }), LinkFault::Divergence);
    expectText("field kind");
    settings.hello.seed = 1;
    EXPECT_EQ(faultOf([&] { connect(); }), LinkFault::Divergence);
    expectText("another Hello");
}

TEST_F(ModelLinkTest, EqualRunsMakeEqualTracesHoweverParametersAreSpelt) {
    const auto recorded = [this](const std::string& parameters) {
        settings.hello.parametersJson = parameters;
        record();
        std::FILE* file = std::fopen(trace.c_str(), "rb");
        std::string bytes(65536, '\0');
        bytes.resize(std::fread(bytes.data(), 1, bytes.size(), file));
        std::fclose(file);
        return bytes;
    };
    EXPECT_EQ(recorded(""), recorded("{}"));
    EXPECT_EQ(recorded("{\"offset\":3}"), recorded("{ \"offset\" : 3 }"));
}

TEST_F(ModelLinkTest, ARequestThatIsRefusedUnsentLeavesTheSessionUsable) {
    ModelThread model(settings.endpoint);
    const std::unique_ptr<ModelLink> link = connect();
    link->reset({{"all", 128, true}});
    Command outside = command();
    outside.operands[1].address = deviceAddress(0, 124);
    EXPECT_EQ(faultOf([&] { link->launch(0, 1, outside, "abcdefgh"); }), LinkFault::Protocol);
    expectText("outside window \"all\"");
    EXPECT_EQ(link->launch(0, 3, command(), "abcdefgh").actions.commandId, 0U);
    EXPECT_EQ(faultOf([&] { link->launch(0, 2, command(), "abcdefgh"); }), LinkFault::Protocol);
    expectText("time decreases");
    EXPECT_EQ(link->launch(0, 3, command(), "abcdefgh").actions.commandId, 1U);
    EXPECT_EQ(faultOf([&] { link->event(0, 1, {}, ""); }), LinkFault::Protocol);
    EXPECT_EQ(faultOf([&] { link->wake(0, 1); }), LinkFault::Protocol);
    EXPECT_EQ(run(*link), 8.0);
}

TEST_F(ModelLinkTest, TheModelsErrorIsHandedOn) {
    ModelThread model(settings.endpoint);
    const std::unique_ptr<ModelLink> link = connect();
    link->reset({{"all", 4096, true}});
    EXPECT_EQ(faultOf([&] { link->drain(0); }), LinkFault::Model);
    expectText("cannot save its state");
    EXPECT_EQ(faultOf([&] { link->launch(0, 3, command("throw"), "abcdefgh"); }), LinkFault::Model);
    expectText("own words");
    expectText("Launch of instance 0 at tick 3, exchange 1");
}

TEST_F(ModelLinkTest, AFunctionalReadNeedsAReaderThatReturnsEverything) {
    for (const bool hasReader : {false, true}) {
        ModelThread model(settings.endpoint);
        memory.missingBytes = 1;
        const std::unique_ptr<ModelLink> link =
            connectModel(settings, hasReader ? &memory : nullptr);
        link->reset({{"all", 4096, true}});
        const LinkFault fault = faultOf([&] { link->launch(0, 3, command("peek"), "abcdefgh"); });
        EXPECT_EQ(fault, hasReader ? LinkFault::Protocol : LinkFault::Model);
    }
}

TEST_F(ModelLinkTest, ParametersThatTheModelRefusesAreAHandshakeError) {
    settings.hello.parametersJson = "{\"offsets\":1}";
    ModelThread model(settings.endpoint);
    EXPECT_EQ(faultOf([&] { connect(); }), LinkFault::Handshake);
    expectText("offsets");
}

TEST_F(ModelLinkTest, SettingsThatCannotWorkAreRefusedAtOnce) {
    const LinkSettings good = settings;
    settings.hello.parametersJson = "[]";
    EXPECT_EQ(faultOf([&] { connect(); }), LinkFault::Handshake);
    settings = good;
    settings.deadlineSeconds = 0;
    EXPECT_EQ(faultOf([&] { connect(); }), LinkFault::Handshake);
    settings = good;
    settings.endpoint = "tcp://127.0.0.1:5555";
    EXPECT_EQ(faultOf([&] { connect(); }), LinkFault::Handshake);
    expectText("use ipc");
    settings.endpoint = "ipc:///tmp/" + std::string(103, 'x');
    EXPECT_EQ(faultOf([&] { connect(); }), LinkFault::Handshake);
    expectText("1 to 107 bytes");
    settings.endpoint = "ipc:///nowhere/socket";
    EXPECT_EQ(faultOf([&] { connect(); }), LinkFault::Handshake);
    expectText("No such file");
    settings = good;
    settings.tokenText = "short";
    EXPECT_EQ(faultOf([&] { connect(); }), LinkFault::Handshake);
    settings = good;
    settings.token.low ^= 1;
    EXPECT_EQ(faultOf([&] { connect(); }), LinkFault::Handshake);
    settings = good;
    settings.replayPath = "/nowhere/trace";
    EXPECT_EQ(faultOf([&] { connect(); }), LinkFault::File);
}

TEST_F(ModelLinkTest, NobodyComesBeforeTheDeadline) {
    settings.deadlineSeconds = 0.3;
    EXPECT_EQ(faultOf([&] { connect(); }), LinkFault::Timeout);
    expectText("deadline of 0.3 s before it connected");
    EXPECT_GE(seconds, 0.3);
    EXPECT_LT(seconds, 2);
}

TEST_F(ModelLinkTest, APeerWithAnotherTokenIsRefused) {
    settings.deadlineSeconds = 0.5;
    const std::string wrong(32, '7');
    ModelThread model(
        settings.endpoint,
        [](zmq::socket_t& socket) {
            socket.set(zmq::sockopt::rcvtimeo, 1000);
            zmq::message_t frame;
            EXPECT_FALSE(socket.recv(frame));
        },
        wrong);
    EXPECT_EQ(faultOf([&] { connect(); }), LinkFault::Handshake);
    expectText("token");
}

TEST_F(ModelLinkTest, TheRightModelComesInAfterAStrangerAndASecondOneDoesNot) {
    ModelThread stranger(
        settings.endpoint,
        [](zmq::socket_t& socket) {
            socket.set(zmq::sockopt::rcvtimeo, 300);
            zmq::message_t frame;
            EXPECT_FALSE(socket.recv(frame));
        },
        std::string(32, '7'));
    ModelThread model(settings.endpoint);
    const std::unique_ptr<ModelLink> link = connect();
    ModelThread second(settings.endpoint, [](zmq::socket_t& socket) {
        socket.set(zmq::sockopt::rcvtimeo, 300);
        zmq::message_t frame;
        EXPECT_FALSE(socket.recv(frame));
    });
    std::this_thread::sleep_for(milliseconds(100));
    EXPECT_EQ(run(*link), 8.0);
}

TEST_F(ModelLinkTest, AModelThatDoesNotAnswerMissesItsDeadline) {
    settings.deadlineSeconds = 0.4;
    ModelThread model(settings.endpoint, [](zmq::socket_t& socket) {
        ModelThread::serveThen(socket, 1, [](zmq::socket_t& /*silent*/) {
            std::this_thread::sleep_for(milliseconds(900));
        });
    });
    const std::unique_ptr<ModelLink> link = connect();
    EXPECT_EQ(faultOf([&] { link->reset({}); }), LinkFault::Timeout);
    expectText("Reset at tick 0, exchange 0");
    EXPECT_LT(seconds, 0.9);
}

TEST_F(ModelLinkTest, BusyStartsTheDeadlineAnew) {
    settings.deadlineSeconds = 0.5;
    ModelThread model(settings.endpoint, [](zmq::socket_t& socket) {
        ModelSession session(makeExampleModel, parseToken(tokenText));
        std::uint64_t sequence = 0;
        zmq::message_t frame;
        while (!session.isOver() && socket.recv(frame)) {
            pb::Envelope reply;
            reply.ParseFromString(session.exchange(frame.to_string_view()));
            pb::Envelope busy = reply;
            busy.mutable_busy()->set_progress("thinking");
            for (int i = 0; i < (reply.has_ack() ? 4 : 0); ++i) {
                std::this_thread::sleep_for(milliseconds(250));
                busy.set_sequence(++sequence);
                socket.send(zmq::buffer(busy.SerializeAsString()), zmq::send_flags::none);
            }
            reply.set_sequence(++sequence);
            socket.send(zmq::buffer(reply.SerializeAsString()), zmq::send_flags::none);
        }
    });
    EXPECT_EQ(run(*connect()), 8.0);
}

TEST_F(ModelLinkTest, AModelThatClosesItsSocketIsLostAtOnce) {
    ModelThread model(settings.endpoint, [](zmq::socket_t& socket) {
        ModelThread::serveThen(socket, 1, [](zmq::socket_t& mine) {
            std::this_thread::sleep_for(milliseconds(200));
            mine.close();
        });
    });
    const std::unique_ptr<ModelLink> link = connect();
    EXPECT_EQ(faultOf([&] { link->reset({}); }), LinkFault::PeerLost);
    expectText("disconnected");
    EXPECT_LT(seconds, 1.2);
}

TEST_F(ModelLinkTest, GarbageAndMultipartMessagesAreProtocolErrors) {
    for (const bool isMultipart : {false, true}) {
        ModelThread model(settings.endpoint, [isMultipart](zmq::socket_t& socket) {
            ModelThread::serveThen(socket, 1, [isMultipart](zmq::socket_t& mine) {
                zmq::message_t frame;
                EXPECT_TRUE(mine.recv(frame));
                const auto flags = isMultipart ? zmq::send_flags::sndmore : zmq::send_flags::none;
                mine.send(zmq::str_buffer("garbage"), flags);
                if (isMultipart) {
                    mine.send(zmq::str_buffer("more"), zmq::send_flags::none);
                }
            });
        });
        const std::unique_ptr<ModelLink> link = connect();
        EXPECT_EQ(faultOf([&] { link->reset({}); }), LinkFault::Protocol);
        expectText(isMultipart ? "multipart" : "not an Envelope");
        EXPECT_EQ(faultOf([&] { link->reset({}); }), LinkFault::Protocol);
        expectText("over");
    }
}

TEST_F(ModelLinkTest, AnInterruptionEndsTheWait) {
    bool isInterrupted = false;
    settings.interrupted = [&isInterrupted] { return isInterrupted; };
    ModelThread model(settings.endpoint, [](zmq::socket_t& socket) {
        ModelThread::serveThen(socket, 1, [](zmq::socket_t& mine) {
            zmq::message_t frame;
            EXPECT_TRUE(mine.recv(frame));
            EXPECT_FALSE(mine.recv(frame));
        });
    });
    const std::unique_ptr<ModelLink> link = connect();
    isInterrupted = true;
    EXPECT_EQ(faultOf([&] { link->reset({}); }), LinkFault::Interrupted);
    EXPECT_LT(seconds, 1);
}

TEST_F(ModelLinkTest, AProcessThatHasEndedIsNotAwaited) {
    const pid_t child = fork();
    if (child == 0) {
        _exit(7);
    }
    settings.modelPid = child;
    EXPECT_EQ(faultOf([&] { connect(); }), LinkFault::PeerLost);
    expectText("ended before it connected");
    expectText("exit status 7");
    EXPECT_LT(seconds, 1);
    waitpid(child, nullptr, 0);
    EXPECT_EQ(faultOf([&] { connect(); }), LinkFault::PeerLost);
    EXPECT_LT(seconds, 1);
}

}  // namespace
}  // namespace harness::bridge
