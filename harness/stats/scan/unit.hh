// SPDX-License-Identifier: BSD-3-Clause
// gem5's units (src/base/stats/units.hh): twelve words, and rates of them.
#pragma once

#include <string_view>

namespace harness::stats {

/// Tells whether `text` is a unit such as "Byte" or "(Byte/Second)"; rates may nest.
bool isUnit(std::string_view text);

/// What follows a line's numbers, taken apart.
struct Comment {
    std::string_view description;
    std::string_view unit;
};

/// Splits "# text (Unit)"; the last balanced group counts only if it is one of gem5's units,
/// because releases before v21 have none and end descriptions in "(bytes)" or "(hits+misses)".
Comment splitComment(std::string_view tail);

}  // namespace harness::stats
