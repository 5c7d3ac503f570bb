// SPDX-License-Identifier: BSD-3-Clause
// The grammar of one line: value, shares, comment, and gem5's two ways to set them in columns.
#pragma once

#include <cstdint>
#include <string_view>

#include "harness/stats/scan/number.hh"

namespace harness::stats {

/// How the file sets its columns; decided once from its first lines.
enum class Layout : unsigned char {
    /// Not as gem5 does by default: nothing can be said about a line's columns.
    Free,
    /// gem5's default: name 40, value 12, shares 10 columns wide at least. A line that is one
    /// character off lost or won one.
    Padded,
    /// As Padded, in a file whose names were lengthened later (gem5's own references were, by sed):
    /// a value may stand further right than its column.
    Renamed,
};

/// A share as it is kept: "12.34%" is 1234; what does not fit is kept apart, as a number.
using Share = std::uint16_t;
constexpr Share NO_SHARE = 0xFFFF;
constexpr Share ODD_SHARE = 0xFFFE;

/// A value and up to two shares (of this bucket, and of all up to it), with their places.
struct Cell {
    Number number;
    std::string_view digits;
    int shareCount = 0;
    Share shares[2] = {NO_SHARE, NO_SHARE};
    std::string_view shareTexts[2];
};

/// Reads a share that is not of the common form, such as "-12.50%" or "inf%".
bool parseOddShare(std::string_view text, double& percent);

/// Where and why a line is not gem5's; `what` is null if it is.
struct Fault {
    const char* what = nullptr;
    const char* at = nullptr;
    explicit operator bool() const { return what != nullptr; }
};

/// Skips blanks and tabs.
inline const char* skipBlanks(const char* at, const char* end) {
    while (at != end && (*at == ' ' || *at == '\t')) ++at;
    return at;
}

/// Returns the end of the word at `at`.
inline const char* wordEnd(const char* at, const char* end) {
    while (at != end && *at != ' ' && *at != '\t') ++at;
    return at;
}

/// Reads `value [share% [share%]]`; moves `at` to what follows, which is the end, '#', '(' or '|'.
Fault readCell(const char*& at, const char* end, Cell& cell);

/// Tells whether a tail (what follows the numbers) can stand there: a comment, or a unit alone.
Fault checkTail(std::string_view tail);

/// Where a cell stands, compared with where gem5 would have set it.
enum class Columns : unsigned char {
    Kept,
    /// Only the value is further right: by one, or by more.
    OneToTheRight,
    ToTheRight,
    /// One character is missing or too many.
    Damaged,
    /// Set by somebody else, who keeps other columns.
    Foreign,
};

/// Checks a cell's columns. `field` is where the value's field begins, `next` where the comment or
/// the next cell's '|' stands (null: nothing follows, trailing blanks may be lost).
Columns checkColumns(const Cell& cell, const char* field, const char* next);

/// Returns where the value's field begins: the name's field is 40 wide or as long as the name.
const char* valueField(const char* line, const char* nameEnd);

/// Takes apart `name with blanks value ...`: vectors' subnames are free text. Every word after a
/// blank must not look like a number, so that a number with a blank in it is never read as its
/// tail.
bool readNameWithBlanks(const char* line, const char* end, const char*& nameEnd);

/// Tells whether a name can be one: valid UTF-8 without control characters.
bool isCleanName(std::string_view text);

}  // namespace harness::stats
