// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "harness/port/records.hh"
#include "harness/port/types.hh"

namespace harness {

enum class ExchangeKind : std::uint32_t { Launch = 1, Event = 2, Wake = 3 };

/// A decision point: the simulation stands still until the model has answered.
struct Exchange {
    ExchangeKind kind = ExchangeKind::Launch;
    std::uint32_t instance = 0;
    Tick tick = 0;
    std::uint64_t commandId = 0;
    std::string descriptor;                     // Launch
    std::vector<CompletionRecord> completions;  // Event
    std::string data;                           // Launch in KERNEL mode, Event in EXACT mode
    bool isAhead = false;                       // Launch: the model has had it before
};

class ExchangeListener {
  public:
    virtual ~ExchangeListener() = default;
    /// The model must be asked before anything else happens.
    virtual void exchangeNeeded(Exchange exchange) = 0;
};

}  // namespace harness
