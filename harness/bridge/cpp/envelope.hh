// SPDX-License-Identifier: BSD-3-Clause
// One frame is one Envelope; this is the only place that turns one into the other.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "command.hh"
#include "error.hh"
#include "harness/pb/bridge/v1/bridge.pb.h"

namespace harness::bridge {

namespace pb = harness::pb::bridge::v1;

inline constexpr std::uint64_t maximumFrameBytes = std::uint64_t{64} << 20U;
inline constexpr std::uint32_t protocolMajor = 1;

// The run's token: its first and last 8 bytes.
struct SessionToken {
    std::uint64_t high = 0;
    std::uint64_t low = 0;

    friend bool operator==(const SessionToken& a, const SessionToken& b) {
        return a.high == b.high && a.low == b.low;
    }
};

// Reads 32 lower-case hexadecimal digits; throws BridgeError{Protocol} on anything else.
SessionToken parseToken(std::string_view text);

// Throws BridgeError{Protocol} if the bytes are too many, no Envelope, or an Envelope without a
// known body.
pb::Envelope decodeFrame(std::string_view frame, std::uint64_t maximumBytes);

// Throws BridgeError{Bounds} if the frame would be larger than allowed.
std::string encodeFrame(const pb::Envelope& envelope, std::uint64_t maximumBytes);

// A name of the body for messages: "Launch".
const char* bodyName(pb::Envelope::BodyCase body);

// Throws BridgeError if the Launch is not a valid command.
Command commandFromLaunch(const pb::Launch& launch);
void commandToLaunch(const Command& command, pb::Launch& launch);

void setError(pb::Error& error, ErrorKind kind, std::string_view text);

}  // namespace harness::bridge
