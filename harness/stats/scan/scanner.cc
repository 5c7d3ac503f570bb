// SPDX-License-Identifier: BSD-3-Clause
#include "harness/stats/scan/scanner.hh"

#include <algorithm>
#include <cstring>

#include "harness/stats/scan/marker.hh"

namespace harness::stats {

namespace {

std::string_view textBetween(const char* begin, const char* end) {
    return {begin, std::size_t(end - begin)};
}

bool isBlank(char c) { return c == ' ' || c == '\t'; }

constexpr std::size_t SHOWN_CHARACTERS = 200;

}  // namespace

Scanner::Scanner(NameTable& names, ScanOptions options)
    : m_names(names),
      m_options(std::move(options)),
      m_line(m_options.firstLine - 1),
      m_offset(m_options.firstOffset) {
    if (m_options.isBare) openDump(false);
}

bool Scanner::feed(const char* data, std::size_t size) {
    if (hasFailed()) return false;
    const char* at = data;
    const char* const end = data + size;
    if (!m_carry.empty()) {
        const auto* newline = static_cast<const char*>(std::memchr(at, '\n', size));
        m_carry.append(at, newline == nullptr ? end : newline);
        if (newline == nullptr) return true;
        const std::string line = std::exchange(m_carry, {});
        if (!readLine(line.data(), line.data() + line.size())) return false;
        m_offset += line.size() + 1;
        at = newline + 1;
    }
    while (at != end) {
        const auto* newline =
            static_cast<const char*>(std::memchr(at, '\n', std::size_t(end - at)));
        if (newline == nullptr) {
            m_carry.assign(at, end);
            break;
        }
        if (!readLine(at, newline)) return false;
        m_offset += std::size_t(newline - at) + 1;
        at = newline + 1;
    }
    return true;
}

bool Scanner::finish() {
    if (hasFailed()) return false;
    const std::string line = std::exchange(m_carry, {});
    const std::string_view rest = withoutTrailingBlanks(line);
    if (markerOf(rest) == Marker::End) {
        if (!readLine(line.data(), line.data() + line.size())) return false;
    } else if (!rest.empty() && m_isOpen) {
        m_dump.isCut = true;
    }
    m_offset += line.size();
    if (m_isOpen) closeDump(false, m_offset);
    return true;
}

bool Scanner::readLine(const char* line, const char* end) {
    ++m_line;
    if (line != end && end[-1] == '\r') --end;
    if (line == end) {
        m_wasBlank = true;
        return true;
    }
    const char first = *line;
    if (m_isOpen && first != '-' && !isBlank(first)) {
        m_wasBlank = false;
        return readStatistic(line, end);
    }
    return readSpecialLine(line, end);
}

bool Scanner::readSpecialLine(const char* line, const char* end) {
    if (skipBlanks(line, end) == end) {
        m_wasBlank = true;
        return true;
    }
    if (markerOf(withoutTrailingBlanks(textBetween(line, end))) != Marker::None) {
        return readMarker(line, end);
    }
    if (!m_isOpen) return readStrayLine(line, end);
    m_wasBlank = false;
    if (*line == '-')
        return fail("a line that begins with '-' and is no Begin or End line", line, end, line);
    return readBlockRow(line, end);
}

bool Scanner::readMarker(const char* line, const char* end) {
    const Marker marker = markerOf(withoutTrailingBlanks(textBetween(line, end)));
    if (marker == Marker::Begin) {
        if (m_isOpen) {
            if (!m_wasBlank) dropLastLine();
            closeDump(false, m_offset);
        }
        openDump(true);
        return true;
    }
    if (!m_isOpen)
        return fail("an End line of a dump whose Begin line is missing", line, end, line);
    closeDump(true, m_offset + std::size_t(end - line) + 1);
    return true;
}

bool Scanner::readStrayLine(const char* line, const char* end) {
    if (looksLikeMarker(textBetween(line, end))) {
        return fail("a damaged Begin or End line", line, end, line);
    }
    if (m_strayLines++ == 0) m_firstStrayLine = m_line;
    return true;
}

NameId Scanner::predicted(const char* line, const char* end) const {
    if (m_previous == NO_NAME) return NO_NAME;
    const NameId id = m_names[m_previous].next;
    if (id == NO_NAME) return NO_NAME;
    const Name& name = m_names[id];
    const std::size_t size = name.text.size();
    if (std::size_t(end - line) <= size || !isBlank(line[size])) return NO_NAME;
    if (std::memcmp(line, name.text.data(), size) != 0) return NO_NAME;
    return name.ordinal == 1 && !isSeen(id) ? id : NO_NAME;
}

NameId Scanner::occurrence(NameId id) {
    while (isSeen(id)) id = m_names.repeat(id);
    return id;
}

void Scanner::see(NameId id) {
    if (id >= m_seen.size()) m_seen.resize(std::max<std::size_t>(id + 1, m_seen.size() * 2), 0);
    m_seen[id] = m_serial;
}

bool Scanner::isWanted(NameId id) {
    if (!m_options.isSelective) return true;
    if (id >= m_wanted.size())
        m_wanted.resize(std::max<std::size_t>(id + 1, m_wanted.size() * 2), 0);
    if (m_wanted[id] == 0) m_wanted[id] = askIfWanted(m_names.label(id)) ? 1 : 2;
    return m_wanted[id] == 1;
}

bool Scanner::askIfWanted(const std::string& label) const {
    const auto& names = m_options.wantedNames;
    if (names.count(label) != 0) return true;
    std::string base = label.substr(0, label.find("::"));
    const std::size_t mark = base.rfind('#');
    if (mark != std::string::npos) base.erase(mark);
    if (base.size() != label.size() && names.count(base) != 0) return true;
    return m_options.isWanted && m_options.isWanted(label);
}

bool Scanner::readStatistic(const char* line, const char* end) {
    m_lastLineRow = m_dump.ids.size();
    NameId id = predicted(line, end);
    const char* nameEnd = nullptr;
    if (id != NO_NAME) {
        nameEnd = line + m_names[id].text.size();
    } else {
        nameEnd = wordEnd(line, end);
        const std::string_view text = textBetween(line, nameEnd);
        id = m_names.find(text);
        if (id == NO_NAME) {
            if (!isCleanName(text) || text[0] == '#' || text[0] == '|') {
                return fail("this cannot be a statistic's name", line, end, line);
            }
            // A name counts once a line with it was read: a broken line must not leave one behind.
            Cell cell;
            const char* at = nameEnd;
            if (const Fault fault = readCell(at, end, cell)) {
                if (at == end || *at != '|') return readUnusual(line, end, fault);
            }
            id = m_names.intern(text);
        }
        id = occurrence(id);
    }
    if (m_previous != NO_NAME) m_names[m_previous].next = id;
    m_previous = id;
    see(id);
    const char* at = skipBlanks(nameEnd, end);
    if (at != end && *at == '|') return readCells(id, line, nameEnd, end);
    return readValue(id, line, nameEnd, end);
}

bool Scanner::readValue(NameId id, const char* line, const char* nameEnd, const char* end) {
    if (!isWanted(id)) return true;
    Cell cell;
    const char* at = nameEnd;
    if (const Fault fault = readCell(at, end, cell)) return readUnusual(line, end, fault);
    const char* const next = at == end ? nullptr : at;
    if (next != nullptr && *next == '|') return fail("text after the value", line, end, next);
    if (!acceptColumns(cell, valueField(line, nameEnd), next)) {
        return fail(COLUMNS_MOVED, line, end, cell.digits.data());
    }
    const std::string_view tail = textBetween(at, end);
    if (!tail.empty() && tail != m_names[id].tail) {
        if (const Fault fault = checkTail(tail)) return fail(fault.what, line, end, fault.at);
        m_names.describe(id, tail);
    }
    return keep(id, cell);
}

bool Scanner::acceptColumns(const Cell& cell, const char* field, const char* next) {
    if (m_options.layout == Layout::Free) return true;
    const Columns columns = checkColumns(cell, field, next);
    if (columns == Columns::Kept) return true;
    const bool isRight = columns == Columns::OneToTheRight || columns == Columns::ToTheRight;
    m_shiftedLines += isRight;
    if (columns == Columns::Damaged) return false;
    m_error.isShiftedRight = columns == Columns::OneToTheRight;
    return columns != Columns::OneToTheRight || m_options.layout == Layout::Renamed;
}

bool Scanner::keep(NameId id, const Cell& cell) {
    const auto row = std::uint32_t(m_dump.ids.size());
    m_dump.ids.push_back(id);
    m_dump.values.push_back(cell.number.value);
    if (cell.shareCount > 0) {
        m_dump.shareRows.push_back(row);
        for (int i = 0; i < 2; ++i) {
            double percent = 0;
            if (cell.shares[i] == ODD_SHARE && parseOddShare(cell.shareTexts[i], percent)) {
                m_dump.oddShares.emplace_back(std::uint32_t(m_dump.shares.size()), percent);
            }
            m_dump.shares.push_back(cell.shares[i]);
        }
    }
    if (!cell.number.isExact) m_dump.exactIntegers.emplace_back(row, std::string(cell.digits));
    return true;
}

bool Scanner::fail(const char* what, const char* line, const char* end, const char* at) {
    m_error.what = what;
    m_error.line = m_line;
    m_error.column = std::size_t(at - line) + 1;
    m_error.text = std::string(textBetween(line, end).substr(0, SHOWN_CHARACTERS));
    return false;
}

void Scanner::openDump(bool hasBegin) {
    m_dump = {};
    m_dump.ids.reserve(m_expectedRows);
    m_dump.values.reserve(m_expectedRows);
    m_dump.hasBegin = hasBegin;
    m_dump.beginLine = hasBegin ? m_line : m_options.firstLine;
    m_dump.beginOffset = m_offset;
    m_isOpen = true;
    m_previous = NO_NAME;
    m_block.clear();
    m_lastLineRow = 0;
    ++m_serial;
}

void Scanner::closeDump(bool hasEnd, std::uint64_t endOffset) {
    m_expectedRows = m_dump.ids.size();
    m_dump.hasEnd = hasEnd;
    m_dump.endOffset = endOffset;
    m_dumps.push_back(std::exchange(m_dump, {}));
    m_isOpen = false;
}

}  // namespace harness::stats
