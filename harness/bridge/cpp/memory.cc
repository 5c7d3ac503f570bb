// SPDX-License-Identifier: BSD-3-Clause
#include "memory.hh"

#include <algorithm>
#include <limits>

#include "command_execution.hh"
#include "error.hh"

namespace harness::bridge {

namespace {

constexpr std::uint64_t maximumField = std::numeric_limits<std::uint32_t>::max();
constexpr std::uint32_t loadStream = 0;
constexpr std::uint32_t storeStream = 1;

// Up to so many pieces a handle names them all; beyond, one FENCE stands for them.
constexpr std::size_t fewPieces = 4;

}  // namespace

Handle Memory::read(std::string_view operand, const Transfer& transfer, const After& after) {
    const std::uint32_t index = find(operand);
    const Operand& target = command_.operands[index];
    if (!target.isRead) {
        refuse(target, "reads it although the command does not allow that");
    }
    const std::uint64_t rest = target.sizeBytes - std::min(transfer.offsetBytes, target.sizeBytes);
    const Place place = {transfer.offsetBytes, transfer.sizeBytes.value_or(rest), transfer.rows,
                         transfer.strideBytes};
    check(target, place);
    checkNotWritten(index, place);
    NodeRecord node;
    node.kind = NodeKind::Read;
    node.operand = index;
    node.stream = static_cast<std::uint8_t>(transfer.stream.value_or(loadStream));
    Handle handle = add(node, place, transfer.pieceBytes, after, nullptr);
    handle.operand = static_cast<std::int32_t>(index);
    handle.offsetBytes = place.offsetBytes;
    handle.rowBytes = place.rowBytes;
    handle.rows = static_cast<std::uint32_t>(place.rows);
    handle.strideBytes = place.strideBytes;
    return handle;
}

Handle Memory::write(std::string_view operand, ByteSpan data, const Transfer& transfer,
                     const After& after) {
    const std::uint32_t index = find(operand);
    const Operand& target = command_.operands[index];
    if (!target.isWritten) {
        refuse(target, "writes it although the command does not allow that");
    }
    if (transfer.rows == 0 || data.size % transfer.rows != 0 ||
        transfer.sizeBytes.value_or(data.size / transfer.rows) != data.size / transfer.rows) {
        refuse(target, "writes " + std::to_string(data.size) + " bytes, which are not " +
                           std::to_string(transfer.rows) + " rows");
    }
    const Place place = {transfer.offsetBytes, data.size / transfer.rows, transfer.rows,
                         transfer.strideBytes};
    check(target, place);
    if (target.isRead) {
        written_[index].emplace_back(place.offsetBytes, place.endBytes());
    }
    NodeRecord node;
    node.kind = NodeKind::Write;
    node.operand = index;
    node.stream = static_cast<std::uint8_t>(transfer.stream.value_or(storeStream));
    Handle handle = add(node, place, transfer.pieceBytes, after, data.data);
    handle.first = handle.last = 0;  // a write has no data to wait for
    return handle;
}

ByteSpan Memory::await(const Handle& handle) { return execution_.await({&handle}).front(); }

std::vector<ByteSpan> Memory::awaitAll(const std::vector<Handle>& handles) {
    std::vector<const Handle*> pointers;
    pointers.reserve(handles.size());
    for (const Handle& handle : handles) {
        pointers.push_back(&handle);
    }
    return execution_.await(pointers);
}

std::vector<ByteSpan> Memory::peek(const std::vector<OperandRange>& ranges) {
    std::vector<MemoryRange> found;
    for (const OperandRange& range : ranges) {
        const Operand& target = command_.operands[find(range.operand)];
        check(target, {range.offsetBytes, range.sizeBytes, 1, 0});
        found.push_back({target.address + range.offsetBytes, range.sizeBytes});
    }
    return execution_.peek(std::move(found));
}

Handle Memory::add(NodeRecord node, const Place& place, std::uint64_t pieceBytes,
                   const After& after, const std::uint8_t* data) {
    const Operand& operand = command_.operands[node.operand];
    if (node.stream >= maximumStreams) {
        refuse(operand, "uses a stream above 15");
    }
    node.interface = operand.interface;
    NodeIds ids;
    std::uint64_t taken = 0;
    for (const Place& piece : cut(place, pieceBytes)) {
        node.address = operand.address + piece.offsetBytes;
        node.rowBytes = static_cast<std::uint32_t>(piece.rowBytes);
        node.rows = static_cast<std::uint32_t>(piece.rows);
        node.strideBytes = piece.rows > 1 ? piece.strideBytes : 0;
        ids.push_back(
            recorder_.add(node, after, data == nullptr ? nullptr : data + taken, node.sizeBytes()));
        taken += node.sizeBytes();
    }
    const std::uint32_t first = ids.front();
    const std::uint32_t last = ids.back() + 1;
    Handle handle = recorder_.handle(ids.size() <= fewPieces ? ids : NodeIds{recorder_.join(ids)});
    handle.first = first;
    handle.last = last;
    return handle;
}

// Cuts a transfer into pieces of whole rows, or of parts of rows that are longer.
std::vector<Memory::Place> Memory::cut(const Place& place, std::uint64_t pieceBytes) {
    if (pieceBytes == 0 || pieceBytes >= place.rowBytes * place.rows) {
        return {place};
    }
    std::vector<Place> pieces;
    const std::uint64_t rowsPerPiece = pieceBytes / place.rowBytes;
    if (rowsPerPiece != 0) {
        for (std::uint64_t row = 0; row < place.rows; row += rowsPerPiece) {
            pieces.push_back({place.offsetBytes + row * place.strideBytes, place.rowBytes,
                              std::min(rowsPerPiece, place.rows - row), place.strideBytes});
        }
        return pieces;
    }
    for (std::uint64_t row = 0; row < place.rows; ++row) {
        const std::uint64_t begin = place.offsetBytes + row * place.strideBytes;
        for (std::uint64_t part = 0; part < place.rowBytes; part += pieceBytes) {
            pieces.push_back({begin + part, std::min(pieceBytes, place.rowBytes - part), 1, 0});
        }
    }
    return pieces;
}

std::uint32_t Memory::find(std::string_view operand) const {
    if (!command_.hasOperand(operand)) {
        throw BridgeError(
            ErrorKind::Model,
            "command \"" + command_.kernel + "\" has no operand \"" + std::string(operand) + "\"");
    }
    return command_.operandIndex(operand);
}

void Memory::check(const Operand& operand, const Place& place) const {
    const bool hasFields = place.rowBytes >= 1 && place.rows >= 1 &&
                           place.rowBytes <= maximumField && place.rows <= maximumField &&
                           place.offsetBytes <= operand.sizeBytes;
    const bool isStrideInside = place.rows == 1 || place.strideBytes == 0 ||
                                place.rows - 1 <= operand.sizeBytes / place.strideBytes;
    if (!hasFields || !isStrideInside || place.endBytes() > operand.sizeBytes) {
        refuse(operand, "leaves its " + std::to_string(operand.sizeBytes) + " bytes: offset " +
                            std::to_string(place.offsetBytes) + ", " + std::to_string(place.rows) +
                            " rows of " + std::to_string(place.rowBytes) + " bytes, " +
                            std::to_string(place.strideBytes) + " bytes apart");
    }
}

void Memory::checkNotWritten(std::uint32_t operand, const Place& place) const {
    const auto written = written_.find(operand);
    if (written == written_.end()) {
        return;
    }
    for (const auto& [begin, end] : written->second) {
        if (place.offsetBytes < end && begin < place.endBytes()) {
            refuse(command_.operands[operand],
                   "reads back what it wrote itself; keep it in the model");
        }
    }
}

void Memory::refuse(const Operand& operand, const std::string& why) const {
    throw BridgeError(ErrorKind::Model, "a transfer of command \"" + command_.kernel +
                                            "\", operand \"" + operand.name + "\": " + why);
}

Handle Units::compute(std::uint64_t cycles, std::string_view unit, const After& after) {
    const auto found = std::find(names_.begin(), names_.end(), unit);
    if (found == names_.end() || cycles >> 63U != 0) {
        throw BridgeError(ErrorKind::Model, "compute of " + std::to_string(cycles) +
                                                " cycles on unit \"" + std::string(unit) + "\"");
    }
    NodeRecord node;
    node.kind = NodeKind::Compute;
    node.unit = static_cast<std::uint8_t>(found - names_.begin());
    node.value = cycles;
    return add(node, after);
}

Handle Units::fence(const After& after) { return add(NodeRecord{}, after); }

Handle Units::interrupt(const After& after) {
    NodeRecord node;
    node.kind = NodeKind::Irq;
    return add(node, after);
}

Handle Units::setRegister(std::uint64_t offsetBytes, std::uint64_t value, const After& after) {
    NodeRecord node;
    node.kind = NodeKind::SetRegister;
    node.address = offsetBytes;
    node.value = value;
    return add(node, after);
}

Handle Units::add(const NodeRecord& node, const After& after) {
    const std::uint32_t id = recorder_.add(node, after);
    return recorder_.handle({id});
}

}  // namespace harness::bridge
