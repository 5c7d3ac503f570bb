// SPDX-License-Identifier: BSD-3-Clause
#include "gem5_configs/guest/runtime/user_memory.hh"

#include <sys/mman.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

#include "gem5_configs/guest/runtime/error.hh"

namespace harness::guest {

UserMemory::UserMemory(std::uint64_t sizeBytes) : sizeBytes(sizeBytes) {
    void* address =
        mmap(nullptr, sizeBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (address == MAP_FAILED)
        throw RuntimeError("no " + std::to_string(sizeBytes) +
                           " bytes of memory: " + std::strerror(errno));
    memory = static_cast<std::uint8_t*>(address);
}

UserMemory::UserMemory(UserMemory&& other) noexcept
    : memory(std::exchange(other.memory, nullptr)), sizeBytes(other.sizeBytes) {}

UserMemory::~UserMemory() {
    if (memory != nullptr) munmap(memory, sizeBytes);
}

}  // namespace harness::guest
