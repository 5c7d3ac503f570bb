// SPDX-License-Identifier: BSD-3-Clause
#include "envelope.hh"

#include <array>
#include <limits>

namespace harness::bridge {

namespace {

std::uint64_t parseWord(std::string_view digits) {
    std::uint64_t word = 0;
    for (const char c : digits) {
        const bool isDigit = c >= '0' && c <= '9';
        if (!isDigit && !(c >= 'a' && c <= 'f')) {
            throw BridgeError(ErrorKind::Protocol, "the token must be lower-case hexadecimal");
        }
        word = word << 4U | static_cast<unsigned>(isDigit ? c - '0' : c - 'a' + 10);
    }
    return word;
}

Operand operandFromMessage(const pb::Operand& message) {
    Operand operand;
    operand.name = message.name();
    operand.address = message.device_address();
    operand.sizeBytes = message.size_bytes();
    operand.dtype = message.dtype();
    operand.shape.assign(message.shape().begin(), message.shape().end());
    operand.interface = message.interface() <= 4 ? static_cast<Interface>(message.interface())
                                                 : Interface::None;  // which checkCommand refuses
    operand.isRead = message.is_read();
    operand.isWritten = message.is_written();
    return operand;
}

}  // namespace

SessionToken parseToken(std::string_view text) {
    if (text.size() != 32) {
        throw BridgeError(ErrorKind::Protocol, "the token must be 32 hexadecimal digits");
    }
    return {parseWord(text.substr(0, 16)), parseWord(text.substr(16))};
}

pb::Envelope decodeFrame(std::string_view frame, std::uint64_t maximumBytes) {
    if (frame.size() > maximumBytes) {
        throw BridgeError(ErrorKind::Protocol, "frame of " + std::to_string(frame.size()) +
                                                   " bytes, allowed are " +
                                                   std::to_string(maximumBytes));
    }
    pb::Envelope envelope;
    if (frame.size() > std::numeric_limits<int>::max() ||
        !envelope.ParseFromArray(frame.data(), static_cast<int>(frame.size()))) {
        throw BridgeError(ErrorKind::Protocol,
                          "frame of " + std::to_string(frame.size()) + " bytes is not an Envelope");
    }
    if (envelope.body_case() == pb::Envelope::BODY_NOT_SET) {
        throw BridgeError(ErrorKind::Protocol, "frame without a known body");
    }
    return envelope;
}

std::string encodeFrame(const pb::Envelope& envelope, std::uint64_t maximumBytes) {
    const std::size_t sizeBytes = envelope.ByteSizeLong();
    if (sizeBytes > maximumBytes) {
        throw BridgeError(ErrorKind::Bounds, std::string(bodyName(envelope.body_case())) +
                                                 " would take " + std::to_string(sizeBytes) +
                                                 " bytes, the peer accepts " +
                                                 std::to_string(maximumBytes));
    }
    return envelope.SerializeAsString();
}

const char* bodyName(pb::Envelope::BodyCase body) {
    static constexpr std::array<const char*, 19> names = {
        "Hello",   "HelloAck",       "Reset",          "Ack",           "Launch",
        "Event",   "Wake",           "ReadRegister",   "WriteRegister", "RegisterValue",
        "Actions", "FunctionalRead", "FunctionalData", "Drain",         "State",
        "Bye",     "ByeAck",         "Busy",           "Error"};
    const auto index = static_cast<std::size_t>(body) - pb::Envelope::kHello;
    return index < names.size() ? names[index] : "nothing";
}

Command commandFromLaunch(const pb::Launch& launch) {
    Command command;
    command.kernel = launch.kernel();
    command.item = launch.item();
    for (const pb::Operand& operand : launch.operands()) {
        command.operands.push_back(operandFromMessage(operand));
    }
    for (const pb::Attribute& attribute : launch.attributes()) {
        if (attribute.value_case() == pb::Attribute::VALUE_NOT_SET) {
            throw BridgeError(ErrorKind::Protocol,
                              "attribute " + attribute.name() + " without a value");
        }
        command.attributes.emplace_back(attribute.name(),
                                        attribute.value_case() == pb::Attribute::kReal
                                            ? AttributeValue(attribute.real())
                                            : AttributeValue(attribute.integer()));
    }
    checkCommand(command);
    return command;
}

void commandToLaunch(const Command& command, pb::Launch& launch) {
    launch.set_kernel(command.kernel);
    launch.set_item(command.item);
    for (const Operand& operand : command.operands) {
        pb::Operand& message = *launch.add_operands();
        message.set_name(operand.name);
        message.set_device_address(operand.address);
        message.set_size_bytes(operand.sizeBytes);
        message.set_dtype(operand.dtype);
        message.mutable_shape()->Add(operand.shape.begin(), operand.shape.end());
        message.set_interface(static_cast<std::uint32_t>(operand.interface));
        message.set_is_read(operand.isRead);
        message.set_is_written(operand.isWritten);
    }
    for (const auto& [name, value] : command.attributes) {
        pb::Attribute& message = *launch.add_attributes();
        message.set_name(name);
        if (const auto* integer = std::get_if<std::int64_t>(&value)) {
            message.set_integer(*integer);
        } else {
            message.set_real(std::get<double>(value));
        }
    }
}

void setError(pb::Error& error, ErrorKind kind, std::string_view text) {
    error.set_kind(static_cast<pb::ErrorKind>(kind));
    error.set_text(std::string(text));
}

}  // namespace harness::bridge
