// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace harness::bridge {

struct DtypeInfo {
    std::uint8_t code;  // in the descriptor
    std::string_view name;
    std::uint32_t elementBytes;
};

inline constexpr std::array<DtypeInfo, 8> dtypes = {{
    {1, "fp32", 4},
    {2, "fp16", 2},
    {3, "bf16", 2},
    {4, "int8", 1},
    {5, "uint8", 1},
    {6, "int32", 4},
    {7, "int64", 8},
    {8, "bool", 1},
}};

// Null if there is no such dtype.
constexpr const DtypeInfo* findDtype(std::string_view name) {
    for (const DtypeInfo& info : dtypes) {
        if (info.name == name) {
            return &info;
        }
    }
    return nullptr;
}

constexpr const DtypeInfo* findDtype(std::uint8_t code) {
    return code >= 1 && code <= dtypes.size() ? &dtypes[code - 1U] : nullptr;
}

}  // namespace harness::bridge
