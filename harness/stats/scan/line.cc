// SPDX-License-Identifier: BSD-3-Clause
#include "harness/stats/scan/line.hh"

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <cstring>

#include "harness/stats/scan/unit.hh"

namespace harness::stats {

namespace {

constexpr std::ptrdiff_t NAME_COLUMNS = 40;
constexpr std::ptrdiff_t VALUE_COLUMNS = 12;
constexpr std::ptrdiff_t SHARE_COLUMNS = 10;
/// What M5 and early gem5 printed where later ones print nan.
constexpr std::string_view OLD_NAN[] = {"no_value", "no value", "<err: div-0>"};

std::string_view textBetween(const char* begin, const char* end) {
    return {begin, std::size_t(end - begin)};
}

/// Takes the value's text; two of the old spellings have a blank in them.
std::string_view valueText(const char* at, const char* end) {
    if ((*at >= '0' && *at <= '9') || *at == '-') return textBetween(at, wordEnd(at, end));
    for (const std::string_view old : OLD_NAN) {
        const std::string_view text = textBetween(at, end).substr(0, old.size());
        if (text == old) return text;
    }
    return textBetween(at, wordEnd(at, end));
}

bool parseValue(std::string_view text, Number& number) {
    if (parseNumber(text, number)) return true;
    const bool isOld = std::find(std::begin(OLD_NAN), std::end(OLD_NAN), text) != std::end(OLD_NAN);
    return isOld && parseNumber("nan", number);
}

/// Reads "d.dd%", "dd.dd%" and "ddd.dd%", which nearly all shares are.
Share commonShare(std::string_view text) {
    if (text.size() < 5 || text.size() > 7) return ODD_SHARE;
    const std::size_t whole = text.size() - 4;
    if (text[whole] != '.' || text.back() != '%') return ODD_SHARE;
    if (text[0] == '0' && whole > 1) return ODD_SHARE;
    std::uint32_t hundredths = 0;
    for (std::size_t i = 0; i + 1 < text.size(); ++i) {
        if (i == whole) continue;
        const auto digit = std::uint32_t(text[i] - '0');
        if (digit > 9) return ODD_SHARE;
        hundredths = hundredths * 10 + digit;
    }
    return hundredths < ODD_SHARE ? Share(hundredths) : ODD_SHARE;
}

bool parseShare(std::string_view text, Share& share) {
    share = commonShare(text);
    double percent = 0;
    return share != ODD_SHARE || parseOddShare(text, percent);
}

bool isControl(char c) { return (c >= 0 && c < 0x20 && c != '\t') || c == 0x7F; }

bool startsTail(char c) { return c == '#' || c == '(' || c == '|'; }

bool isNumberLike(std::string_view word) {
    Number number;
    Share share = NO_SHARE;
    return parseValue(word, number) || parseShare(word, share);
}

}  // namespace

bool parseOddShare(std::string_view text, double& percent) {
    Number number;
    if (text.empty() || text.back() != '%') return false;
    if (!parseNumber(text.substr(0, text.size() - 1), number)) return false;
    percent = number.value;
    return true;
}

Fault readCell(const char*& at, const char* end, Cell& cell) {
    at = skipBlanks(at, end);
    if (at == end || startsTail(*at)) return {"no value after the name", at};
    cell.digits = valueText(at, end);
    if (!parseValue(cell.digits, cell.number)) return {"the value is not a number", at};
    at = skipBlanks(at + cell.digits.size(), end);
    cell.shareCount = 0;
    cell.shares[1] = NO_SHARE;
    while (at != end && !startsTail(*at)) {
        const std::string_view text = textBetween(at, wordEnd(at, end));
        if (cell.shareCount == 2) return {"text after the value", at};
        if (!parseShare(text, cell.shares[cell.shareCount])) return {"text after the value", at};
        cell.shareTexts[cell.shareCount++] = text;
        at = skipBlanks(at + text.size(), end);
    }
    return {};
}

Fault checkTail(std::string_view tail) {
    if (tail.empty() || tail.front() == '#') {
        const auto* bad = std::find_if(tail.begin(), tail.end(), isControl);
        return bad == tail.end() ? Fault{} : Fault{"a control character", bad};
    }
    const std::string_view text = tail.substr(0, tail.find_last_not_of(" \t") + 1);
    const bool isGroup = text.size() > 2 && text.front() == '(' && text.back() == ')';
    if (isGroup && isUnit(text.substr(1, text.size() - 2))) return {};
    return {"text after the value", tail.data()};
}

const char* valueField(const char* line, const char* nameEnd) {
    return line + std::max(NAME_COLUMNS, nameEnd - line) + 1;
}

Columns checkColumns(const Cell& cell, const char* field, const char* next) {
    const auto widthOf = [](std::ptrdiff_t width, std::string_view text) {
        return std::max(width, std::ptrdiff_t(text.size()));
    };
    // How far each field ends from where gem5 would have set it, given where the one before ended.
    std::ptrdiff_t offsets[4] = {0, 0, 0, 0};
    const char* end = cell.digits.data() + cell.digits.size();
    offsets[0] = end - (field + widthOf(VALUE_COLUMNS, cell.digits));
    for (int i = 0; i < cell.shareCount; ++i) {
        const std::string_view share = cell.shareTexts[i];
        const char* const expected = end + 1 + widthOf(SHARE_COLUMNS, share);
        end = share.data() + share.size();
        offsets[i + 1] = end - expected;
    }
    end += (2 - cell.shareCount) * (SHARE_COLUMNS + 1) + 1;
    if (next != nullptr) offsets[3] = next - end;
    const auto moved = 4 - std::count(std::begin(offsets), std::end(offsets), 0);
    if (moved == 0) return Columns::Kept;
    if (moved > 1) return Columns::Foreign;
    if (offsets[0] > 0) return offsets[0] == 1 ? Columns::OneToTheRight : Columns::ToTheRight;
    const bool isOne = std::all_of(std::begin(offsets), std::end(offsets),
                                   [](std::ptrdiff_t offset) { return std::abs(offset) <= 1; });
    return isOne ? Columns::Damaged : Columns::Foreign;
}

bool readNameWithBlanks(const char* line, const char* end, const char*& nameEnd) {
    const char* at = wordEnd(line, end);
    if (textBetween(line, at).find("::") == std::string_view::npos) return false;
    while (at != end && *at == ' ') {
        const char* word = at + 1;
        if (word == end || *word == ' ' || startsTail(*word)) break;
        const char* after = wordEnd(word, end);
        if (isNumberLike(textBetween(word, after))) break;
        at = after;
    }
    nameEnd = at;
    return at != wordEnd(line, end);
}

bool isCleanName(std::string_view text) {
    int continuation = 0;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (continuation > 0) {
            if ((byte & 0xC0) != 0x80) return false;
            --continuation;
        } else if (byte >= 0x80) {
            continuation = byte >= 0xF0 && byte < 0xF5   ? 3
                           : byte >= 0xE0 && byte < 0xF0 ? 2
                           : byte >= 0xC2 && byte < 0xE0 ? 1
                                                         : -1;
            if (continuation < 0) return false;
        } else if (isControl(c)) {
            return false;
        }
    }
    return continuation == 0;
}

}  // namespace harness::stats
