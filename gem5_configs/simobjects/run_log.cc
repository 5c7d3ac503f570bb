// SPDX-License-Identifier: BSD-3-Clause
#include "run_log.hh"

#include <cstdio>
#include <fstream>

#include "base/logging.hh"
#include "base/output.hh"
#include "sim/core.hh"
#include "sim/cur_tick.hh"

namespace gem5 {

namespace {

constexpr std::size_t recordsKept = 1 << 16;

template <typename T>
void append(const std::string& path, std::vector<T>& records) {
    std::ofstream file(path, std::ios::binary | std::ios::app);
    file.write(reinterpret_cast<const char*>(records.data()),
               std::streamsize(records.size() * sizeof(T)));
    if (!file.flush()) warn("cannot write %s: the disk may be full", path);
    records.clear();
}

}  // namespace

RunLog::RunLog(const std::string& timelineName)
    : timelinePath(simout.resolve(timelineName)), marksPath(simout.resolve("marks.bin")) {
    std::remove(timelinePath.c_str());
    std::remove(marksPath.c_str());
    registerExitCallback([this] { write(); });
}

void RunLog::mark(std::uint64_t code, std::uint64_t argument) {
    marks.insert(marks.end(), {curTick(), code, argument});
}

void RunLog::tidy() {
    if (timeline.size() >= recordsKept) append(timelinePath, timeline);
}

void RunLog::write() {
    append(timelinePath, timeline);
    append(marksPath, marks);
}

}  // namespace gem5
