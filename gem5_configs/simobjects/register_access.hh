// SPDX-License-Identifier: BSD-3-Clause
#ifndef HARNESS_REGISTER_ACCESS_HH
#define HARNESS_REGISTER_ACCESS_HH

#include <cstdint>
#include <vector>

#include "bridge_core.hh"
#include "mem/packet_access.hh"

namespace gem5 {

/**
 * Lets a packet read or write a register of the bridge and makes it a response.
 *
 * Registers are accessed whole; anything else is a bus error, as on hardware that decodes 8 bytes.
 */
inline void accessRegister(BridgeCore& core, PacketPtr pkt, Addr offset) {
    const bool isWhole = pkt->getSize() == sizeof(std::uint64_t) && offset % 8 == 0;
    if (isWhole && pkt->isRead())
        pkt->setLE<std::uint64_t>(core.readRegister(offset));
    else if (isWhole)
        core.writeRegister(offset, pkt->getLE<std::uint64_t>());
    pkt->makeResponse();
    if (!isWhole) pkt->setBadAddress();
}

/// Guest memory without time, through the system's own port: caches are seen.
inline std::vector<std::uint8_t> readGuest(System& system, Addr address, std::uint64_t count) {
    std::vector<std::uint8_t> bytes(count);
    system.physProxy.readBlob(address, bytes.data(), count);
    return bytes;
}

}  // namespace gem5

#endif
