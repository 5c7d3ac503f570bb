// SPDX-License-Identifier: BSD-3-Clause
// CPU operators by name: what `program.CpuOperator.routine` may say.
//
// Attributes are numbers in the order below. [activation] stands for three numbers at the end:
// code (0 none, 1 relu, 2 leaky_relu, 3 elu, 4 selu, 5 tanh, 6 hard_tanh, 7 sigmoid), alpha, beta.
//
//   copy, reshape      -                     elements in logical order, padding rewritten
//   reorder            -                     permutation from input's to output's layout
//   conv2d             stride_h stride_w pad_top pad_bottom pad_left pad_right dilation_h
//   dilation_w
//                      groups [activation]   inputs: x, weights[, bias]
//   mat_mul            [activation]          inputs: x (N,C), weights (K,C) NC or (C,K) CN[, bias]
//   max_pool2d         pool_h pool_w stride_h stride_w pad_top pad_bottom pad_left pad_right
//                      [activation]
//   avg_pool2d         as max_pool2d, then count_include_pad [activation]
//   global_avg_pool2d  [activation]
//   batch_norm         [activation]          inputs: x, weights (4,C): mean, r, gamma, beta
//                      or epsilon [activation] with inputs x, mean, variance, gamma, beta
//   relu, leaky_relu, elu, selu, tanh, hard_tanh, sigmoid
//                      alpha beta
//   softmax            -                     along the last logical dimension
//   add, mul           [activation]          numpy broadcasting
//   concat, split      axis
//   pad                before_0 after_0 before_1 after_1 ... value
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tensor.hh"

namespace harness {

struct RoutineCall {
    std::vector<TensorView> inputs;
    std::vector<TensorView> outputs;
    std::vector<double> attributes;
};

/// What a call costs, in the units of costs.json; its memory streams are its inputs and outputs.
struct Work {
    std::uint64_t rows = 0;      // runs of the inner loop
    std::uint64_t elements = 0;  // iterations of the inner loop
};

struct Routine {
    const char* name;
    void (*run)(const RoutineCall& call);
    Work (*work)(const RoutineCall& call);
};

/// The routine of that name, or nullptr.
const Routine* findRoutine(const std::string& name);

/// Names in the order of the table.
std::vector<std::string> routineNames();

/// Check views, then run. Throws KernelError for calls that do not fit the routine.
void runRoutine(const Routine& routine, const RoutineCall& call);

}  // namespace harness
