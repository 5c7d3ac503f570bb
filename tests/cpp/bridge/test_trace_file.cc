// SPDX-License-Identifier: BSD-3-Clause
// Traces on disk: what is written is read, what is broken is refused.
#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <iterator>

#include "link_error.hh"
#include "trace_file.hh"

namespace harness::bridge {
namespace {

class TraceFile : public ::testing::Test {
  protected:
    void TearDown() override { std::remove(path_.c_str()); }

    static pb::Envelope sealed(pb::Envelope envelope) {
        envelope.set_session_high(1);
        envelope.set_session_low(2);
        envelope.set_sequence(3);
        return envelope;
    }

    // Hello, HelloAck and one exchange.
    void writeTrace() const {
        TraceWriter writer(path_);
        pb::Envelope hello;
        hello.mutable_hello()->set_seed(7);
        pb::Envelope accepted;
        accepted.mutable_hello_ack()->set_model("m");
        writer.append(sealed(hello).SerializeAsString(), sealed(accepted));
        pb::Envelope wake;
        wake.mutable_wake()->set_command_id(4);
        wake.set_effective_tick(9);
        wake.set_instance(1);
        pb::Envelope actions;
        actions.mutable_actions()->set_command_id(4);
        actions.set_effective_tick(9);
        actions.set_instance(1);
        actions.set_data("bytes");
        writer.append(sealed(wake).SerializeAsString(), sealed(actions));
    }

    std::string bytes() const {
        std::ifstream file(path_, std::ios::binary);
        return {std::istreambuf_iterator<char>(file), {}};
    }

    void overwrite(const std::string& bytes) const {
        std::ofstream(path_, std::ios::binary) << bytes;
    }

    void expectRefused(const std::string& text) const {
        try {
            TraceReader reader(path_);
            while (!reader.isAtEnd()) {
                reader.next();
            }
            FAIL() << "not refused";
        } catch (const LinkError& error) {
            EXPECT_EQ(error.fault(), LinkFault::File);
            EXPECT_NE(std::string(error.what()).find(text), std::string::npos) << error.what();
        }
    }

    const std::string path_ = ::testing::TempDir() + "test_trace_file_" +
                              ::testing::UnitTest::GetInstance()->current_test_info()->name();
};

TEST_F(TraceFile, HoldsWhatWasSaidWithoutTheSession) {
    writeTrace();
    TraceReader reader(path_);
    ASSERT_EQ(reader.blocks(), 4U);
    EXPECT_EQ(reader.next().hello().seed(), 7U);
    EXPECT_EQ(reader.next().hello_ack().model(), "m");
    const pb::Envelope wake = reader.next();
    EXPECT_EQ(wake.effective_tick(), 9U);
    EXPECT_EQ(wake.instance(), 1U);
    EXPECT_EQ(wake.session_high() + wake.session_low() + wake.sequence(), 0U);
    const pb::Envelope actions = reader.next();
    EXPECT_EQ(actions.actions().command_id(), 4U);
    EXPECT_EQ(actions.data(), "bytes");
    EXPECT_EQ(actions.effective_tick() + actions.instance() + actions.session_low(), 0U);
    EXPECT_TRUE(reader.isAtEnd());
}

TEST_F(TraceFile, IsCompleteAfterEveryExchange) {
    TraceWriter writer(path_);
    pb::Envelope request;
    request.mutable_hello();
    pb::Envelope answer;
    answer.mutable_hello_ack();
    writer.append(request.SerializeAsString(), answer);
    EXPECT_EQ(TraceReader(path_).blocks(), 2U);
}

TEST_F(TraceFile, RefusesATraceThatIsCutOffAnywhere) {
    writeTrace();
    const std::string whole = bytes();
    for (std::size_t length = 8; length < whole.size(); ++length) {
        overwrite(whole.substr(0, length));
        try {
            // What ends after the handshake is whole; it diverges when the run goes on.
            EXPECT_EQ(TraceReader(path_).blocks(), 2U) << length;
        } catch (const LinkError& error) {
            EXPECT_EQ(error.fault(), LinkFault::File) << length;
        }
    }
}

TEST_F(TraceFile, RefusesOtherAndDamagedFiles) {
    expectRefused("cannot read");
    overwrite("");
    expectRefused("not a trace");
    overwrite("HBTRACE2 and more");
    expectRefused("not a trace");
    overwrite("HBTRACE1");
    expectRefused("cut off");
    writeTrace();
    std::string damaged = bytes();
    damaged[12] = '\xff';
    overwrite(damaged);
    expectRefused("damaged");
    damaged = bytes();
    damaged[11] = '\x7f';  // a block longer than the file
    overwrite(damaged);
    expectRefused("cut off");
}

TEST_F(TraceFile, NamesTheFileThatCannotBeWritten) {
    try {
        TraceWriter writer("/nowhere/trace");
        FAIL() << "not refused";
    } catch (const LinkError& error) {
        EXPECT_EQ(error.fault(), LinkFault::File);
        EXPECT_NE(std::string(error.what()).find("/nowhere/trace"), std::string::npos);
    }
}

TEST(TraceFullDisk, IsAnError) { EXPECT_THROW(TraceWriter("/dev/full"), LinkError); }

}  // namespace
}  // namespace harness::bridge
