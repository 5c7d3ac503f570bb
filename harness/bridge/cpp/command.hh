// SPDX-License-Identifier: BSD-3-Clause
// What a command asks for, the same whether it came as a descriptor in memory or in a Launch
// message.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "records.hh"

namespace harness::bridge {

struct Operand {
    std::string name;
    std::uint64_t address = 0;  // device address of the first byte
    std::uint64_t sizeBytes = 0;
    std::string dtype;
    std::vector<std::uint32_t> shape;  // elements, padding of the last dimension included
    Interface interface = Interface::Dma;
    bool isRead = false;
    bool isWritten = false;

    friend bool operator==(const Operand& a, const Operand& b) {
        return a.name == b.name && a.address == b.address && a.sizeBytes == b.sizeBytes &&
               a.dtype == b.dtype && a.shape == b.shape && a.interface == b.interface &&
               a.isRead == b.isRead && a.isWritten == b.isWritten;
    }
};

using AttributeValue = std::variant<std::int64_t, double>;

struct Command {
    std::string kernel;
    std::uint32_t item = 0;
    std::vector<Operand> operands;
    std::vector<std::pair<std::string, AttributeValue>> attributes;  // in the order they came

    // All of these throw BridgeError{Unsupported} when the command lacks what is asked for.
    std::uint32_t operandIndex(std::string_view name) const;
    const Operand& operand(std::string_view name) const;
    std::int64_t integer(std::string_view name) const;

    bool hasOperand(std::string_view name) const;
    std::int64_t integer(std::string_view name, std::int64_t otherwise) const;
    double real(std::string_view name, double otherwise) const;

    friend bool operator==(const Command& a, const Command& b) {
        return a.kernel == b.kernel && a.item == b.item && a.operands == b.operands &&
               a.attributes == b.attributes;
    }

  private:
    const AttributeValue* find(std::string_view name) const;
};

// Throws BridgeError unless counts, names, shapes and sizes obey `proto/README.md` section 6.
void checkCommand(const Command& command);

// Bytes of one element of a dtype by name; 0 if there is no such dtype.
std::uint32_t elementBytes(std::string_view dtype);

}  // namespace harness::bridge
