// SPDX-License-Identifier: BSD-3-Clause
#include "harness/stats/scan/unit.hh"

#include <algorithm>
#include <array>

namespace harness::stats {

namespace {

constexpr std::array<std::string_view, 12> WORDS = {"Count", "Cycle",   "Tick",  "Second",
                                                    "Byte",  "Bit",     "Joule", "Volt",
                                                    "Watt",  "Celsius", "Ratio", "Unspecified"};
constexpr int MAX_DEPTH = 8;

/// Takes one unit off the front of `rest`.
bool takeUnit(std::string_view& rest, int depth) {
    if (depth > MAX_DEPTH) return false;
    if (!rest.empty() && rest.front() == '(') {
        for (const char before : {'(', '/'}) {
            if (rest.empty() || rest.front() != before) return false;
            rest.remove_prefix(1);
            if (!takeUnit(rest, depth + 1)) return false;
        }
        if (rest.empty() || rest.front() != ')') return false;
        rest.remove_prefix(1);
        return true;
    }
    const std::string_view word = rest.substr(0, rest.find_first_of("/()"));
    if (std::find(WORDS.begin(), WORDS.end(), word) == WORDS.end()) return false;
    rest.remove_prefix(word.size());
    return true;
}

std::string_view trimmed(std::string_view text) {
    const std::size_t first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

/// Returns where the group that ends the text begins; npos if the text ends in none.
std::size_t lastGroup(std::string_view text) {
    int depth = 0;
    for (std::size_t at = text.size(); at-- > 0;) {
        depth += (text[at] == ')') - (text[at] == '(');
        if (depth == 0) return text[at] == '(' ? at : std::string_view::npos;
    }
    return std::string_view::npos;
}

}  // namespace

bool isUnit(std::string_view text) { return takeUnit(text, 0) && text.empty(); }

Comment splitComment(std::string_view tail) {
    if (!tail.empty() && tail.front() == '#') tail.remove_prefix(1);
    const std::string_view text = trimmed(tail);
    const std::size_t group = lastGroup(text);
    if (group == std::string_view::npos) return {text, {}};
    const std::string_view unit = text.substr(group + 1, text.size() - group - 2);
    if (!isUnit(unit)) return {text, {}};
    return {trimmed(text.substr(0, group)), unit};
}

}  // namespace harness::stats
