// SPDX-License-Identifier: BSD-3-Clause
// Every decoder of the C++ end under arbitrary bytes: a typed error or a value, never a crash.
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <vector>

#include "descriptor.hh"
#include "envelope.hh"
#include "error.hh"
#include "example_model.hh"
#include "json.hh"
#include "ledger.hh"
#include "model_session.hh"

namespace {

using namespace harness::bridge;

template <typename Call>
void expectTypedErrors(Call call) {
    try {
        call();
    } catch (const BridgeError&) {  // which is what a decoder may throw
    }
}

void fuzzDescriptor(std::string_view bytes) {
    expectTypedErrors([&] {
        if (encodeDescriptor(decodeDescriptor(bytes)) != bytes) {
            std::abort();  // what decodes must encode to the same bytes
        }
    });
}

void fuzzLedger(std::string_view bytes) {
    expectTypedErrors([&] {
        Command command;
        command.kernel = "k";
        command.operands = {{"x", 64, 256, "uint8", {256}, Interface::Dma, true, true}};
        ActionsView actions;
        actions.nodes.resize(bytes.size() / sizeof(NodeRecord));
        const std::size_t nodeBytes = actions.nodes.size() * sizeof(NodeRecord);
        if (nodeBytes != 0) {
            std::memcpy(actions.nodes.data(), bytes.data(), nodeBytes);
        }
        for (const char c : bytes.substr(nodeBytes)) {
            actions.dependences.push_back(static_cast<unsigned char>(c));
        }
        actions.dataBytes = 64;
        actions.isFinal = true;
        CommandLedger(command, 0, 2, 1024).enter(actions, 0);
    });
}

// A session that is open, its first command under way, and then the bytes as a frame; once as they
// are, once with a header that fits.
void fuzzSession(std::string_view bytes) {
    ModelSession session(makeExampleModel);
    std::uint64_t sequence = 0;
    const auto send = [&](pb::Envelope envelope) {
        envelope.set_session_high(1);
        envelope.set_session_low(2);
        envelope.set_sequence(++sequence);
        session.exchange(envelope.SerializeAsString());
    };
    pb::Envelope hello;
    hello.mutable_hello()->set_protocol_major(1);
    hello.mutable_hello()->set_instances(1);
    hello.mutable_hello()->set_ticks_per_second(1000000000000);
    hello.mutable_hello()->set_line_bytes(64);
    hello.mutable_hello()->set_maximum_frame_bytes(4096);
    hello.mutable_hello()->set_maximum_nodes(64);
    hello.mutable_hello()->set_mode(pb::MODEL_MODE_EXACT);
    send(hello);
    pb::Envelope reset;
    reset.mutable_reset()->add_windows()->set_size_bytes(1 << 20);
    reset.mutable_reset()->mutable_windows(0)->set_is_writable(true);
    send(reset);
    Command command;
    command.kernel = "negate";
    command.operands = {{"input", 0, 8, "uint8", {8}, Interface::Dma, true, false},
                        {"output", 64, 8, "uint8", {8}, Interface::Dma, false, true}};
    pb::Envelope launch;
    commandToLaunch(command, *launch.mutable_launch());
    send(launch);
    pb::Envelope envelope;
    if (envelope.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
        send(envelope);
    }
    session.exchange(bytes);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    fuzzDescriptor(bytes);
    fuzzLedger(bytes);
    fuzzSession(bytes);
    expectTypedErrors([&] { static_cast<void>(Json::parse(bytes)); });
    expectTypedErrors([&] { static_cast<void>(parseToken(bytes)); });
    expectTypedErrors([&] { static_cast<void>(decodeFrame(bytes, maximumFrameBytes)); });
    return 0;
}
