// SPDX-License-Identifier: BSD-3-Clause
#include "harness/soc/memory/tag_array.hh"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <utility>
#include <vector>

namespace harness {
namespace {

constexpr std::uint32_t kLineBytes = 64, kWays = 4, kSets = 8;
constexpr Addr kLines = 3 * kWays * kSets;  // three times what fits
constexpr LineHolders::Member kSelf{LineHolders::kUpper, 5};

/** A cache as the textbook has it: per set a list of lines, the one used last at the back. */
class Textbook final {
  public:
    using Set = std::vector<std::pair<Addr, LineState>>;

    Set& setOf(Addr line) { return sets[line / kLineBytes % kSets]; }
    Set::iterator find(Addr line) {
        return std::find_if(setOf(line).begin(), setOf(line).end(),
                            [line](const auto& each) { return each.first == line; });
    }
    LineState state(Addr line) {
        const auto found = find(line);
        return found == setOf(line).end() ? LineState::Invalid : found->second;
    }
    void touch(Addr line) {
        const auto found = find(line);
        if (found != setOf(line).end()) std::rotate(found, found + 1, setOf(line).end());
    }
    void setState(Addr line, LineState state) {
        const auto found = find(line);
        if (found == setOf(line).end()) return;
        found->second = state;
        if (state == LineState::Invalid) setOf(line).erase(found);
    }
    TagArray::Victim insert(Addr line, LineState state) {
        TagArray::Victim victim{0, LineState::Invalid};
        if (setOf(line).size() == kWays) {
            victim = {setOf(line).front().first, setOf(line).front().second};
            setOf(line).erase(setOf(line).begin());
        }
        setOf(line).emplace_back(line, state);
        return victim;
    }

  private:
    std::vector<Set> sets{kSets};
};

TEST(TagArray, DropsWhatTheTextbookDrops) {
    std::mt19937 random(5);
    LineHolders holders(kLineBytes);
    TagArray tags(kLineBytes * kWays * kSets, kWays, kLineBytes);
    tags.setHolders(holders, kSelf);
    Textbook textbook;
    for (int i = 0; i < 20000; ++i) {
        const Addr line = random() % kLines * kLineBytes;
        const auto state = static_cast<LineState>(1 + random() % 4);
        const LineState before = textbook.state(line);
        ASSERT_EQ(tags.state(line), before);
        ASSERT_EQ(holders.has(line, kSelf), before != LineState::Invalid);
        if (before == LineState::Invalid) {
            const TagArray::Victim wanted = textbook.insert(line, state);
            const TagArray::Victim victim = tags.insert(line, state);
            ASSERT_EQ(victim.state, wanted.state);
            if (wanted.state == LineState::Invalid) continue;
            ASSERT_EQ(victim.line, wanted.line);
        } else if (random() % 4 == 0) {
            const LineState next = random() % 2 ? state : LineState::Invalid;
            tags.setState(line, next);
            textbook.setState(line, next);
        } else {
            ASSERT_EQ(tags.touch(line), before);
            textbook.touch(line);
        }
    }
}

TEST(TagArray, AnAbsentLineIsNeitherTouchedNorChanged) {
    TagArray tags(kLineBytes * kWays * kSets, kWays, kLineBytes);
    EXPECT_EQ(tags.touch(0), LineState::Invalid);
    tags.setState(0, LineState::Modified);
    EXPECT_EQ(tags.state(0), LineState::Invalid);
}

}  // namespace
}  // namespace harness
