// SPDX-License-Identifier: BSD-3-Clause
#include "harness/stats/scan/marker.hh"

namespace harness::stats {

namespace {

constexpr std::string_view BEGIN = "---------- Begin Simulation Statistics ----------";
constexpr std::string_view END = "---------- End Simulation Statistics   ----------";
constexpr std::string_view DASHES = "---------- ";
constexpr std::string_view WORDS[] = {"Simulation Statistics", "- Begin Sim", "- End Sim"};

}  // namespace

Marker markerOf(std::string_view line) {
    if (line.empty() || line.front() != '-') return Marker::None;
    return line == BEGIN ? Marker::Begin : line == END ? Marker::End : Marker::None;
}

bool looksLikeMarker(std::string_view line) {
    if (line.substr(0, DASHES.size()) == DASHES) return true;
    for (const std::string_view words : WORDS) {
        if (line.find(words) != std::string_view::npos) return true;
    }
    return false;
}

std::string_view withoutTrailingBlanks(std::string_view line) {
    return line.substr(0, line.find_last_not_of(" \t\r\n") + 1);
}

}  // namespace harness::stats
