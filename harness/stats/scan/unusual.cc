// SPDX-License-Identifier: BSD-3-Clause
// The scanner's rarer lines: one-line forms, names with blanks, M5's indented distributions.
#include <algorithm>
#include <cstdlib>

#include "harness/stats/scan/scanner.hh"

namespace harness::stats {

namespace {

constexpr std::string_view BLOCK_BEGIN = ".start_dist";
constexpr std::string_view BLOCK_END = ".end_dist";

std::string_view textBetween(const char* begin, const char* end) {
    return {begin, std::size_t(end - begin)};
}

bool endsWith(std::string_view text, std::string_view ending) {
    return text.size() > ending.size() && text.substr(text.size() - ending.size()) == ending;
}

}  // namespace

bool Scanner::isAnyCellWanted(NameId base, const char* at, const char* end) {
    if (!m_options.isSelective) return true;
    if (!m_options.areCellsNamed) return isWanted(base);
    const auto known = m_unwantedCells.find(base);
    const auto cells = std::size_t(std::count(at, end, '|'));
    if (known != m_unwantedCells.end() && cells <= known->second) return false;
    for (std::size_t i = 0; i < cells; ++i) {
        if (isWanted(m_names.cell(base, i))) return true;
    }
    m_unwantedCells[base] = cells;
    return false;
}

bool Scanner::readCells(NameId base, const char* line, const char* nameEnd, const char* end) {
    // "name | value share share | ... # text": Ruby's and Garnet's vectors and histograms.
    const char* at = skipBlanks(nameEnd, end);
    if (!isAnyCellWanted(base, at, end)) return true;
    const bool isOneOff = std::abs(at - valueField(line, nameEnd)) == 1;
    if (isOneOff && m_options.layout == Layout::Padded) return fail(COLUMNS_MOVED, line, end, at);
    m_cells.clear();
    while (at != end && *at == '|') {
        PlacedCell& placed = m_cells.emplace_back();
        placed.field = ++at;
        if (const Fault fault = readCell(at, end, placed.cell)) {
            return fail(fault.what, line, end, fault.at);
        }
        placed.next = at == end ? nullptr : at;
    }
    const std::string_view tail = textBetween(at, end);
    if (tail != m_names[base].tail) {
        if (const Fault fault = checkTail(tail)) return fail(fault.what, line, end, fault.at);
        if (!tail.empty()) m_names.describe(base, tail);
    }
    for (std::size_t i = 0; i < m_cells.size(); ++i) {
        const PlacedCell& placed = m_cells[i];
        if (!acceptColumns(placed.cell, placed.field, placed.next)) {
            return fail(COLUMNS_MOVED, line, end, placed.cell.digits.data());
        }
        const NameId id = occurrence(m_names.cell(base, i));
        see(id);
        if (isWanted(id)) keep(id, placed.cell);
    }
    return true;
}

bool Scanner::readUnusual(const char* line, const char* end, Fault fault) {
    const std::string_view word = textBetween(line, wordEnd(line, end));
    if (endsWith(word, BLOCK_BEGIN)) {
        m_block = word.substr(0, word.size() - BLOCK_BEGIN.size());
        return true;
    }
    if (endsWith(word, BLOCK_END)) {
        m_block.clear();
        return true;
    }
    const char* nameEnd = nullptr;
    if (!readNameWithBlanks(line, end, nameEnd)) return fail(fault.what, line, end, fault.at);
    Cell cell;
    const char* at = nameEnd;
    if (readCell(at, end, cell)) return fail(fault.what, line, end, fault.at);
    const std::string_view name = textBetween(line, nameEnd);
    if (!isCleanName(name)) return fail("this cannot be a statistic's name", line, end, line);
    const NameId id = occurrence(m_names.intern(name));
    see(id);
    m_previous = id;
    return readValue(id, line, nameEnd, end);
}

bool Scanner::readBlockRow(const char* line, const char* end) {
    // M5 before 2.0: between "name.start_dist" and "name.end_dist", "   bucket  count  share%".
    if (m_block.empty()) return fail("a line without a name", line, end, line);
    const char* const bucket = skipBlanks(line, end);
    const char* const bucketEnd = wordEnd(bucket, end);
    const std::string_view label = textBetween(bucket, bucketEnd);
    Cell cell;
    const char* at = bucketEnd;
    if (const Fault fault = readCell(at, end, cell)) return fail(fault.what, line, end, fault.at);
    if (const Fault fault = checkTail(textBetween(at, end))) {
        return fail(fault.what, line, end, fault.at);
    }
    if (!isCleanName(label)) return fail("this cannot be a bucket", line, end, bucket);
    const NameId id = occurrence(m_names.intern(m_block + "::" + std::string(label)));
    m_lastLineRow = m_dump.ids.size();
    see(id);
    return isWanted(id) ? keep(id, cell) : true;
}

void Scanner::dropLastLine() {
    // gem5 begins a dump with a newline: without an empty line before Begin, that newline ended a
    // line which a killed run had left unfinished, and its number may be cut.
    const std::size_t row = m_lastLineRow;
    if (row >= m_dump.ids.size()) return;
    m_dump.isCut = true;
    m_dump.ids.resize(row);
    m_dump.values.resize(row);
    while (!m_dump.shareRows.empty() && m_dump.shareRows.back() >= row) {
        m_dump.shareRows.pop_back();
        m_dump.shares.resize(m_dump.shares.size() - 2);
    }
    while (!m_dump.oddShares.empty() && m_dump.oddShares.back().first >= m_dump.shares.size()) {
        m_dump.oddShares.pop_back();
    }
    while (!m_dump.exactIntegers.empty() && m_dump.exactIntegers.back().first >= row) {
        m_dump.exactIntegers.pop_back();
    }
}

}  // namespace harness::stats
