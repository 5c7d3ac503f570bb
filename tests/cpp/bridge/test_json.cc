// SPDX-License-Identifier: BSD-3-Clause
#include <gtest/gtest.h>

#include "error.hh"
#include "json.hh"
#include "sha256.hh"

namespace harness::bridge {
namespace {

TEST(Json, WritesWhatPythonsCanonicalFormIs) {
    // json.dumps({...}, sort_keys=True, separators=(",", ":"))
    const char* canonical =
        R"({"a":[1,-2,true,null],"b":{"c":"x\"\\\n\u0001\u007f"},"r":[0.1,1e-05,1e+16,3.0,-0.0,123456789012345.6]})";
    EXPECT_EQ(Json::parse(canonical).canonical(), canonical);
}

TEST(Json, SortsKeysAndDropsSpace) {
    EXPECT_EQ(Json::parse(" { \"b\" : 1 , \"a\" : [ ] } ").canonical(), R"({"a":[],"b":1})");
}

TEST(Json, KeepsWholeNumbersAndRealsApart) {
    EXPECT_NE(Json::parse("1"), Json::parse("1.0"));
    EXPECT_EQ(Json::parse("9007199254740993").canonical(), "9007199254740993");
}

TEST(Json, RefusesWhatIsMalformed) {
    for (const char* text :
         {"", "{", "[1,", "{\"a\":1,\"a\":2}", "01x", "nul", "\"\\x\"", "\"\\u00e9\"", "1 2", "--1",
          "\"", "\"\\", "[1e999]", "99999999999999999999", "{1:2}", "\"a\nb\""}) {
        EXPECT_THROW(Json::parse(text), BridgeError) << text;
    }
}

TEST(Json, RefusesDeepNestingInsteadOfOverflowingTheStack) {
    EXPECT_THROW(Json::parse(std::string(100000, '[')), BridgeError);
}

TEST(Sha256, HashesTheStandardsExamples) {  // FIPS 180-4 examples, NIST CSRC
    EXPECT_EQ(sha256Hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    EXPECT_EQ(sha256Hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_EQ(sha256Hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
              "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

}  // namespace
}  // namespace harness::bridge
