// SPDX-License-Identifier: BSD-3-Clause
#include <cstring>

#include "harness/stats/scan/marker.hh"
#include "harness/stats/scan/scanner.hh"

namespace harness::stats {

namespace {

constexpr std::size_t MIN_LINES = 8;

struct Counts {
    std::size_t lines = 0;
    std::size_t padded = 0;
};

/// Counts a line if it is an ordinary one.
void countLine(std::string_view text, Counts& counts) {
    const char* const line = text.data();
    const char* const end = line + text.size();
    const char* const nameEnd = wordEnd(line, end);
    const char* at = nameEnd;
    Cell cell;
    if (nameEnd == line || readCell(at, end, cell) || (at != end && *at == '|')) return;
    const char* const next = at == end ? nullptr : at;
    ++counts.lines;
    counts.padded += checkColumns(cell, valueField(line, nameEnd), next) == Columns::Kept;
}

Layout layoutOf(const Counts& counts) {
    if (counts.lines < MIN_LINES) return Layout::Free;
    return counts.padded * 10 >= counts.lines * 9 ? Layout::Padded : Layout::Free;
}

}  // namespace

Outlook lookAt(std::string_view head) {
    Counts counts;
    bool hasBegin = false;
    while (true) {
        const std::size_t newline = head.find('\n');
        if (newline == std::string_view::npos) break;
        const std::string_view line = withoutTrailingBlanks(head.substr(0, newline));
        head.remove_prefix(newline + 1);
        const Marker marker = markerOf(line);
        hasBegin = hasBegin || marker == Marker::Begin;
        if (marker == Marker::None && !line.empty()) countLine(line, counts);
    }
    return {layoutOf(counts), !hasBegin && counts.lines > 0, hasBegin || counts.lines > 0};
}

}  // namespace harness::stats
