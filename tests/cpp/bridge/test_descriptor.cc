// SPDX-License-Identifier: BSD-3-Clause
#include <gtest/gtest.h>

#include "descriptor.hh"
#include "error.hh"

namespace harness::bridge {
namespace {

Command example() {
    Command command;
    command.kernel = "mat_mul";
    command.item = 7;
    command.operands = {
        {"input", deviceAddress(1, 64), 128, "fp16", {8, 8}, Interface::Dma, true, false},
        {"output", deviceAddress(2, 0), 64, "fp32", {16}, Interface::Acp, false, true}};
    command.attributes = {{"finish", std::int64_t{1}}, {"activation_alpha", 0.25}};
    return command;
}

TEST(Descriptor, RoundTrips) {
    const std::string bytes = encodeDescriptor(example());

    EXPECT_EQ(bytes.size(), 256U);  // 32 + 2 x 64 + 2 x 32 = 224, rounded up
    EXPECT_EQ(bytes.substr(0, 4), "HCM1");
    EXPECT_EQ(decodeDescriptor(bytes), example());
}

TEST(Descriptor, RefusesEveryTruncation) {
    const std::string bytes = encodeDescriptor(example());
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        EXPECT_THROW(decodeDescriptor(std::string_view(bytes).substr(0, size)), BridgeError)
            << size;
    }
}

TEST(Descriptor, RefusesBytesSetThatMustBeZero) {
    for (const std::size_t offset : {16 + 15, 32 + 31, 32 + 44, 32 + 60, 255}) {
        std::string bytes = encodeDescriptor(example());
        bytes[offset] = 'x';
        EXPECT_THROW(decodeDescriptor(bytes), BridgeError) << offset;
    }
}

TEST(Descriptor, RefusesUnknownCodes) {
    const std::string good = encodeDescriptor(example());
    constexpr std::size_t operand = 32;
    const std::pair<std::size_t, char> changes[] = {
        {0, 'X'},          {4, 64},           {operand + 16, 5}, {operand + 16, 0},
        {operand + 17, 4}, {operand + 18, 9}, {operand + 18, 0}, {operand + 19, 7},
        {160 + 23, 2},     {16, '\n'},
    };
    for (const auto& [offset, value] : changes) {
        std::string bytes = good;
        bytes[offset] = value;
        EXPECT_THROW(decodeDescriptor(bytes), BridgeError) << offset;
    }
}

TEST(Descriptor, RefusesAnOperandSmallerThanItsShape) {
    Command command = example();
    command.operands[0].sizeBytes = 127;
    EXPECT_THROW(encodeDescriptor(command), BridgeError);
    command.operands[0].shape = {0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff};
    EXPECT_THROW(encodeDescriptor(command), BridgeError);
}

TEST(Descriptor, RefusesNamesThatComeTwice) {
    Command command = example();
    command.operands[1].name = "input";
    EXPECT_THROW(encodeDescriptor(command), BridgeError);
    command = example();
    command.attributes[1].first = "finish";
    EXPECT_THROW(encodeDescriptor(command), BridgeError);
}

TEST(Descriptor, RefusesTooMuchOfAnything) {
    Command command = example();
    command.kernel = std::string(17, 'k');
    EXPECT_THROW(encodeDescriptor(command), BridgeError);
    command = example();
    command.operands[0].shape = std::vector<std::uint32_t>(7, 1);
    EXPECT_THROW(encodeDescriptor(command), BridgeError);
    command = example();
    for (int i = 0; i < 64; ++i) {
        command.attributes.emplace_back("a" + std::to_string(i), std::int64_t{i});
    }
    EXPECT_THROW(encodeDescriptor(command), BridgeError);
}

TEST(Command, GivesNumbersByName) {
    const Command command = example();
    EXPECT_EQ(command.integer("finish"), 1);
    EXPECT_EQ(command.integer("absent", 5), 5);
    EXPECT_EQ(command.real("activation_alpha", 0), 0.25);
    EXPECT_EQ(command.real("finish", 0), 1.0);
    EXPECT_THROW(command.integer("absent"), BridgeError);
    EXPECT_THROW(command.integer("activation_alpha"), BridgeError);
    EXPECT_THROW(command.operand("bias"), BridgeError);
}

}  // namespace
}  // namespace harness::bridge
