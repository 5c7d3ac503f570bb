// SPDX-License-Identifier: BSD-3-Clause
// Cycle rules, one per kernel, from loop bounds alone. The rules, their constants and where each
// was fitted are documented in `accel_models/vector_mac/cycles`; these are the same numbers.
#pragma once

#include <cstdint>

#include "parameters.hh"

namespace harness::vector_mac {

enum class Activation { None, Relu, LeakyRelu, Elu, Selu, Tanh, HardTanh, Sigmoid };

struct ConvolutionTile {
    std::int64_t outputRows = 0;
    std::int64_t outputColumns = 0;
    std::int64_t filters = 0;
    std::int64_t kernelRows = 0;
    std::int64_t kernelColumns = 0;
    std::int64_t channels = 0;
    bool isPadded = false;
    std::int64_t images = 1;
};

std::int64_t convolutionPasses(const ConvolutionTile& tile, const Parameters& parameters);
std::int64_t convolutionCycles(const ConvolutionTile& tile, const Parameters& parameters);
std::int64_t matrixCycles(std::int64_t rows, std::int64_t neurons, std::int64_t columns,
                          const Parameters& parameters);

enum class Direction { Load, Store };
std::int64_t convertCycles(std::int64_t elements, std::int64_t lanes, bool isFirst,
                           Direction direction);

// Of a pool that makes this many pixels in this many rows of all images.
std::int64_t poolCycles(std::int64_t pixels, std::int64_t rows, std::int64_t channels,
                        std::int64_t window, std::int64_t lanes);
std::int64_t batchNormCycles(std::int64_t vectors);
std::int64_t elementwiseCycles(std::int64_t vectors, std::int64_t latencyCycles);
std::int64_t fusedActivationCycles(Activation activation, std::int64_t vectors,
                                   std::int64_t negativeVectors, const Parameters& parameters);
std::int64_t activationCycles(Activation activation, std::int64_t vectors,
                              std::int64_t negativeVectors, const Parameters& parameters);
std::int64_t softmaxCycles(std::int64_t rows, std::int64_t channels, const Parameters& parameters);

}  // namespace harness::vector_mac
