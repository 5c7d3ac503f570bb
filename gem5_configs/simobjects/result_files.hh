// SPDX-License-Identifier: BSD-3-Clause
#ifndef HARNESS_RESULT_FILES_HH
#define HARNESS_RESULT_FILES_HH

#include <cstdint>

#include "sim/system.hh"

namespace gem5 {

/**
 * The files that a guest writes by number, without time: results, of which its machine knows
 * nothing.
 *
 * They go into gem5's output directory under names of our own, so that a guest reaches nothing else
 * of the host's.
 */
class ResultFiles final {
  public:
    explicit ResultFiles(System& system) : system(system) {}

    /// The bytes that were moved, 0 if the file cannot be written. Offset 0 begins the file anew.
    std::uint64_t writeFrom(std::uint64_t number, std::uint64_t offset, Addr address,
                            std::uint64_t count);

  private:
    System& system;
};

}  // namespace gem5

#endif
