// SPDX-License-Identifier: BSD-3-Clause
// The numbers of stats.txt: what gem5 prints (base/stats/text.cc, ValueToString) and nothing else.
#pragma once

#include <string_view>

namespace harness::stats {

/// A number as it stands in the file.
struct Number {
    double value = 0;
    /// False for an integer that no double holds; its digits are then kept beside it.
    bool isExact = true;
};

/// Reads `-?digits`, `-?digits.digits`, `nan`, `-nan`, `inf`, `-inf`, the whole text or nothing.
///
/// gem5 prints neither a plus sign nor leading zeros nor exponents, so a text with one was damaged:
/// "12e45" is more likely a hit digit than a number.
bool parseNumber(std::string_view text, Number& number);

}  // namespace harness::stats
