// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <cstring>

namespace harness::vector_mac {

// IEEE 754 binary16 to binary32; exact.
inline float halfToFloat(std::uint16_t half) {
    const std::uint32_t sign = std::uint32_t{half} << 16U & 0x80000000U;
    const std::uint32_t exponent = half >> 10U & 0x1fU;
    const std::uint32_t fraction = half & 0x3ffU;
    std::uint32_t bits = 0;
    if (exponent == 0x1f) {  // infinity, or a NaN that becomes quiet
        bits = 0x7f800000U | fraction << 13U | (fraction != 0 ? 0x400000U : 0U);
    } else if (exponent != 0) {
        bits = (exponent + 112) << 23U | fraction << 13U;
    } else {  // subnormal: fraction / 2^24
        const float magnitude = static_cast<float>(fraction) * 0x1p-24F;
        std::memcpy(&bits, &magnitude, sizeof bits);
    }
    bits |= sign;
    float value = 0;
    std::memcpy(&value, &bits, sizeof value);
    return value;
}

// binary32 to binary16, round to nearest even; too large becomes infinity.
inline std::uint16_t floatToHalf(float value) {
    std::uint32_t bits = 0;
    std::memcpy(&bits, &value, sizeof bits);
    const auto sign = static_cast<std::uint16_t>(bits >> 16U & 0x8000U);
    bits &= 0x7fffffffU;
    if (bits > 0x7f800000U) {  // NaN keeps its upper payload and stays a NaN
        const auto fraction = static_cast<std::uint16_t>(bits >> 13U & 0x3ffU);
        return static_cast<std::uint16_t>(sign | 0x7c00U | (fraction != 0 ? fraction : 0x1U));
    }
    if (bits >= 0x477ff000U) {  // 65520 and above round to infinity
        return static_cast<std::uint16_t>(sign | 0x7c00U);
    }
    if (bits <
        0x38800000U) {  // below 2^-14: count in units of 2^-24; adding 0.5 lets the FPU round
        float magnitude = 0;
        std::memcpy(&magnitude, &bits, sizeof magnitude);
        magnitude += 0.5F;
        std::memcpy(&bits, &magnitude, sizeof bits);
        return static_cast<std::uint16_t>(sign | (bits - 0x3f000000U));
    }
    const std::uint32_t isOdd = bits >> 13U & 1U;
    return static_cast<std::uint16_t>(sign | (bits - 0x38000000U + 0xfffU + isOdd) >> 13U);
}

}  // namespace harness::vector_mac
