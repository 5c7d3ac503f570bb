// SPDX-License-Identifier: BSD-3-Clause
#include "ledger.hh"

#include <algorithm>
#include <limits>

#include "error.hh"

namespace harness::bridge {

namespace {

constexpr std::uint64_t maximumTransferBytes = std::numeric_limits<std::uint32_t>::max();

}  // namespace

void CommandLedger::enter(const ActionsView& actions, std::uint64_t tick) {
    require(!isFinal_, "Actions came after the final ones");
    require(actions.commandId == commandId_, "Actions name another command");
    require(actions.nodes.size() <= maximumNodes_, "too many nodes");
    require(actions.wakeTick == 0 || (actions.wakeTick > tick && !actions.isFinal),
            "the wake-up tick is not in the command's future");
    std::uint64_t firstDependence = 0;
    for (const NodeRecord& node : actions.nodes) {
        const bool isNotify = node.kind == NodeKind::Notify;
        require(node.id == (isNotify ? firstNotifyId + notifySent_ : workSent_), node, "id");
        checkNode(node, actions.dataBytes);
        checkDependences(node, actions.dependences, firstDependence);
        firstDependence += node.dependences;
        ++(isNotify ? notifySent_ : workSent_);
    }
    require(firstDependence == actions.dependences.size(),
            "the nodes name another number of dependences than was sent");
    isFinal_ = actions.isFinal;
    require(isFinal_ || actions.wakeTick != 0 || notifySent_ > events_,
            "the command waits for nothing and is not final");
}

void CommandLedger::checkNode(const NodeRecord& node, std::uint64_t dataBytes) const {
    require(node.kind >= NodeKind::Read && node.kind <= NodeKind::Notify, node, "kind");
    const bool isCompute = node.kind == NodeKind::Compute;
    const bool isRegister = node.kind == NodeKind::SetRegister;
    require(node.isTransfer() || isRegister || node.address == 0, node, "address");
    require(isCompute || isRegister || node.value == 0, node, "value");
    require(isCompute ? node.unit < unitCount_ : node.unit == 0, node, "unit");
    require(node.kind == NodeKind::Write || node.dataOffset == 0, node, "data_offset");
    require(node.flags == 0, node, "flags");
    if (node.isTransfer()) {
        checkTransfer(node, dataBytes);
        return;
    }
    require(node.interface == Interface::None, node, "interface");
    require(node.stream == 0, node, "stream");
    require(node.rowBytes == 0 && node.rows == 0, node, "row_bytes");
    require(node.strideBytes == 0, node, "stride_bytes");
    require(node.operand == 0, node, "operand");
}

void CommandLedger::checkTransfer(const NodeRecord& node, std::uint64_t dataBytes) const {
    const bool isWrite = node.kind == NodeKind::Write;
    require(node.operand < command_.operands.size(), node, "operand");
    const Operand& operand = command_.operands[node.operand];
    require(isWrite ? operand.isWritten : operand.isRead, node, "operand");
    require(node.interface == operand.interface, node, "interface");
    require(node.stream < maximumStreams, node, "stream");
    const std::uint64_t totalBytes = node.sizeBytes();
    require(totalBytes >= 1 && totalBytes <= maximumTransferBytes, node, "row_bytes");
    require(node.rows > 1 || node.strideBytes == 0, node, "stride_bytes");
    require(!isWrite || node.rows == 1 || node.strideBytes >= node.rowBytes, node, "stride_bytes");
    require(node.strideBytes == 0 || node.rows - 1 <= operand.sizeBytes / node.strideBytes, node,
            "stride_bytes");
    const std::uint64_t extent = (node.rows - 1) * node.strideBytes + node.rowBytes;
    // Unsigned: an address below the operand wraps to an offset beyond any size.
    require(
        extent <= operand.sizeBytes && node.address - operand.address <= operand.sizeBytes - extent,
        node, "address");
    require(!isWrite || (totalBytes <= dataBytes && node.dataOffset <= dataBytes - totalBytes),
            node, "data_offset");
}

void CommandLedger::checkDependences(const NodeRecord& node,
                                     const std::vector<std::uint32_t>& dependences,
                                     std::uint64_t expectedFirst) const {
    if (node.dependences == 0) {
        return;
    }
    require(node.firstDependence == expectedFirst, node, "first_dependence");
    require(node.dependences <=
                dependences.size() - std::min<std::uint64_t>(expectedFirst, dependences.size()),
            node, "dependences");
    for (std::uint32_t i = 0; i < node.dependences; ++i) {
        const std::uint32_t id = dependences[node.firstDependence + i];
        const std::uint64_t limit = id < firstNotifyId ? workSent_ : firstNotifyId + notifySent_;
        require(id < limit, node, "dependence");
    }
}

void CommandLedger::require(bool isMet, const NodeRecord& node, const char* field) const {
    if (!isMet) {
        throw BridgeError(ErrorKind::Protocol, "node " + std::to_string(node.id) + " of command " +
                                                   std::to_string(commandId_) + " (\"" +
                                                   command_.kernel + "\") has a wrong " + field);
    }
}

void CommandLedger::require(bool isMet, const char* what) const {
    if (!isMet) {
        throw BridgeError(ErrorKind::Protocol, std::string(what) + ": command " +
                                                   std::to_string(commandId_) + " (\"" +
                                                   command_.kernel + "\")");
    }
}

}  // namespace harness::bridge
