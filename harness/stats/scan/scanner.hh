// SPDX-License-Identifier: BSD-3-Clause
// Reads a stats.txt from front to back, block by block, into one set of columns per dump.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "harness/stats/scan/line.hh"
#include "harness/stats/scan/names.hh"

namespace harness::stats {

/// One dump: where it stands, and its values in file order.
struct DumpColumns {
    std::uint64_t beginLine = 0;
    std::uint64_t beginOffset = 0;
    std::uint64_t endOffset = 0;
    bool hasBegin = true;
    bool hasEnd = false;
    /// Whether the last line was cut off and therefore left out.
    bool isCut = false;
    std::vector<NameId> ids;
    std::vector<double> values;
    /// Rows of lines with shares, and two shares for each.
    std::vector<std::uint32_t> shareRows;
    std::vector<Share> shares;
    /// Places in `shares` of the odd ones, and their percentages.
    std::vector<std::pair<std::uint32_t, double>> oddShares;
    /// Rows of integers that no double holds, and their digits.
    std::vector<std::pair<std::uint32_t, std::string>> exactIntegers;
};

/// What is said of a line whose columns are not the file's.
constexpr const char* COLUMNS_MOVED =
    "the columns are shifted: a character was lost or added in this line";

/// How to read.
struct ScanOptions {
    Layout layout = Layout::Free;
    /// The file begins inside a dump: its Begin line is missing.
    bool isBare = false;
    /// Line number and offset of the first byte that is fed.
    std::uint64_t firstLine = 1;
    std::uint64_t firstOffset = 0;
    /// Whether only some names are wanted: those here (with or without their "::element"), and
    /// those that the function, asked once per name, says. Lines of other names are not looked at.
    bool isSelective = false;
    std::unordered_set<std::string> wantedNames;
    std::function<bool(const std::string&)> isWanted;
    /// Whether a one-line form's element, "::7", may be wanted though its base is not.
    bool areCellsNamed = true;
};

/// What is wrong with the file, in the user's terms.
struct ScanError {
    std::string what;
    std::uint64_t line = 0;
    std::size_t column = 0;
    std::string text;
    /// Only the columns are wrong, in a way that a lengthened name explains.
    bool isShiftedRight = false;
};

/// The reader's state between two blocks. A block may end anywhere, also inside a line.
class Scanner final {
  public:
    Scanner(NameTable& names, ScanOptions options);

    /// Reads one block; returns false at the first line that is not gem5's.
    bool feed(const char* data, std::size_t size);
    /// Ends the file: a dump without End stays incomplete, a line without newline is left out.
    bool finish();

    bool hasFailed() const { return !m_error.what.empty(); }
    const ScanError& error() const { return m_error; }
    /// Moves the finished dumps out.
    std::vector<DumpColumns> takeDumps() { return std::exchange(m_dumps, {}); }
    /// Lines outside of any dump that are not empty: none of them is read.
    /// Lines whose value stands right of its column.
    std::uint64_t shiftedLines() const { return m_shiftedLines; }
    std::uint64_t strayLines() const { return m_strayLines; }
    std::uint64_t firstStrayLine() const { return m_firstStrayLine; }

  private:
    bool readLine(const char* line, const char* end);
    bool readSpecialLine(const char* line, const char* end);
    bool readMarker(const char* line, const char* end);
    bool readStrayLine(const char* line, const char* end);
    bool readStatistic(const char* line, const char* end);
    bool readUnusual(const char* line, const char* end, Fault fault);
    bool readBlockRow(const char* line, const char* end);
    bool readCells(NameId base, const char* line, const char* nameEnd, const char* end);
    bool readValue(NameId id, const char* line, const char* nameEnd, const char* end);
    bool acceptColumns(const Cell& cell, const char* field, const char* next);
    bool keep(NameId id, const Cell& cell);
    bool fail(const char* what, const char* line, const char* end, const char* at);

    NameId predicted(const char* line, const char* end) const;
    NameId occurrence(NameId id);
    bool isSeen(NameId id) const { return id < m_seen.size() && m_seen[id] == m_serial; }
    void see(NameId id);
    bool isWanted(NameId id);
    bool askIfWanted(const std::string& label) const;
    bool isAnyCellWanted(NameId base, const char* at, const char* end);
    void openDump(bool hasBegin);
    void closeDump(bool hasEnd, std::uint64_t endOffset);
    void dropLastLine();

    NameTable& m_names;
    ScanOptions m_options;
    std::string m_carry;
    std::uint64_t m_line;
    std::uint64_t m_offset;
    bool m_isOpen = false;
    DumpColumns m_dump;
    std::vector<DumpColumns> m_dumps;
    /// Number of the dump, and per name the last one that had it.
    std::uint32_t m_serial = 0;
    std::vector<std::uint32_t> m_seen;
    /// Per name: 0 not asked, 1 wanted, 2 not.
    std::vector<std::uint8_t> m_wanted;
    /// Per one-line name: how many of its first cells are known to be unwanted.
    std::unordered_map<NameId, std::size_t> m_unwantedCells;
    struct PlacedCell {
        Cell cell;
        const char* field;
        const char* next;
    };
    std::vector<PlacedCell> m_cells;
    NameId m_previous = NO_NAME;
    std::size_t m_expectedRows = 0;
    std::size_t m_lastLineRow = 0;
    bool m_wasBlank = true;
    std::string m_block;
    std::uint64_t m_shiftedLines = 0;
    std::uint64_t m_strayLines = 0;
    std::uint64_t m_firstStrayLine = 0;
    ScanError m_error;
};

/// What a file's first bytes say about how to read it.
struct Outlook {
    Layout layout = Layout::Free;
    bool isBare = false;
    /// Whether there is any line of statistics or a Begin line among them.
    bool hasStatistics = false;
};

/// Looks at a file's first bytes. Its columns count as gem5's if nine lines of ten are set so, and
/// eight are at least.
Outlook lookAt(std::string_view head);

}  // namespace harness::stats
