// SPDX-License-Identifier: BSD-3-Clause
// The lines that frame a dump.
#pragma once

#include <string_view>

namespace harness::stats {

/// What a line without trailing blanks is.
enum class Marker : unsigned char { None, Begin, End };

Marker markerOf(std::string_view line);

/// Tells whether a line that is no marker may have been one.
bool looksLikeMarker(std::string_view line);

/// Drops blanks, tabs and carriage returns at the end.
std::string_view withoutTrailingBlanks(std::string_view line);

}  // namespace harness::stats
