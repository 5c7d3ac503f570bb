// SPDX-License-Identifier: BSD-3-Clause
#include <gtest/gtest.h>

#include <cstring>
#include <vector>

#include "records.hh"

namespace harness::bridge {
namespace {

TEST(Records, NodeFieldsLieWhereTheProtocolSays) {
    NodeRecord node;
    node.id = 0x04030201;
    node.kind = NodeKind::Write;
    node.interface = Interface::Acp;
    node.stream = 7;
    node.unit = 8;
    node.flags = 0x40302010;
    std::vector<unsigned char> bytes(sizeof node);
    std::memcpy(bytes.data(), &node, sizeof node);

    EXPECT_EQ(bytes[0], 1);
    EXPECT_EQ(bytes[3], 4);
    EXPECT_EQ(bytes[4], 2);
    EXPECT_EQ(bytes[5], 2);
    EXPECT_EQ(bytes[6], 7);
    EXPECT_EQ(bytes[7], 8);
    EXPECT_EQ(bytes[60], 0x10);
}

TEST(Records, AddressesSplitIntoWindowAndOffset) {
    const std::uint64_t address = deviceAddress(3, 0x123456789A);

    EXPECT_EQ(address, 0x0000'0312'3456'789AU);
    EXPECT_EQ(windowOf(address), 3U);
    EXPECT_EQ(offsetOf(address), 0x123456789AU);
}

}  // namespace
}  // namespace harness::bridge
