// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>

#include "harness/bridge/cpp/records.hh"
#include "harness/port/divisor.hh"

namespace harness {

/** Simulated time in picoseconds, as in gem5. */
using Tick = std::uint64_t;

/** A byte address in the flat simulated memory. */
using Addr = std::uint64_t;

/** A device address is window << 40 | offset (proto/README.md section 6). */
inline constexpr unsigned kWindowShift = bridge::windowShift;

constexpr std::uint64_t windowNumber(std::uint64_t deviceAddress) {
    return deviceAddress >> kWindowShift;
}
constexpr std::uint64_t offsetInWindow(std::uint64_t deviceAddress) {
    return bridge::offsetOf(deviceAddress);
}

/** A time that no simulation reaches. */
inline constexpr Tick kMaxTick = ~Tick{0};

/** A number of cycles of a named clock; never mixed up with ticks. */
struct Cycles {
    std::uint64_t count = 0;
    constexpr explicit Cycles(std::uint64_t value = 0) : count(value) {}
};

/** A clock domain: turns cycles into ticks and finds clock edges. Edge 0 is at tick 0. */
class Clock final {
  public:
    constexpr explicit Clock(Tick periodTicks) : period(periodTicks) {}

    constexpr Tick periodTicks() const { return period.value(); }
    constexpr Tick ticks(Cycles cycles) const { return cycles.count * period.value(); }

    /** First edge at or after `tick`. */
    constexpr Tick edgeAtOrAfter(Tick tick) const {
        const Tick past = period.remainder(tick);
        return past == 0 ? tick : tick + (period.value() - past);
    }

  private:
    Divisor period;
};

}  // namespace harness
