// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <vector>

#include "harness/port/command.hh"
#include "harness/port/page_list.hh"
#include "harness/port/records.hh"
#include "harness/port/types.hh"

namespace harness {

/**
 * The windows behind device addresses, as the simulator at hand keeps their bytes.
 *
 * The embedded SoC has flat memory beside a memory system that only takes time; gem5's packets
 * carry the bytes themselves.
 */
class DeviceMemory {
  public:
    virtual ~DeviceMemory() = default;

    /** Where the window of a device address lies. */
    virtual WindowPlace placeOf(std::uint64_t deviceAddress) const = 0;

    /** Of a page-list window: the list's entry; `moved` is what a port brought, null if none did.
     */
    virtual std::uint64_t pageEntry(std::uint64_t deviceAddress,
                                    const std::uint8_t* moved) const = 0;

    /** Whether the operand lies in a window, and in a writable one if it is written. */
    virtual bool allows(const CommandOperand& operand) const = 0;

    /** The operand's bytes as its interface sees them now; takes no time. */
    virtual std::vector<std::uint8_t> look(const CommandOperand& operand) = 0;

    /** Whether ports bring and take bytes; if so, a transfer needs a buffer. */
    virtual bool movesBytes() const = 0;

    /** A row of a timed read that ended; `moved` is what the port brought, null if none did. */
    virtual const std::uint8_t* arrived(std::uint64_t deviceAddress, std::uint64_t count,
                                        const std::uint8_t* moved) = 0;

    /** A row of a timed write ended whose bytes no port has taken. */
    virtual void stored(std::uint64_t deviceAddress, const std::uint8_t* bytes,
                        std::uint64_t count) = 0;

    /** A timed transfer through the port `requestorId` ended. */
    virtual void noteTransfer(const NodeRecord& node, std::uint32_t requestorId, Tick now) = 0;
};

}  // namespace harness
