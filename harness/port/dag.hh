// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "harness/port/records.hh"
#include "harness/port/types.hh"

namespace harness {

/// An answer of the model: nodes and what they refer to (proto/README.md section 5).
struct ActionsView {
    const NodeRecord* nodes = nullptr;
    std::size_t nodeCount = 0;
    const std::uint32_t* dependences = nullptr;
    std::size_t dependenceCount = 0;
    const std::uint8_t* data = nullptr;
    std::size_t dataBytes = 0;
    bool isFinal = false;
    Tick wakeTick = 0;
};

struct Node {
    NodeRecord record{};
    std::uint32_t pendingDependences = 0;
    bool hasEnded = false;
    std::vector<std::uint32_t> dependents;  // indices
    std::vector<std::uint8_t> data;         // WRITE: what to store; READ: what arrived
    Tick readyTick = 0;
    Tick firstTick = 0;
    Tick lastTick = 0;
    bool isRefused = false;  // a bus error
};

/**
 * The nodes of one command: who depends on whom, who is ready, who has ended.
 *
 * Knows no time source and no memory; the accelerator tells it what ended.
 */
class Dag final {
  public:
    /// Add an answer's nodes. Returns "" or what is wrong with them, and then nothing was added.
    std::string add(const ActionsView& actions);

    /// Mark a node ended; returns by `takeReady` what became ready by it.
    void end(std::uint32_t index, Tick now);

    /// Indices of nodes that became ready since the last call, by (id).
    std::vector<std::uint32_t> takeReady();

    Node& node(std::uint32_t index) { return nodes[index]; }
    const Node& node(std::uint32_t index) const { return nodes[index]; }
    std::size_t size() const { return nodes.size(); }
    bool allEnded() const { return ended == nodes.size(); }
    std::size_t notEnded() const { return nodes.size() - ended; }

  private:
    std::string check(const ActionsView& actions) const;

    std::vector<Node> nodes;
    std::unordered_map<std::uint32_t, std::uint32_t> indexOf;  // by id; looked up only
    std::vector<std::uint32_t> newlyReady;
    std::size_t ended = 0;
};

}  // namespace harness
