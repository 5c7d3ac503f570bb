// SPDX-License-Identifier: BSD-3-Clause
#include "command.hh"

#include <algorithm>
#include <set>

#include "descriptor.hh"
#include "dtype.hh"
#include "error.hh"

namespace harness::bridge {

namespace {

void require(bool isMet, const std::string& text) {
    if (!isMet) {
        throw BridgeError(ErrorKind::Protocol, text);
    }
}

// The first bytes of a name, fit for a message.
std::string printable(std::string_view name) {
    std::string text;
    for (const char c : name.substr(0, 64)) {
        text += c >= 0x20 && c < 0x7f ? c : '?';
    }
    return "\"" + text + "\"";
}

void checkName(std::string_view name, std::size_t maximumBytes, const char* what) {
    const bool isAscii =
        std::all_of(name.begin(), name.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
    require(!name.empty() && name.size() <= maximumBytes && isAscii,
            std::string(what) + " must be 1 to " + std::to_string(maximumBytes) +
                " printable ASCII characters, got " + printable(name));
}

void checkOperand(const Operand& operand) {
    checkName(operand.name, operandNameBytes, "operand name");
    const std::string where = "operand " + printable(operand.name) + ": ";
    require(findDtype(operand.dtype) != nullptr,
            where + "unknown dtype " + printable(operand.dtype));
    require(operand.interface >= Interface::Dma && operand.interface <= Interface::Direct,
            where + "unknown interface");
    require(operand.shape.size() <= maximumRank, where + "more than 6 dimensions");
    require(operand.sizeBytes > 0 && operand.sizeBytes <= windowOffsetMask,
            where + "size of " + std::to_string(operand.sizeBytes) + " bytes");
    std::uint64_t elementsLeft = operand.sizeBytes / elementBytes(operand.dtype);
    for (const std::uint32_t extent : operand.shape) {
        require(extent > 0, where + "an extent of 0");
        elementsLeft /= extent;
    }
    require(elementsLeft > 0, where + "smaller than its shape");
}

}  // namespace

std::uint32_t elementBytes(std::string_view dtype) {
    const DtypeInfo* info = findDtype(dtype);
    return info == nullptr ? 0 : info->elementBytes;
}

std::uint32_t Command::operandIndex(std::string_view name) const {
    for (std::size_t i = 0; i < operands.size(); ++i) {
        if (operands[i].name == name) {
            return static_cast<std::uint32_t>(i);
        }
    }
    throw BridgeError(ErrorKind::Unsupported,
                      "command " + kernel + " has no operand " + std::string(name));
}

const Operand& Command::operand(std::string_view name) const {
    return operands[operandIndex(name)];
}

bool Command::hasOperand(std::string_view name) const {
    return std::any_of(operands.begin(), operands.end(),
                       [name](const Operand& operand) { return operand.name == name; });
}

const AttributeValue* Command::find(std::string_view name) const {
    for (const auto& [key, value] : attributes) {
        if (key == name) {
            return &value;
        }
    }
    return nullptr;
}

std::int64_t Command::integer(std::string_view name) const {
    const AttributeValue* value = find(name);
    if (value == nullptr || !std::holds_alternative<std::int64_t>(*value)) {
        throw BridgeError(ErrorKind::Unsupported,
                          "command " + kernel + " has no integer attribute " + std::string(name));
    }
    return std::get<std::int64_t>(*value);
}

std::int64_t Command::integer(std::string_view name, std::int64_t otherwise) const {
    return find(name) == nullptr ? otherwise : integer(name);
}

double Command::real(std::string_view name, double otherwise) const {
    const AttributeValue* value = find(name);
    if (value == nullptr) {
        return otherwise;
    }
    if (const auto* integer = std::get_if<std::int64_t>(value)) {
        return static_cast<double>(*integer);
    }
    return std::get<double>(*value);
}

void checkCommand(const Command& command) {
    checkName(command.kernel, kernelNameBytes, "kernel name");
    require(command.operands.size() <= maximumOperands, "more than 16 operands");
    require(command.attributes.size() <= maximumAttributes, "more than 64 attributes");
    std::set<std::string_view> names;
    for (const Operand& operand : command.operands) {
        checkOperand(operand);
        require(names.insert(operand.name).second, "operand " + printable(operand.name) + " twice");
    }
    names.clear();
    for (const auto& [name, value] : command.attributes) {
        checkName(name, attributeNameBytes, "attribute name");
        require(names.insert(name).second, "attribute " + printable(name) + " twice");
    }
}

}  // namespace harness::bridge
