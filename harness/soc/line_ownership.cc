// SPDX-License-Identifier: BSD-3-Clause
#include "harness/soc/line_ownership.hh"

namespace harness {

LineOwnership::LineOwnership(const AddressSpace& space, std::uint32_t lineBytes)
    : lineBytes(lineBytes), states(std::size_t(space.end() / lineBytes) + 1, State::Memory) {}

template <typename Visit>
void LineOwnership::visit(Addr address, std::uint64_t bytes, Visit each) {
    if (listener == nullptr || bytes == 0) return;
    const Addr last = (address + bytes - 1) / lineBytes;
    for (Addr line = address / lineBytes; line <= last; ++line)
        each(states[std::size_t(line)], line * lineBytes);
}

void LineOwnership::report(HazardKind kind, std::uint32_t requestorId, Addr line, Tick now) {
    listener->coherenceHazard({requestorId, line, kind, LineState::Invalid, "", now});
}

void LineOwnership::dropped(Addr address, std::uint64_t bytes) {
    visit(address, bytes, [](State& state, Addr) { state = State::Memory; });
}

void LineOwnership::cacheReads(std::uint32_t requestorId, Addr address, std::uint64_t bytes,
                               Tick now) {
    visit(address, bytes, [&](State& state, Addr line) {
        if (state == State::DeviceNewest)
            report(HazardKind::CacheReadsDeviceLine, requestorId, line, now);
        if (state != State::Dirty) state = State::Held;
    });
}

void LineOwnership::cacheWrites(Addr address, std::uint64_t bytes) {
    visit(address, bytes, [](State& state, Addr) { state = State::Dirty; });
}

void LineOwnership::deviceReads(std::uint32_t requestorId, Addr address, std::uint64_t bytes,
                                Tick now) {
    visit(address, bytes, [&](State& state, Addr line) {
        if (state == State::Dirty)
            report(HazardKind::ReadMeetsUnflushedLine, requestorId, line, now);
    });
}

void LineOwnership::deviceWrites(std::uint32_t requestorId, Addr address, std::uint64_t bytes,
                                 Tick now) {
    visit(address, bytes, [&](State& state, Addr line) {
        if (state == State::Dirty || state == State::Held)
            report(HazardKind::WriteMeetsUnflushedLine, requestorId, line, now);
        state = State::DeviceNewest;
    });
}

}  // namespace harness
