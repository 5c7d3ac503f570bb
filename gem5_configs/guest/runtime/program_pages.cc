// SPDX-License-Identifier: BSD-3-Clause
#include "gem5_configs/guest/runtime/program_pages.hh"

#include <link.h>

#include <cstddef>

#include "gem5_configs/guest/abi/harness_device.h"

namespace harness::guest {

namespace {

/// Of the first object, which is the program itself. Pages hold more than variables, which is what
/// a sanitizer would complain about.
__attribute__((no_sanitize("address"))) int touchSegments(dl_phdr_info* object, std::size_t,
                                                          void* counted) {
    auto& pages = *static_cast<std::uint64_t*>(counted);
    for (int i = 0; i < object->dlpi_phnum; ++i) {
        const auto& segment = object->dlpi_phdr[i];
        if (segment.p_type != PT_LOAD || !(segment.p_flags & PF_R)) continue;
        const std::uint64_t begin = object->dlpi_addr + segment.p_vaddr;
        for (std::uint64_t at = begin; at < begin + segment.p_memsz;
             at = (at / HARNESS_PAGE_BYTES + 1) * HARNESS_PAGE_BYTES) {
            (void)*reinterpret_cast<const volatile std::uint8_t*>(at);
            ++pages;
        }
    }
    return 1;
}

}  // namespace

std::uint64_t touchProgramPages() {
    std::uint64_t pages = 0;
    dl_iterate_phdr(touchSegments, &pages);
    return pages;
}

}  // namespace harness::guest
