// SPDX-License-Identifier: BSD-3-Clause
#include "cycles.hh"

#include <algorithm>

namespace harness::vector_mac {

namespace {

// cycles/convolution.py
constexpr std::int64_t rowUnit = 20;
constexpr std::int64_t rowOverhead = 242;
constexpr std::int64_t rowOverheadPerGroup = 13;
constexpr std::int64_t paddedRowOverhead = 204;
constexpr std::int64_t paddedRowOverheadPerGroup = 10;
constexpr std::int64_t passOverheadCycles = 14;
constexpr std::int64_t paddedPassOverheadCycles = 8;

// cycles/matrix.py
constexpr std::int64_t matrixCallCycles = 9;
constexpr std::int64_t blockCycles = 8;
constexpr std::int64_t partialBlockCycles = 8;

// cycles/transfers.py
constexpr std::int64_t pieceCycles = 4;
constexpr std::int64_t loadCallCycles = 3;
constexpr std::int64_t storeCallCycles = 1;

// cycles/vectors.py
constexpr std::int64_t unroll = 8;
constexpr std::int64_t poolCallCycles = 6;
constexpr std::int64_t batchNormCallCycles = 40;
constexpr std::int64_t batchNormVectorCycles = 4;

std::int64_t divideUp(std::int64_t dividend, std::int64_t divisor) {
    return (dividend + divisor - 1) / divisor;
}

}  // namespace

std::int64_t convolutionPasses(const ConvolutionTile& tile, const Parameters& parameters) {
    return divideUp(tile.filters, parameters.peCount) * tile.kernelRows * tile.kernelColumns *
           divideUp(tile.channels, parameters.macsPerPe);
}

std::int64_t convolutionCycles(const ConvolutionTile& tile, const Parameters& parameters) {
    const std::int64_t passes = convolutionPasses(tile, parameters);
    const std::int64_t groups =
        std::min(parameters.vectorsPerPe(), parameters.vectors(tile.channels));
    const std::int64_t rows = tile.images * tile.outputRows;
    const std::int64_t pixels = rows * tile.outputColumns;
    const std::int64_t overhead = tile.isPadded
                                      ? paddedRowOverhead + paddedRowOverheadPerGroup * groups
                                      : rowOverhead + rowOverheadPerGroup * groups;
    const std::int64_t weightReads = std::min(parameters.peCount, tile.filters) * groups;
    const std::int64_t drain = tile.isPadded ? paddedPassOverheadCycles : passOverheadCycles;
    const std::int64_t inRows = divideUp(passes * rows * overhead, rowUnit);
    return passes * (pixels * parameters.vectorsPerPe() + weightReads + drain) + inRows;
}

std::int64_t matrixCycles(std::int64_t rows, std::int64_t neurons, std::int64_t columns,
                          const Parameters& parameters) {
    const std::int64_t vectors = neurons * parameters.vectors(columns);
    const std::int64_t blocks = divideUp(neurons, parameters.peCount);
    const std::int64_t partial = neurons % parameters.peCount != 0 ? partialBlockCycles : 0;
    return matrixCallCycles + rows * (vectors + blockCycles * blocks + partial);
}

std::int64_t convertCycles(std::int64_t elements, std::int64_t lanes, bool isFirst,
                           Direction direction) {
    const std::int64_t vectors = divideUp(elements, lanes);
    const std::int64_t call = direction == Direction::Store ? storeCallCycles : loadCallCycles;
    return divideUp(3 * vectors, 2) + pieceCycles + (isFirst ? call : 0);
}

std::int64_t poolCycles(std::int64_t pixels, std::int64_t rows, std::int64_t channels,
                        std::int64_t window, std::int64_t lanes) {
    const std::int64_t groups = divideUp(channels, lanes);
    return pixels * (1 + groups * (window + 1)) + rows + poolCallCycles;
}

std::int64_t batchNormCycles(std::int64_t vectors) {
    return batchNormVectorCycles * vectors + batchNormCallCycles;
}

std::int64_t elementwiseCycles(std::int64_t vectors, std::int64_t latencyCycles) {
    const std::int64_t rest = vectors % unroll;
    const std::int64_t full = vectors / unroll * (unroll - 1 + latencyCycles);
    return full + (rest != 0 ? rest - 1 + latencyCycles : 0);
}

std::int64_t fusedActivationCycles(Activation activation, std::int64_t vectors,
                                   std::int64_t negativeVectors, const Parameters& parameters) {
    const std::int64_t multiply = parameters.multiplyLatencyCycles;
    const std::int64_t add = parameters.addLatencyCycles;
    const std::int64_t exponential = parameters.specialLatencyCycles + add;
    const std::int64_t sigmoid = exponential + parameters.divideLatencyCycles;
    const std::int64_t branch = elementwiseCycles(negativeVectors, exponential + multiply);
    switch (activation) {
        case Activation::Elu:
            return branch;
        case Activation::Selu:
            return branch + elementwiseCycles(vectors, multiply);
        case Activation::LeakyRelu:
            return elementwiseCycles(vectors, multiply + add);
        case Activation::Sigmoid:
            return elementwiseCycles(vectors, sigmoid);
        case Activation::Tanh:
            return elementwiseCycles(vectors, multiply + sigmoid + multiply + add);
        default:
            return 0;
    }
}

std::int64_t activationCycles(Activation activation, std::int64_t vectors,
                              std::int64_t negativeVectors, const Parameters& parameters) {
    return elementwiseCycles(vectors, 1) +
           fusedActivationCycles(activation, vectors, negativeVectors, parameters);
}

std::int64_t softmaxCycles(std::int64_t rows, std::int64_t channels, const Parameters& parameters) {
    const std::int64_t perElement = parameters.specialLatencyCycles + parameters.addLatencyCycles +
                                    parameters.multiplyLatencyCycles;
    return rows * (channels * perElement + parameters.divideLatencyCycles);
}

}  // namespace harness::vector_mac
