// SPDX-License-Identifier: BSD-3-Clause
#include "harness/stats/scan/names.hh"

#include "harness/stats/scan/unit.hh"

namespace harness::stats {

std::string_view NameTable::keep(std::string_view text) { return m_texts.emplace_back(text); }

NameId NameTable::find(std::string_view text) const {
    const auto found = m_ids.find(text);
    return found == m_ids.end() ? NO_NAME : found->second;
}

NameId NameTable::intern(std::string_view text) {
    const NameId known = find(text);
    if (known != NO_NAME) return known;
    const NameId id = size();
    Name& name = m_names.emplace_back();
    name.text = keep(text);
    m_ids.emplace(name.text, id);
    return id;
}

NameId NameTable::repeat(NameId id) {
    if (m_names[id].repetition == NO_NAME) {
        Name repetition;
        repetition.text = m_names[id].text;
        repetition.ordinal = m_names[id].ordinal + 1;
        m_names[id].repetition = size();
        m_names.push_back(repetition);
    }
    return m_names[id].repetition;
}

NameId NameTable::cell(NameId base, std::size_t index) {
    while (m_names[base].cells.size() <= index) {
        const std::string element = std::to_string(m_names[base].cells.size());
        const NameId id = intern(label(base) + "::" + element);
        m_names[base].cells.push_back(id);
        m_names[id].description = m_names[base].description;
        m_names[id].unit = m_names[base].unit;
    }
    return m_names[base].cells[index];
}

void NameTable::describe(NameId id, std::string_view tail) {
    Name& name = m_names[id];
    if (!name.tail.empty()) return;
    const auto known = m_tails.find(tail);
    name.tail = known != m_tails.end() ? known->second : keep(tail);
    if (known == m_tails.end()) m_tails.emplace(name.tail, name.tail);
    const Comment comment = splitComment(name.tail);
    name.description = comment.description;
    name.unit = comment.unit;
    for (const NameId cell : name.cells) {
        m_names[cell].description = name.description;
        m_names[cell].unit = name.unit;
    }
}

std::string NameTable::label(NameId id) const {
    const Name& name = m_names[id];
    std::string label(name.text);
    return name.ordinal == 1 ? label : label + "#" + std::to_string(name.ordinal);
}

}  // namespace harness::stats
