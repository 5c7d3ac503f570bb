// SPDX-License-Identifier: BSD-3-Clause
#include "engine.hh"

#include "error.hh"
#include "kernels.hh"

namespace harness::vector_mac {

namespace {

constexpr std::array<const char*, 4> spatialKernels = {"conv2d", "max_pool2d", "avg_pool2d",
                                                       "batch_norm"};

bridge::Scratchpad scratchpad(const char* name, std::int64_t sizeBytes) {
    return {name, static_cast<std::uint64_t>(sizeBytes), elementBytes};
}

}  // namespace

bridge::ModelDescription VectorMacEngine::describe() const {
    bridge::ModelDescription description;
    description.model = "vector_mac";
    const bridge::JsonObject limits = {{"pe_count", parameters_.peCount},
                                       {"macs_per_pe", parameters_.macsPerPe}};
    for (const Kernel& kernel : kernels) {
        const bool hasArray = kernel.name == "conv2d" || kernel.name == "mat_mul";
        description.kernels.emplace(std::string(kernel.name),
                                    hasArray ? limits : bridge::JsonObject{});
    }
    for (const char* kernel : spatialKernels) {
        description.layouts.emplace(kernel, "NHWC");
    }
    description.channelAlignment = static_cast<std::uint32_t>(parameters_.vectorLanes);
    description.scratchpads = {scratchpad("input", parameters_.inputScratchpadBytes),
                               scratchpad("weights", parameters_.weightsScratchpadBytes),
                               scratchpad("output", parameters_.outputScratchpadBytes)};
    description.units = {convertUnit, macUnit, vectorUnit};
    description.activations.assign(activationNames.begin() + 1, activationNames.end());
    description.parameters = parameters_.toJson();
    return description;
}

void VectorMacEngine::execute(const bridge::Command& command, bridge::Memory& memory,
                              bridge::Units& units) {
    for (const Kernel& kernel : kernels) {
        if (kernel.name == command.kernel) {
            Invocation run(command, memory, units, {parameters_, scratchpads_, counters_});
            kernel.execute(run);
            return;
        }
    }
    throw bridge::BridgeError(bridge::ErrorKind::Model,
                              "vector_mac has no kernel \"" + command.kernel + "\"");
}

void VectorMacEngine::reset() {
    scratchpads_.clear();
    counters_.clear();
}

std::vector<bridge::ModelStatistic> VectorMacEngine::statistics() const {
    return counters_.statistics();
}

std::unique_ptr<bridge::AcceleratorModel> makeVectorMac(
    const bridge::ModelConfiguration& configuration) {
    return std::make_unique<VectorMacEngine>(Parameters::fromJson(configuration.parameters));
}

}  // namespace harness::vector_mac
