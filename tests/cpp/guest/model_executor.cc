// SPDX-License-Identifier: BSD-3-Clause
#include "model_executor.hh"

#include <cstring>
#include <stdexcept>

#include "command_execution.hh"
#include "descriptor.hh"
#include "engine.hh"
#include "fiber.hh"

namespace harness::guest {

namespace {

struct Instance {
    std::unique_ptr<bridge::AcceleratorModel> model;
    std::vector<std::string> units;
    bridge::Fiber fiber;
};

std::uint8_t* place(FakeWindows& windows, std::uint64_t address, std::uint64_t bytes) {
    FakeWindow& window = windows.at(bridge::windowOf(address));
    if (bridge::offsetOf(address) + bytes > window.sizeBytes)
        throw std::out_of_range("an operand leaves its window");
    return window.data + bridge::offsetOf(address);
}

std::string operandBytes(const bridge::Command& command, FakeWindows& windows) {
    std::string bytes;
    for (const bridge::Operand& operand : command.operands)
        if (operand.isRead)
            bytes.append(
                reinterpret_cast<const char*>(place(windows, operand.address, operand.sizeBytes)),
                operand.sizeBytes);
    return bytes;
}

void write(const bridge::NodeRecord& node, const std::string& data, FakeWindows& windows) {
    if (!windows.at(bridge::windowOf(node.address)).isWritable)
        throw std::out_of_range("a write to a window that the device may not write");
    for (std::uint32_t row = 0; row < node.rows; ++row)
        std::memcpy(place(windows, node.address + row * node.strideBytes, node.rowBytes),
                    data.data() + node.dataOffset + std::size_t(row) * node.rowBytes,
                    node.rowBytes);
}

void execute(Instance& instance, const std::string& descriptor, FakeWindows& windows) {
    const bridge::Command command = bridge::decodeDescriptor(descriptor);
    bridge::CommandExecution execution(*instance.model, instance.fiber, command,
                                       bridge::ModelMode::Kernel);
    execution.start(operandBytes(command, windows), instance.units);
    if (!execution.isOver()) throw std::logic_error("the engine waits for an exchange");
    const bridge::Recorded recorded = execution.take();
    for (const bridge::NodeRecord& node : recorded.nodes)
        if (node.kind == bridge::NodeKind::Write) write(node, recorded.data, windows);
}

}  // namespace

FakeExecutor vectorMacExecutor(std::uint64_t instances) {
    auto engines = std::make_shared<std::vector<std::unique_ptr<Instance>>>();
    for (std::uint64_t i = 0; i < instances; ++i) {
        engines->push_back(std::make_unique<Instance>());
        engines->back()->model = vector_mac::makeVectorMac({});
        engines->back()->model->reset();
        engines->back()->units = engines->back()->model->describe().units;
    }
    return [engines](std::uint64_t instance, const std::string& descriptor, FakeWindows& windows) {
        execute(*engines->at(instance), descriptor, windows);
    };
}

}  // namespace harness::guest
