// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>

namespace harness {

/**
 * A divisor that is known long before it is used: divides by multiplying with its reciprocal.
 *
 * floor((2^64 - 1) / d) is less than 1 below 2^64 / d, so that the estimated quotient of any
 * 64-bit number is right or one too small.
 */
class Divisor final {
  public:
    /** 0 divides nothing: neither function may be called then. */
    constexpr explicit Divisor(std::uint64_t value)
        : divisor(value), reciprocal(value == 0 ? 0 : ~std::uint64_t{0} / value) {}

    constexpr std::uint64_t value() const { return divisor; }

    constexpr std::uint64_t quotient(std::uint64_t number) const {
        const std::uint64_t estimate = estimated(number);
        return estimate + (number - estimate * divisor >= divisor ? 1 : 0);
    }

    constexpr std::uint64_t remainder(std::uint64_t number) const {
        const std::uint64_t rest = number - estimated(number) * divisor;
        return rest >= divisor ? rest - divisor : rest;
    }

  private:
    __extension__ using Product = unsigned __int128;

    constexpr std::uint64_t estimated(std::uint64_t number) const {
        return static_cast<std::uint64_t>(Product{number} * reciprocal >> 64);
    }

    std::uint64_t divisor;
    std::uint64_t reciprocal;
};

}  // namespace harness
