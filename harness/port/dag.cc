// SPDX-License-Identifier: BSD-3-Clause
#include "harness/port/dag.hh"

#include <algorithm>
#include <unordered_set>
#include <utility>

namespace harness {

namespace {

std::string problem(const NodeRecord& node, const std::string& what) {
    return "node " + std::to_string(node.id) + ": " + what;
}

std::string checkFields(const NodeRecord& node, const ActionsView& actions) {
    const auto kind = std::uint8_t(node.kind);
    if (kind < 1 || kind > 7) return problem(node, "unknown kind");
    if (node.flags != 0) return problem(node, "unknown flags");
    if ((node.kind == NodeKind::Notify) != (node.id >= bridge::firstNotifyId))
        return problem(node, "ids from 0x80000000 on are for NOTIFY, and only for it");
    if (node.firstDependence > actions.dependenceCount ||
        node.dependences > actions.dependenceCount - node.firstDependence)
        return problem(node, "dependences out of bounds");
    if (!node.isTransfer()) return "";
    const auto interface = std::uint8_t(node.interface);
    if (interface < 1 || interface > 4) return problem(node, "unknown interface");
    if (node.stream >= bridge::maximumStreams) return problem(node, "unknown stream");
    if (node.rowBytes == 0 || node.rows == 0) return problem(node, "no bytes to move");
    if (node.kind == NodeKind::Write && (node.dataOffset > actions.dataBytes ||
                                         node.sizeBytes() > actions.dataBytes - node.dataOffset))
        return problem(node, "data out of bounds");
    return "";
}

}  // namespace

std::string Dag::check(const ActionsView& actions) const {
    std::unordered_set<std::uint32_t> fresh;
    for (std::size_t i = 0; i < actions.nodeCount; ++i) {
        const NodeRecord& record = actions.nodes[i];
        std::string what = checkFields(record, actions);
        if (!what.empty()) return what;
        for (std::uint32_t d = 0; d < record.dependences; ++d) {
            const std::uint32_t id = actions.dependences[record.firstDependence + d];
            if (!indexOf.count(id) && !fresh.count(id))
                return problem(record, "depends on unknown node " + std::to_string(id));
        }
        if (indexOf.count(record.id) || !fresh.insert(record.id).second)
            return problem(record, "duplicate id");
    }
    return "";
}

std::string Dag::add(const ActionsView& actions) {
    std::string what = check(actions);
    if (!what.empty()) return what;
    for (std::size_t i = 0; i < actions.nodeCount; ++i) {
        const auto index = std::uint32_t(nodes.size());
        nodes.emplace_back();
        Node& node = nodes.back();
        node.record = actions.nodes[i];
        indexOf.emplace(node.record.id, index);
        if (node.record.kind == NodeKind::Write) {
            const std::uint8_t* first = actions.data + node.record.dataOffset;
            node.data.assign(first, first + node.record.sizeBytes());
        }
        for (std::uint32_t d = 0; d < node.record.dependences; ++d) {
            const std::uint32_t id = actions.dependences[node.record.firstDependence + d];
            Node& dependence = nodes[indexOf.at(id)];
            if (dependence.hasEnded) continue;
            dependence.dependents.push_back(index);
            ++node.pendingDependences;
        }
        if (node.pendingDependences == 0) newlyReady.push_back(index);
    }
    return "";
}

void Dag::end(std::uint32_t index, Tick now) {
    nodes[index].hasEnded = true;
    nodes[index].lastTick = now;
    ++ended;
    for (const std::uint32_t dependent : nodes[index].dependents)
        if (--nodes[dependent].pendingDependences == 0) newlyReady.push_back(dependent);
}

std::vector<std::uint32_t> Dag::takeReady() {
    std::vector<std::uint32_t> ready = std::exchange(newlyReady, {});
    std::sort(ready.begin(), ready.end(), [this](std::uint32_t left, std::uint32_t right) {
        return nodes[left].record.id < nodes[right].record.id;
    });
    return ready;
}

}  // namespace harness
