// SPDX-License-Identifier: BSD-3-Clause
#include "routines.hh"

#include "operators.hh"

namespace harness {

namespace {

constexpr Routine table[] = {
    {"copy", reshape, reshapeWork},
    {"reshape", reshape, reshapeWork},
    {"reorder", reorder, reshapeWork},
    {"concat", concat, movementWork},
    {"split", split, movementWork},
    {"pad", pad, movementWork},
    {"conv2d", conv2d, conv2dWork},
    {"mat_mul", matMul, matMulWork},
    {"max_pool2d", maxPool2d, pool2dWork},
    {"avg_pool2d", avgPool2d, pool2dWork},
    {"global_avg_pool2d", globalAvgPool2d, globalAvgPool2dWork},
    {"batch_norm", batchNorm, outputWork},
    {"add", add, outputWork},
    {"mul", mul, outputWork},
    {"softmax", softmax, outputWork},
    {"relu", activate<1>, outputWork},
    {"leaky_relu", activate<2>, outputWork},
    {"elu", activate<3>, outputWork},
    {"selu", activate<4>, outputWork},
    {"tanh", activate<5>, outputWork},
    {"hard_tanh", activate<6>, outputWork},
    {"sigmoid", activate<7>, outputWork},
};

}  // namespace

const Routine* findRoutine(const std::string& name) {
    for (const Routine& routine : table)
        if (name == routine.name) return &routine;
    return nullptr;
}

std::vector<std::string> routineNames() {
    std::vector<std::string> names;
    for (const Routine& routine : table) names.emplace_back(routine.name);
    return names;
}

void requireCall(const RoutineCall& call, unsigned inputs, unsigned attributes) {
    if (call.inputs.size() < inputs || call.outputs.empty())
        throw KernelError("the routine needs " + std::to_string(inputs) + " inputs and an output");
    if (call.attributes.size() < attributes)
        throw KernelError("the routine needs " + std::to_string(attributes) + " attributes");
}

void runRoutine(const Routine& routine, const RoutineCall& call) {
    for (const TensorView& view : call.inputs) view.check();
    for (const TensorView& view : call.outputs) view.check();
    routine.run(call);
}

}  // namespace harness
