// SPDX-License-Identifier: BSD-3-Clause
#ifndef HARNESS_RUN_LOG_HH
#define HARNESS_RUN_LOG_HH

#include <cstdint>
#include <string>
#include <vector>

#include "harness/port/records.hh"

namespace gem5 {

/**
 * What a run leaves in gem5's output directory about its accelerators and its guest's marks.
 *
 * Files of an earlier run in that directory are removed at the start. Records are written when
 * many have come and at gem5's exit, so that a run that ends early keeps what it had.
 */
class RunLog final {
  public:
    explicit RunLog(const std::string& timelineName);

    /// What accelerators did, as the executor notes it.
    std::vector<harness::TimelineRecord> timeline;

    /// A mark of the guest at the present tick.
    void mark(std::uint64_t code, std::uint64_t argument);

    /// Writes the timeline if it has grown large.
    void tidy();

  private:
    void write();

    const std::string timelinePath;
    const std::string marksPath;
    std::vector<std::uint64_t> marks;  // tick, code, argument
};

}  // namespace gem5

#endif
