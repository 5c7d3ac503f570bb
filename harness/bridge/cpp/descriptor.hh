// SPDX-License-Identifier: BSD-3-Clause
// The command descriptor as the driver writes it into memory (`proto/README.md` section 6).
#pragma once

#include <string>
#include <string_view>

#include "command.hh"

namespace harness::bridge {

inline constexpr std::uint32_t descriptorMagic = 0x314D4348U;  // "HCM1"
inline constexpr std::size_t descriptorAlignment = 64;
inline constexpr std::size_t maximumOperands = 16;
inline constexpr std::size_t maximumAttributes = 64;
inline constexpr std::size_t maximumRank = 6;
inline constexpr std::size_t kernelNameBytes = 16;
inline constexpr std::size_t operandNameBytes = 12;
inline constexpr std::size_t attributeNameBytes = 23;

// Throws BridgeError{Bounds or Protocol} if the command does not fit the format.
std::string encodeDescriptor(const Command& command);

// Throws BridgeError{Protocol} if the bytes are anything but one well-formed descriptor.
Command decodeDescriptor(std::string_view bytes);

}  // namespace harness::bridge
