// SPDX-License-Identifier: BSD-3-Clause
// The byte vectors of `tests/protocol/vectors/bridge_v1.json`, which the Python end must pass as
// well.
#include <gtest/gtest.h>

#include <cstring>
#include <fstream>
#include <sstream>

#include "descriptor.hh"
#include "error.hh"
#include "example_model.hh"
#include "json.hh"
#include "ledger.hh"
#include "model_session.hh"

namespace harness::bridge {
namespace {

const JsonObject& objectOf(const Json& json) { return *json.as<JsonObject>(); }

std::string textOf(const Json& vector, const char* key) {
    return *objectOf(vector).at(key).as<std::string>();
}

bool flagOf(const Json& vector, const char* key) { return *objectOf(vector).at(key).as<bool>(); }

std::string fromHexadecimal(const std::string& digits) {
    std::string bytes;
    for (std::size_t i = 0; i + 1 < digits.size(); i += 2) {
        bytes += static_cast<char>(std::stoi(digits.substr(i, 2), nullptr, 16));
    }
    return bytes;
}

std::string bytesOf(const Json& vector, const char* key) {
    return fromHexadecimal(textOf(vector, key));
}

// The vectors of one decoder.
JsonArray vectorsOf(const std::string& decoder) {
    std::ifstream file(HARNESS_VECTORS);
    std::stringstream text;
    text << file.rdbuf();
    const Json whole = Json::parse(text.str());
    JsonArray found;
    for (const Json& vector : *objectOf(whole).at("vectors").as<JsonArray>()) {
        if (textOf(vector, "decoder") == decoder) {
            found.push_back(vector);
        }
    }
    EXPECT_FALSE(found.empty()) << decoder;
    return found;
}

template <typename Call>
void expectValidity(const Json& vector, Call call) {
    if (flagOf(vector, "is_valid")) {
        EXPECT_NO_THROW(call()) << textOf(vector, "name");
    } else {
        EXPECT_THROW(call(), BridgeError) << textOf(vector, "name");
    }
}

TEST(Vectors, DescriptorsDecodeAsStated) {
    for (const Json& vector : vectorsOf("descriptor")) {
        const std::string bytes = bytesOf(vector, "bytes");
        expectValidity(vector,
                       [&] { EXPECT_EQ(encodeDescriptor(decodeDescriptor(bytes)), bytes); });
    }
}

template <typename Record>
std::vector<Record> recordsOf(const std::string& bytes) {
    if (bytes.size() % sizeof(Record) != 0) {
        throw BridgeError(ErrorKind::Protocol, "not whole records");
    }
    std::vector<Record> records(bytes.size() / sizeof(Record));
    if (!bytes.empty()) {
        std::memcpy(records.data(), bytes.data(), bytes.size());
    }
    return records;
}

TEST(Vectors, ActionsAreEnteredAsStated) {
    for (const Json& vector : vectorsOf("actions")) {
        const JsonObject& object = objectOf(vector);
        const auto number = [&](const char* key) {
            return static_cast<std::uint64_t>(*object.at(key).as<std::int64_t>());
        };
        CommandLedger ledger(decodeDescriptor(bytesOf(vector, "command")), 0, number("units"),
                             1024);
        expectValidity(vector, [&] {
            ledger.enter(
                {0, recordsOf<NodeRecord>(bytesOf(vector, "nodes")),
                 recordsOf<std::uint32_t>(bytesOf(vector, "dependences")),
                 bytesOf(vector, "data").size(), flagOf(vector, "is_final"), number("wake_tick")},
                0);
        });
    }
}

// The body's name as protobuf spells it: "hello_ack".
std::string snakeCase(const std::string& name) {
    std::string text;
    for (const char c : name) {
        const bool isUpper = c >= 'A' && c <= 'Z';
        text += isUpper && !text.empty() ? "_" : "";
        text += isUpper ? static_cast<char>(c - 'A' + 'a') : c;
    }
    return text;
}

TEST(Vectors, SessionsAnswerAsStated) {
    for (const Json& vector : vectorsOf("session")) {
        ModelSession session(makeExampleModel, parseToken(textOf(vector, "token")));
        pb::Envelope answer;
        for (const Json& frame : *objectOf(vector).at("frames").as<JsonArray>()) {
            const std::string reply = session.exchange(fromHexadecimal(*frame.as<std::string>()));
            ASSERT_TRUE(answer.ParseFromString(reply)) << textOf(vector, "name");
        }
        EXPECT_EQ(snakeCase(bodyName(answer.body_case())), textOf(vector, "answer"))
            << textOf(vector, "name") << ": " << answer.error().text();
        const std::string kind = textOf(vector, "error_kind");
        EXPECT_TRUE(kind.empty() || pb::ErrorKind_Name(answer.error().kind()) == kind)
            << textOf(vector, "name") << ": " << answer.error().text();
    }
}

}  // namespace
}  // namespace harness::bridge
