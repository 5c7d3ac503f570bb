// SPDX-License-Identifier: BSD-3-Clause
#include "harness/port/translator.hh"

#include "harness/port/page_list.hh"

namespace harness {

std::optional<std::uint64_t> Translator::displacementOf(std::uint64_t deviceAddress) const {
    const WindowPlace place = memory.placeOf(deviceAddress);
    if (place.isPageList) return std::nullopt;
    return place.base + offsetInWindow(deviceAddress) - deviceAddress;  // modulo 2^64
}

std::optional<Addr> Translator::find(std::uint64_t deviceAddress) {
    const WindowPlace place = memory.placeOf(deviceAddress);
    if (!place.isPageList) return place.base + offsetInWindow(deviceAddress);
    const auto frame = tlb.find(PageList::pageOf(deviceAddress));
    ++(frame ? counts.hits : counts.misses);
    if (!frame) return std::nullopt;
    return *frame + PageList::inPage(deviceAddress);
}

Addr Translator::entryAddress(std::uint64_t deviceAddress) const {
    return PageList::entryAddress(memory.placeOf(deviceAddress).base,
                                  offsetInWindow(deviceAddress));
}

std::optional<Addr> Translator::learn(std::uint64_t deviceAddress, const std::uint8_t* moved) {
    const auto frame = PageList::frameOf(memory.pageEntry(deviceAddress, moved));
    if (!frame) return std::nullopt;
    tlb.fill(PageList::pageOf(deviceAddress), *frame);
    return *frame + PageList::inPage(deviceAddress);
}

}  // namespace harness
