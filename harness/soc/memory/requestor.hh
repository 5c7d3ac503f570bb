// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <string>

#include "harness/port/memory_port.hh"

namespace harness {

/** One port into the embedded memory system; its bytes lie in flat memory. */
class Requestor : public MemoryPort {
  public:
    virtual const std::string& requestorName() const = 0;

    /** As `move`, which it does. */
    virtual void access(AccessKind kind, Addr addr, std::uint32_t sizeBytes, std::uint64_t tag) = 0;

    /**
     * Do a Read, Write or WriteFullLine at once if it hits and return when it is done.
     *
     * @return Tick at which the access ends; 0 if it does not hit (nothing has changed, use
     *     `access`). No event is made and no listener called: this is the fast path.
     */
    virtual Tick accessIfHit(AccessKind kind, Addr addr, std::uint32_t sizeBytes) = 0;

    void move(AccessKind kind, Addr addr, std::uint32_t sizeBytes, std::uint64_t tag,
              std::uint8_t*) final {
        access(kind, addr, sizeBytes, tag);
    }
};

}  // namespace harness
