// SPDX-License-Identifier: BSD-3-Clause
// IEEE 754 binary16 in software, so that every machine rounds alike.
#pragma once

#include <cstdint>
#include <cstring>

namespace harness {

inline float floatFromBits(std::uint32_t bits) {
    float value;
    std::memcpy(&value, &bits, sizeof value);
    return value;
}

inline std::uint32_t bitsFromFloat(float value) {
    std::uint32_t bits;
    std::memcpy(&bits, &value, sizeof bits);
    return bits;
}

/// Widen binary16; exact for every value.
inline float halfToFloat(std::uint16_t half) {
    const std::uint32_t sign = std::uint32_t(half & 0x8000u) << 16;
    const std::uint32_t exponent = (half >> 10) & 0x1fu;
    const std::uint32_t mantissa = half & 0x3ffu;
    if (exponent == 0x1f) return floatFromBits(sign | 0x7f800000u | (mantissa << 13));
    if (exponent != 0) return floatFromBits(sign | ((exponent + 112) << 23) | (mantissa << 13));
    const float magnitude =
        float(mantissa) * (1.0f / 16777216.0f);  // subnormal: multiples of 2^-24
    return sign ? -magnitude : magnitude;
}

/// Shift right by `shift` (1 to 24) and round to nearest, ties to even.
inline std::uint32_t shiftRoundEven(std::uint32_t value, unsigned shift) {
    const std::uint32_t half = 1u << (shift - 1);
    const std::uint32_t rest = value & ((1u << shift) - 1);
    const std::uint32_t quotient = value >> shift;
    return quotient + (rest > half || (rest == half && (quotient & 1u)));
}

/// Round to binary16, to nearest, ties to even; overflow gives infinity, NaN stays a quiet NaN.
inline std::uint16_t floatToHalf(float value) {
    const std::uint32_t bits = bitsFromFloat(value);
    const std::uint16_t sign = std::uint16_t((bits >> 16) & 0x8000u);
    const std::uint32_t magnitude = bits & 0x7fffffffu;
    if (magnitude > 0x7f800000u)
        return std::uint16_t(sign | 0x7e00u | ((magnitude >> 13) & 0x1ffu));
    if (magnitude >= 0x47800000u) return std::uint16_t(sign | 0x7c00u);  // 2^16 and above, infinity
    if (magnitude >= 0x38800000u)                                        // 2^-14 and above: normal
        return std::uint16_t(sign | shiftRoundEven(magnitude - 0x38000000u, 13));
    if (magnitude < 0x33000000u) return sign;  // below half of the smallest subnormal, 2^-25
    const unsigned shift = 126 - (magnitude >> 23);
    return std::uint16_t(sign | shiftRoundEven((magnitude & 0x7fffffu) | 0x800000u, shift));
}

}  // namespace harness
