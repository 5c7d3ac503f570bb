// SPDX-License-Identifier: BSD-3-Clause
#ifndef HARNESS_GUEST_FILES_HH
#define HARNESS_GUEST_FILES_HH

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "sim/system.hh"

namespace gem5 {

/**
 * The host's files that a guest reads and writes by number, without time.
 *
 * What a guest may read is named by the configuration; what it writes goes into gem5's output
 * directory under names of our own, so that a guest reaches nothing else of the host's.
 */
class GuestFiles final {
  public:
    /// `files`: "NUMBER=PATH" each. Ends gem5 with the user's mistake if one is malformed.
    GuestFiles(System& system, const std::vector<std::string>& files);

    /// All ones if there is no such file.
    std::uint64_t sizeBytes(std::uint64_t number) const;

    /// Both return the bytes that were moved, 0 if the file or the memory does not exist.
    std::uint64_t readInto(std::uint64_t number, std::uint64_t offset, Addr address,
                           std::uint64_t count);
    std::uint64_t writeFrom(std::uint64_t number, std::uint64_t offset, Addr address,
                            std::uint64_t count);

  private:
    System& system;
    std::map<std::uint64_t, std::string> paths;
};

}  // namespace gem5

#endif
