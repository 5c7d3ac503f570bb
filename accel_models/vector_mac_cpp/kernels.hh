// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <array>
#include <string_view>

#include "invocation.hh"

namespace harness::vector_mac {

void conv2dKernel(Invocation& run);
void matMulKernel(Invocation& run);
void maxPool2dKernel(Invocation& run);
void avgPool2dKernel(Invocation& run);
void batchNormKernel(Invocation& run);
void addKernel(Invocation& run);
void mulKernel(Invocation& run);
void softmaxKernel(Invocation& run);

template <Activation activation>
void activationKernel(Invocation& run);

struct Kernel {
    std::string_view name;
    void (*execute)(Invocation&);
};

extern const std::array<Kernel, 15> kernels;

// The index is the code of a command's attribute `activation`.
inline constexpr std::array<const char*, 8> activationNames = {
    "none", "relu", "leaky_relu", "elu", "selu", "tanh", "hard_tanh", "sigmoid"};

}  // namespace harness::vector_mac
