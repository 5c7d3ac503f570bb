// SPDX-License-Identifier: BSD-3-Clause
#include "graph_recorder.hh"

#include <algorithm>
#include <utility>

#include "error.hh"

namespace harness::bridge {

namespace {

// From this many waited-for nodes on, one FENCE stands for them all.
constexpr std::size_t wideBarrier = 4;

bool contains(const NodeIds& ids, std::uint32_t id) {
    return std::find(ids.begin(), ids.end(), id) != ids.end();
}

// All ids of these handles, each once, in the order in which they first come.
NodeIds uniqueIds(const std::vector<const Handle*>& handles) {
    NodeIds ids;
    for (const Handle* handle : handles) {
        for (const std::uint32_t id : handle->ids) {
            if (!contains(ids, id)) {
                ids.push_back(id);
            }
        }
    }
    return ids;
}

std::uint32_t youngestAge(const std::vector<const Handle*>& handles) {
    std::uint32_t age = 0;
    for (const Handle* handle : handles) {
        age = std::max(age, handle->age);
    }
    return age;
}

}  // namespace

std::uint32_t GraphRecorder::add(NodeRecord node, const After& after, const void* data,
                                 std::size_t dataBytes) {
    const NodeIds ids = dependsOn(after);
    node.id = nextId_++;
    if (data != nullptr) {
        node.dataOffset = recorded_.data.size();
        recorded_.data.append(static_cast<const char*>(data), dataBytes);
    }
    append(node, ids);
    readBytes_.push_back(node.kind == NodeKind::Read ? node.sizeBytes() : 0);
    return node.id;
}

Handle GraphRecorder::handle(NodeIds ids) const {
    Handle handle;
    handle.ids = std::move(ids);
    handle.age = age_;
    return handle;
}

std::uint32_t GraphRecorder::join(const NodeIds& ids) {
    NodeRecord node;
    node.id = nextId_++;
    append(node, ids);
    readBytes_.push_back(0);
    return node.id;
}

void GraphRecorder::wait(const std::vector<const Handle*>& handles) {
    std::vector<const Handle*> waited;
    for (const Handle* handle : handles) {
        if (waited_.count(handle->ids.front()) == 0) {
            waited.push_back(handle);
        }
    }
    if (waited.empty()) {
        return;
    }
    for (const Handle* handle : waited) {
        waited_.insert(handle->ids.front());
    }
    const NodeIds ids = uniqueIds(waited);
    const std::uint32_t youngest = youngestAge(waited);
    barrier_.erase(std::remove_if(barrier_.begin(), barrier_.end(),
                                  [&](const BarrierNode& node) {
                                      return node.age <= youngest || contains(ids, node.id);
                                  }),
                   barrier_.end());
    ++age_;
    for (const std::uint32_t id : ids) {
        barrier_.push_back({id, age_});
    }
}

void GraphRecorder::notify(const std::vector<const Handle*>& handles) {
    NodeRecord node;
    node.id = notifyId_++;
    node.kind = NodeKind::Notify;
    append(node, uniqueIds(handles));
}

Recorded GraphRecorder::take() { return std::exchange(recorded_, Recorded{}); }

void GraphRecorder::append(NodeRecord node, const NodeIds& dependsOn) {
    if (recorded_.nodes.size() >= maximumNodes) {
        throw BridgeError(ErrorKind::Bounds, "the model wants more than " +
                                                 std::to_string(maximumNodes) + " nodes at once");
    }
    node.firstDependence = static_cast<std::uint32_t>(recorded_.dependences.size());
    node.dependences = static_cast<std::uint32_t>(dependsOn.size());
    recorded_.dependences.insert(recorded_.dependences.end(), dependsOn.begin(), dependsOn.end());
    recorded_.nodes.push_back(node);
}

NodeIds GraphRecorder::dependsOn(const After& after) {
    const bool isUpToDate = after.isSingle() && after.handles().front()->age == age_;
    if (!isUpToDate && barrier_.size() > wideBarrier) {
        narrowBarrier();
    }
    NodeIds ids = after.isSingle() ? after.handles().front()->ids : uniqueIds(after.handles());
    addBarrierBeyond(youngestAge(after.handles()), ids);
    return ids;
}

// Adds the waited-for nodes that a node of this age does not depend on already.
void GraphRecorder::addBarrierBeyond(std::uint32_t age, NodeIds& ids) const {
    const std::size_t named = ids.size();
    for (const BarrierNode& node : barrier_) {
        const bool isNamed = std::find(ids.begin(), ids.begin() + static_cast<long>(named),
                                       node.id) != ids.begin() + static_cast<long>(named);
        if (node.age > age && !isNamed) {
            ids.push_back(node.id);
        }
    }
}

void GraphRecorder::narrowBarrier() {
    std::uint32_t age = 0;
    NodeIds ids;
    for (const BarrierNode& node : barrier_) {
        ids.push_back(node.id);
        age = std::max(age, node.age);
    }
    barrier_ = {{join(ids), age}};
}

}  // namespace harness::bridge
