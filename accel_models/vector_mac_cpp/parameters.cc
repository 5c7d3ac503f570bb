// SPDX-License-Identifier: BSD-3-Clause
#include "parameters.hh"

#include <array>
#include <string>

#include "error.hh"

namespace harness::vector_mac {

namespace {

using bridge::BridgeError;
using bridge::ErrorKind;
using bridge::JsonObject;

struct Count {
    std::string_view name;
    std::int64_t Parameters::* field;
};

constexpr std::array<Count, 11> counts = {{
    {"pe_count", &Parameters::peCount},
    {"macs_per_pe", &Parameters::macsPerPe},
    {"vector_lanes", &Parameters::vectorLanes},
    {"input_scratchpad_bytes", &Parameters::inputScratchpadBytes},
    {"weights_scratchpad_bytes", &Parameters::weightsScratchpadBytes},
    {"output_scratchpad_bytes", &Parameters::outputScratchpadBytes},
    {"transfer_bytes", &Parameters::transferBytes},
    {"multiply_latency_cycles", &Parameters::multiplyLatencyCycles},
    {"add_latency_cycles", &Parameters::addLatencyCycles},
    {"divide_latency_cycles", &Parameters::divideLatencyCycles},
    {"special_latency_cycles", &Parameters::specialLatencyCycles},
}};
constexpr const char* doubleBuffer = "double_buffer";
constexpr std::int64_t largestCount = std::int64_t{1} << 40;  // keeps the cycle rules in 64 bits
constexpr std::int64_t burstBytes = 64;

void require(bool isMet, const std::string& text) {
    if (!isMet) {
        throw BridgeError(ErrorKind::Unsupported, "vector_mac: " + text);
    }
}

void set(Parameters& parameters, const std::string& name, const bridge::Json& value) {
    if (name == doubleBuffer) {
        require(value.as<bool>() != nullptr, name + " must be true or false");
        parameters.isDoubleBuffered = *value.as<bool>();
        return;
    }
    for (const Count& count : counts) {
        if (count.name == name) {
            const auto* number = value.as<std::int64_t>();
            require(number != nullptr && *number > 0 && *number <= largestCount,
                    name + " must be a whole number above 0");
            parameters.*count.field = *number;
            return;
        }
    }
    throw BridgeError(ErrorKind::Unsupported, "vector_mac has no parameter " + name);
}

}  // namespace

Parameters Parameters::fromJson(const JsonObject& overrides) {
    Parameters parameters;
    for (const auto& [name, value] : overrides) {
        set(parameters, name, value);
    }
    require(parameters.macsPerPe % parameters.vectorLanes == 0,
            "macs_per_pe must be a multiple of vector_lanes");
    require(parameters.transferBytes % burstBytes == 0, "transfer_bytes must be a multiple of 64");
    return parameters;
}

JsonObject Parameters::toJson() const {
    JsonObject object = {{doubleBuffer, isDoubleBuffered}};
    for (const Count& count : counts) {
        object.emplace(std::string(count.name), this->*count.field);
    }
    return object;
}

}  // namespace harness::vector_mac
