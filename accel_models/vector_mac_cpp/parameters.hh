// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <string_view>

#include "json.hh"

namespace harness::vector_mac {

inline constexpr std::int64_t elementBytes = 2;  // of an fp16 element, in memory and in capacities

// The engine as SMAUG's SMV backend builds it; a target can override every field.
//
// Names, defaults and sources are those of `accel_models/vector_mac/parameters.py`.
struct Parameters {
    std::int64_t peCount = 8;
    std::int64_t macsPerPe = 32;
    std::int64_t vectorLanes = 8;
    std::int64_t inputScratchpadBytes = 32 * 1024;
    std::int64_t weightsScratchpadBytes = 32 * 1024;
    std::int64_t outputScratchpadBytes = 32 * 1024;
    std::int64_t transferBytes = 4096;
    bool isDoubleBuffered = false;
    std::int64_t multiplyLatencyCycles = 4;
    std::int64_t addLatencyCycles = 5;
    std::int64_t divideLatencyCycles = 16;
    std::int64_t specialLatencyCycles = 3;

    // Throws BridgeError{Unsupported} if a name is unknown or a value is wrong.
    static Parameters fromJson(const bridge::JsonObject& overrides);
    bridge::JsonObject toJson() const;

    // Vectors of inputs that one step of the MAC array consumes.
    std::int64_t vectorsPerPe() const { return macsPerPe / vectorLanes; }

    // Vectors that hold these elements.
    std::int64_t vectors(std::int64_t elements) const {
        return (elements + vectorLanes - 1) / vectorLanes;
    }
};

}  // namespace harness::vector_mac
