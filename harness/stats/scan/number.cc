// SPDX-License-Identifier: BSD-3-Clause
#include "harness/stats/scan/number.hh"

#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <string>

namespace harness::stats {

namespace {

constexpr int MAX_FAST_DIGITS = 18;
constexpr std::uint64_t MAX_EXACT = std::uint64_t{1} << 53;
constexpr double POWERS[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8, 1e9,
                             1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18};

bool isDigit(char c) { return c >= '0' && c <= '9'; }

bool parseWord(std::string_view word, bool isNegative, Number& number) {
    if (word == "nan") {
        number.value = std::numeric_limits<double>::quiet_NaN();
    } else if (word == "inf") {
        const double infinity = std::numeric_limits<double>::infinity();
        number.value = isNegative ? -infinity : infinity;
    } else {
        return false;
    }
    number.isExact = true;
    return true;
}

/// Converts digits that were checked; correctly rounded, whatever the locale.
double convert(std::string_view digits) {
#if defined(__cpp_lib_to_chars)
    double value = 0;
    const auto result = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (result.ec == std::errc::result_out_of_range) {
        return std::numeric_limits<double>::infinity();
    }
    return value;
#else
    return std::strtod(std::string(digits).c_str(), nullptr);
#endif
}

/// Tells whether a double prints back as these digits.
bool isHeld(double value, std::string_view digits) {
    char text[400];
    const int size = std::snprintf(text, sizeof text, "%.0f", value);
    return std::string_view(text, std::size_t(size)) == digits;
}

}  // namespace

bool parseNumber(std::string_view text, Number& number) {
    const bool isNegative = !text.empty() && text.front() == '-';
    if (isNegative) text.remove_prefix(1);
    if (text.empty()) return false;
    if (!isDigit(text.front())) return parseWord(text, isNegative, number);
    std::uint64_t mantissa = 0;
    std::size_t at = 0;
    int digits = 0;
    for (; at < text.size() && isDigit(text[at]); ++at) {
        if (++digits <= MAX_FAST_DIGITS) mantissa = mantissa * 10 + std::uint64_t(text[at] - '0');
    }
    if (digits > 1 && text.front() == '0') return false;
    const std::size_t whole = at;
    int decimals = 0;
    if (at < text.size() && text[at] == '.') {
        for (++at; at < text.size() && isDigit(text[at]); ++at, ++decimals) {
            if (++digits <= MAX_FAST_DIGITS)
                mantissa = mantissa * 10 + std::uint64_t(text[at] - '0');
        }
        if (decimals == 0) return false;
    }
    if (at != text.size()) return false;
    const bool isFast = digits <= MAX_FAST_DIGITS && mantissa <= MAX_EXACT;
    const double value = isFast ? double(mantissa) / POWERS[decimals] : convert(text);
    if (std::isinf(value)) return false;
    number.value = isNegative ? -value : value;
    number.isExact = isFast || whole != text.size() || isHeld(value, text);
    return true;
}

}  // namespace harness::stats
