// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <set>
#include <string>
#include <vector>

#include "records.hh"

namespace harness::bridge {

using NodeIds = std::vector<std::uint32_t>;

// A node, or the pieces of one transfer: name it in `after`, or await it for its data.
struct Handle {
    NodeIds ids;                // what to depend on
    std::uint32_t age = 0;      // how many waits lay behind the model when the node was created
    std::int32_t operand = -1;  // index of the operand that a read reads; -1 if there is no data
    std::uint32_t first = 0;    // ids of the first and one past the last node of a read
    std::uint32_t last = 0;
    std::uint64_t offsetBytes = 0;  // of the read within its operand
    std::uint64_t rowBytes = 0;
    std::uint32_t rows = 1;
    std::uint64_t strideBytes = 0;
};

// The handles that a new node depends on, besides those that were awaited.
class After final {
  public:
    After() = default;
    After(const Handle& handle) : handles_{&handle}, isSingle_(true) {}
    After(std::initializer_list<std::reference_wrapper<const Handle>> handles) {
        for (const Handle& handle : handles) {
            handles_.push_back(&handle);
        }
    }
    After(const std::vector<Handle>& handles) {
        for (const Handle& handle : handles) {
            handles_.push_back(&handle);
        }
    }

    const std::vector<const Handle*>& handles() const { return handles_; }
    bool isSingle() const { return isSingle_; }

  private:
    std::vector<const Handle*> handles_;
    bool isSingle_ = false;
};

// What was recorded since the last exchange.
struct Recorded {
    std::vector<NodeRecord> nodes;
    std::vector<std::uint32_t> dependences;
    std::string data;
};

// Records the graph of one command with the dependences that awaiting implies.
//
// The twin of `harness/bridge/recorder.py`: the same calls record the same bytes.
class GraphRecorder final {
  public:
    // Adds a work node; its id, dependences and data offset are filled in here.
    std::uint32_t add(NodeRecord node, const After& after, const void* data = nullptr,
                      std::size_t dataBytes = 0);

    Handle handle(NodeIds ids) const;

    // Adds a FENCE that ends when all of these nodes have ended; it takes no time.
    std::uint32_t join(const NodeIds& ids);

    // Makes everything that is added from now on depend on these handles.
    void wait(const std::vector<const Handle*>& handles);

    // Asks to be told when all of these have ended.
    void notify(const std::vector<const Handle*>& handles);

    Recorded take();

    std::uint32_t nextId() const { return nextId_; }

    // Bytes that a node reads; 0 for other nodes and for ids that are not work.
    std::uint64_t readBytes(std::uint32_t id) const {
        return id < readBytes_.size() ? readBytes_[id] : 0;
    }

  private:
    // A waited-for node, and the age from which on new nodes depend on it.
    struct BarrierNode {
        std::uint32_t id;
        std::uint32_t age;
    };

    NodeIds dependsOn(const After& after);
    void addBarrierBeyond(std::uint32_t age, NodeIds& ids) const;
    void narrowBarrier();
    void append(NodeRecord node, const NodeIds& dependsOn);

    Recorded recorded_;
    std::vector<std::uint64_t> readBytes_;
    std::vector<BarrierNode> barrier_;
    std::set<std::uint32_t> waited_;  // first ids of the handles that were waited for
    std::uint32_t nextId_ = 0;
    std::uint32_t notifyId_ = firstNotifyId;
    std::uint32_t age_ = 0;
};

}  // namespace harness::bridge
