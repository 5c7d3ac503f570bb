// SPDX-License-Identifier: BSD-3-Clause
// All names of a file, each once, with what their comments say.
#pragma once

#include <cstdint>
#include <deque>
#include <limits>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace harness::stats {

using NameId = std::uint32_t;
constexpr NameId NO_NAME = std::numeric_limits<NameId>::max();

/// A name. gem5 may print one name twice in a dump (two groups that register the same); the second
/// is "name#2", which no statistic of gem5's is called.
struct Name {
    /// As printed; `ordinal` tells the repetitions apart.
    std::string_view text;
    std::uint32_t ordinal = 1;
    /// The name whose line came next, the last time.
    NameId next = NO_NAME;
    /// The same text's next repetition.
    NameId repetition = NO_NAME;
    /// The comment as it was first printed, and its two parts.
    std::string_view tail;
    std::string_view description;
    std::string_view unit;
    /// Elements of a one-line form, in order.
    std::vector<NameId> cells;
};

/// Interned names; ids are dense, in order of first appearance, and never change.
class NameTable final {
  public:
    NameId size() const { return NameId(m_names.size()); }
    const Name& operator[](NameId id) const { return m_names[id]; }
    Name& operator[](NameId id) { return m_names[id]; }

    /// Returns the id of a text's first occurrence; NO_NAME if it was never seen.
    NameId find(std::string_view text) const;
    /// Returns the id of a text's first occurrence.
    NameId intern(std::string_view text);
    /// Returns the id of the repetition after `id`.
    NameId repeat(NameId id);
    /// Returns the id of element `index` of a one-line form.
    NameId cell(NameId base, std::size_t index);
    /// Keeps a comment if the name has none.
    void describe(NameId id, std::string_view tail);
    /// Returns the name by which users ask for it.
    std::string label(NameId id) const;

  private:
    std::string_view keep(std::string_view text);

    std::vector<Name> m_names;
    std::unordered_map<std::string_view, NameId> m_ids;
    std::unordered_map<std::string_view, std::string_view> m_tails;
    std::deque<std::string> m_texts;
};

}  // namespace harness::stats
