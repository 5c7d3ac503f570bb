// SPDX-License-Identifier: BSD-3-Clause
#include "descriptor.hh"

#include <algorithm>
#include <cstring>

#include "dtype.hh"
#include "error.hh"

namespace harness::bridge {

namespace {

constexpr std::size_t headerBytes = 32;
constexpr std::size_t operandBytes = 64;
constexpr std::size_t attributeBytes = 32;
constexpr std::uint8_t accessRead = 1;
constexpr std::uint8_t accessWrite = 2;

std::size_t totalBytes(std::size_t operands, std::size_t attributes) {
    const std::size_t bytes = headerBytes + operands * operandBytes + attributes * attributeBytes;
    return (bytes + descriptorAlignment - 1) / descriptorAlignment * descriptorAlignment;
}

void require(bool isMet, const std::string& text) {
    if (!isMet) {
        throw BridgeError(ErrorKind::Protocol, "malformed descriptor: " + text);
    }
}

// Walks a buffer whose length was checked beforehand.
class Reader final {
  public:
    explicit Reader(std::string_view bytes) : bytes_(bytes) {}

    template <typename T>
    T number() {
        T value;
        std::memcpy(&value, take(sizeof(T)).data(), sizeof(T));
        return value;
    }

    std::string name(std::size_t size, const char* what) {
        const std::string_view field = take(size);
        const std::string_view text = field.substr(0, field.find('\0'));
        require(isZero(field.substr(text.size())), std::string(what) + " is not zero padded");
        return std::string(text);
    }

    void zeros(std::size_t size, const char* what) {
        require(isZero(take(size)), std::string(what) + " is not zero");
    }

    std::size_t left() const { return bytes_.size(); }

  private:
    std::string_view take(std::size_t size) {
        require(size <= bytes_.size(), "truncated");
        const std::string_view taken = bytes_.substr(0, size);
        bytes_.remove_prefix(size);
        return taken;
    }

    static bool isZero(std::string_view bytes) {
        return std::all_of(bytes.begin(), bytes.end(), [](char c) { return c == 0; });
    }

    std::string_view bytes_;
};

Operand readOperand(Reader& reader) {
    Operand operand;
    operand.address = reader.number<std::uint64_t>();
    operand.sizeBytes = reader.number<std::uint64_t>();
    operand.interface = static_cast<Interface>(reader.number<std::uint8_t>());
    const auto access = reader.number<std::uint8_t>();
    require(access <= (accessRead | accessWrite), "unknown access bits");
    operand.isRead = (access & accessRead) != 0;
    operand.isWritten = (access & accessWrite) != 0;
    const DtypeInfo* dtype = findDtype(reader.number<std::uint8_t>());
    require(dtype != nullptr, "unknown dtype code");
    operand.dtype = dtype->name;
    const auto rank = reader.number<std::uint8_t>();
    require(rank <= maximumRank, "rank above 6");
    operand.name = reader.name(operandNameBytes, "operand name");
    for (std::size_t i = 0; i < maximumRank; ++i) {
        const auto extent = reader.number<std::uint32_t>();
        require(i < rank || extent == 0, "extents beyond the rank");
        if (i < rank) {
            operand.shape.push_back(extent);
        }
    }
    reader.zeros(8, "operand's padding");
    return operand;
}

std::pair<std::string, AttributeValue> readAttribute(Reader& reader) {
    std::string name = reader.name(attributeNameBytes, "attribute name");
    const auto type = reader.number<std::uint8_t>();
    require(type <= 1, "unknown attribute type");
    AttributeValue value = type == 0 ? AttributeValue(reader.number<std::int64_t>())
                                     : AttributeValue(reader.number<double>());
    return {std::move(name), value};
}

template <typename T>
void put(std::string& bytes, T value) {
    bytes.append(reinterpret_cast<const char*>(&value), sizeof(T));
}

void putName(std::string& bytes, const std::string& name, std::size_t size) {
    bytes += name;
    bytes.append(size - name.size(), '\0');
}

void putOperand(std::string& bytes, const Operand& operand) {
    put(bytes, operand.address);
    put(bytes, operand.sizeBytes);
    put(bytes, static_cast<std::uint8_t>(operand.interface));
    put(bytes, static_cast<std::uint8_t>((operand.isRead ? accessRead : 0) |
                                         (operand.isWritten ? accessWrite : 0)));
    put(bytes, findDtype(operand.dtype)->code);
    put(bytes, static_cast<std::uint8_t>(operand.shape.size()));
    putName(bytes, operand.name, operandNameBytes);
    for (std::size_t i = 0; i < maximumRank; ++i) {
        put(bytes, i < operand.shape.size() ? operand.shape[i] : std::uint32_t{0});
    }
    put(bytes, std::uint64_t{0});
}

}  // namespace

std::string encodeDescriptor(const Command& command) {
    checkCommand(command);
    const std::size_t total = totalBytes(command.operands.size(), command.attributes.size());
    std::string bytes;
    bytes.reserve(total);
    put(bytes, descriptorMagic);
    put(bytes, static_cast<std::uint32_t>(total));
    put(bytes, command.item);
    put(bytes, static_cast<std::uint16_t>(command.operands.size()));
    put(bytes, static_cast<std::uint16_t>(command.attributes.size()));
    putName(bytes, command.kernel, kernelNameBytes);
    for (const Operand& operand : command.operands) {
        putOperand(bytes, operand);
    }
    for (const auto& [name, value] : command.attributes) {
        putName(bytes, name, attributeNameBytes);
        put(bytes, static_cast<std::uint8_t>(value.index()));
        std::visit([&bytes](auto number) { put(bytes, number); }, value);
    }
    bytes.append(total - bytes.size(), '\0');
    return bytes;
}

Command decodeDescriptor(std::string_view bytes) {
    Reader reader(bytes);
    require(reader.number<std::uint32_t>() == descriptorMagic, "wrong magic");
    require(reader.number<std::uint32_t>() == bytes.size(), "its size field is not its size");
    Command command;
    command.item = reader.number<std::uint32_t>();
    const auto operands = reader.number<std::uint16_t>();
    const auto attributes = reader.number<std::uint16_t>();
    require(operands <= maximumOperands, "more than 16 operands");
    require(attributes <= maximumAttributes, "more than 64 attributes");
    require(bytes.size() == totalBytes(operands, attributes), "size does not fit the counts");
    command.kernel = reader.name(kernelNameBytes, "kernel name");
    for (unsigned i = 0; i < operands; ++i) {
        command.operands.push_back(readOperand(reader));
    }
    for (unsigned i = 0; i < attributes; ++i) {
        command.attributes.push_back(readAttribute(reader));
    }
    reader.zeros(reader.left(), "padding");
    checkCommand(command);
    return command;
}

}  // namespace harness::bridge
