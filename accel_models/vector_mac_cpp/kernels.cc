// SPDX-License-Identifier: BSD-3-Clause
// Kernels of the engine: what a command loads, computes and stores, in the order of its steps.
#include "kernels.hh"

#include <algorithm>

#include "error.hh"

namespace harness::vector_mac {

namespace {

void require(bool isMet, const std::string& text) {
    if (!isMet) {
        throw bridge::BridgeError(bridge::ErrorKind::Model, "vector_mac: " + text);
    }
}

LoadFlags linearLoads(const Invocation& run) {
    LoadFlags flags = {{"input", "load_input"}, {"weights", "load_weights"}};
    if (run.command().hasOperand("bias")) {
        flags.emplace_back("bias", "load_bias");
    }
    return flags;
}

// Calls visit(element of the output, element of the results) for the channels from `first` on.
template <typename Visit>
void forEachChannel(Tensor& output, Tensor& results, std::int64_t first, Visit visit) {
    const std::int64_t wide = output.shape.back();
    const std::int64_t narrow = results.shape.back();
    const std::int64_t rows = narrow == 0 ? 0 : results.size() / narrow;
    for (std::int64_t row = 0; row < rows; ++row) {
        for (std::int64_t c = 0; c < narrow; ++c) {
            visit(output.values[static_cast<std::size_t>(row * wide + first + c)],
                  results.values[static_cast<std::size_t>(row * narrow + c)], c);
        }
    }
}

// Throws unless results lie inside an output tile of this shape from this channel on.
void checkInside(const Shape& results, const Shape& output, std::int64_t first) {
    const bool isSame = results.size() == output.size() &&
                        std::equal(results.begin(), results.end() - 1, output.begin());
    require(isSame && first + results.back() <= output.back(),
            "a command makes another output than its tile holds");
}

// Adds to the resident partial sums, finishes them if these were the last, stores if asked.
void accumulate(Invocation& run, Tensor sums, std::int64_t firstFilter) {
    const Shape& shape = run.shapeOf("output");
    const std::int64_t first = run.number("output_first");
    checkInside(sums.shape, shape, first);
    const bool isAccumulating = run.number("accumulate") != 0;
    if (isAccumulating) {
        run.resident("output");
    }
    Tensor& output = run.scratchpads().output(shape, !isAccumulating && first == 0);
    if (isAccumulating) {
        forEachChannel(output, sums, first,
                       [](float& held, float& sum, std::int64_t) { sum = held + sum; });
    }
    if (run.number("finish") != 0) {
        if (run.command().hasOperand("bias")) {
            const Tensor& bias = run.resident("bias");
            require(firstFilter + sums.shape.back() <= bias.size(), "the bias is too short");
            forEachChannel(output, sums, first, [&](float&, float& sum, std::int64_t c) {
                sum += bias.values[static_cast<std::size_t>(firstFilter + c)];
            });
        }
        run.activate(sums);
    }
    forEachChannel(output, sums, first, [](float& held, float& sum, std::int64_t) { held = sum; });
    run.store(output);
}

// Counts per pass and pixel the vectors of inputs and one vector of sums, read and written.
void countConvolution(Invocation& run, const ConvolutionTile& tile) {
    const Parameters& parameters = run.parameters();
    const std::int64_t pixels = tile.images * tile.outputRows * tile.outputColumns;
    const std::int64_t taps = tile.kernelRows * tile.kernelColumns * tile.channels;
    const std::int64_t macs = pixels * tile.filters * taps;
    const std::int64_t blocks = (tile.filters + parameters.peCount - 1) / parameters.peCount;
    const std::int64_t inputs = pixels * blocks * taps;
    const std::int64_t sums = pixels * convolutionPasses(tile, parameters) * parameters.peCount;
    run.countMacs(macs);
    run.count({macs, macs, inputs + sums + tile.filters * taps, sums});
}

// Counts weights that stream once per row and inputs once per block; sums stay in registers.
void countMatrix(Invocation& run, std::int64_t rows, std::int64_t neurons, std::int64_t columns) {
    const std::int64_t macs = rows * neurons * columns;
    const std::int64_t blocks = (neurons + run.parameters().peCount - 1) / run.parameters().peCount;
    run.countMacs(macs);
    run.count({macs, macs, macs + rows * columns * blocks, rows * neurons});
}

// Some filters of (K, R, S, C) weights.
Tensor sliceFirst(const Tensor& tensor, std::int64_t first, std::int64_t count) {
    require(first <= tensor.extent(0) && count >= 1 && count <= tensor.extent(0) - first,
            "a command uses filters that its weights do not have");
    Tensor result = {tensor.shape, {}};
    result.shape.front() = static_cast<std::uint32_t>(count);
    const std::int64_t filterElements = tensor.size() / tensor.extent(0);
    const auto begin = tensor.values.begin() + first * filterElements;
    result.values.assign(begin, begin + count * filterElements);
    return result;
}

// The part of the resident input that a pool works on: as many channels as the output has room for.
Tensor pooledInput(Invocation& run) {
    const Tensor& x = run.resident("input");
    require(x.shape.size() == 4 && run.shapeOf("output").size() == 4, "a pool needs 4 dimensions");
    const std::int64_t first = run.number("input_first", 0);
    const std::int64_t room = run.shapeOf("output").back() - run.number("output_first");
    const std::int64_t rest = x.extent(3) - first;
    return sliceLast(x, first, std::min(room, rest));
}

Sliding poolWindow(const Invocation& run) {
    return {run.pair("pool"), run.pair("stride"), run.padding(), {1, 1}};
}

void finishPool(Invocation& run, Tensor results, bool isAdding) {
    const std::int64_t first = run.number("output_first");
    const Shape& shape = run.shapeOf("output");
    checkInside(results.shape, shape, first);
    Tensor& output = run.scratchpads().output(shape, first == 0);
    const Pair pool = run.pair("pool");
    const std::int64_t window = pool.rows * pool.columns;
    const std::int64_t rows = results.extent(0) * results.extent(1);
    run.compute(vectorUnit, poolCycles(rows * results.extent(2), rows, results.extent(3), window,
                                       run.parameters().vectorLanes));
    run.count({isAdding ? results.size() : 0, isAdding ? results.size() * window : 0,
               results.size() * window, results.size()});
    run.activate(results);
    forEachChannel(output, results, first,
                   [](float& held, float& result, std::int64_t) { held = result; });
    run.store(output);
}

void finish(Invocation& run, Tensor results) {
    const Shape& shape = run.shapeOf("output");
    Tensor& output = run.scratchpads().output(shape, true);
    require(results.size() == output.size(), "a command makes another output than its tile holds");
    run.activate(results);
    output.values = std::move(results.values);
    run.store(output);
}

// The loads of the second operand follow `load_other`, or `load_weights` where that is absent.
const char* otherFlag(const bridge::Command& command) {
    for (const char* flag : {"load_other", "load_weights"}) {
        for (const auto& [name, value] : command.attributes) {
            if (name == flag) {
                return flag;
            }
        }
    }
    return "load_input";
}

template <typename Combine>
void combine(Invocation& run, std::int64_t latencyCycles, bool isAdding, Combine combine) {
    run.load({{"input", "load_input"}, {"other", otherFlag(run.command())}});
    Tensor results = run.resident("input");
    const Tensor& other = run.resident("other");
    require(results.shape == other.shape, "add and mul need operands of one shape");
    const std::int64_t size = results.size();
    run.compute(vectorUnit, elementwiseCycles(run.parameters().vectors(size), latencyCycles));
    run.count({isAdding ? 0 : size, isAdding ? size : 0, 2 * size, size});
    std::transform(results.values.begin(), results.values.end(), other.values.begin(),
                   results.values.begin(), combine);
    finish(run, std::move(results));
}

}  // namespace

void conv2dKernel(Invocation& run) {
    run.load(linearLoads(run));
    const Tensor& weights = run.resident("weights");
    require(weights.shape.size() == 4, "conv2d needs weights of 4 dimensions");
    const std::int64_t first = run.number("kernel_first");
    const Tensor x =
        sliceLast(run.resident("input"), run.number("input_first", 0), weights.extent(3));
    const Tensor used = sliceFirst(weights, first, run.number("kernel_count"));
    const Sliding window = {{weights.extent(1), weights.extent(2)},
                            run.pair("stride"),
                            run.padding(),
                            run.pair("dilation", 1)};
    Tensor sums = conv2d(x, used, window);
    ConvolutionTile tile;
    tile.images = sums.extent(0);
    tile.outputRows = sums.extent(1);
    tile.outputColumns = sums.extent(2);
    tile.filters = sums.extent(3);
    tile.kernelRows = weights.extent(1);
    tile.kernelColumns = weights.extent(2);
    tile.channels = weights.extent(3);
    tile.isPadded = window.padding.isAny();
    run.compute(macUnit, convolutionCycles(tile, run.parameters()));
    countConvolution(run, tile);
    accumulate(run, std::move(sums), first);
}

void matMulKernel(Invocation& run) {
    run.load(linearLoads(run));
    const Tensor& weights = run.resident("weights");
    const Tensor& resident = run.resident("input");
    require(weights.shape.size() == 2 && resident.shape.size() == 2, "mat_mul needs 2 dimensions");
    const std::int64_t neurons = weights.extent(0);
    const std::int64_t columns = weights.extent(1);
    const Tensor x = sliceLast(resident, run.number("input_first"), columns);
    const std::int64_t rows = x.extent(0);
    run.compute(macUnit, matrixCycles(rows, neurons, columns, run.parameters()));
    countMatrix(run, rows, neurons, columns);
    accumulate(run, matMul(x, weights), 0);
}

void maxPool2dKernel(Invocation& run) {
    run.load({{"input", "load_input"}});
    finishPool(run, maxPool2d(pooledInput(run), poolWindow(run)), false);
}

void avgPool2dKernel(Invocation& run) {
    run.load({{"input", "load_input"}});
    const bool isPaddingCounted = run.number("count_include_pad", 0) != 0;
    finishPool(run, avgPool2d(pooledInput(run), poolWindow(run), isPaddingCounted), true);
}

void batchNormKernel(Invocation& run) {
    run.load({{"input", "load_input"}, {"weights", "load_weights"}});
    const Tensor& x = run.resident("input");
    require(!x.shape.empty(), "batch_norm needs at least one dimension");
    const Tensor rows =
        sliceLast(run.resident("weights"), run.number("channel_first", 0), x.shape.back());
    run.compute(vectorUnit, batchNormCycles(run.parameters().vectors(x.size())));
    run.count({2 * x.size(), 2 * x.size(), 5 * x.size(), x.size()});
    finish(run, batchNorm(x, rows));
}

void addKernel(Invocation& run) {
    combine(run, run.parameters().addLatencyCycles, true, [](float a, float b) { return a + b; });
}

void mulKernel(Invocation& run) {
    combine(run, run.parameters().multiplyLatencyCycles, false,
            [](float a, float b) { return a * b; });
}

template <Activation activation>
void activationKernel(Invocation& run) {
    run.load({{"input", "load_input"}});
    Tensor results = run.resident("input");
    run.compute(vectorUnit, activationCycles(activation, run.parameters().vectors(results.size()),
                                             run.negativeVectors(results), run.parameters()));
    run.count({0, 0, results.size(), results.size()});
    run.activateAs(activation, results);
    finish(run, std::move(results));
}

void softmaxKernel(Invocation& run) {
    run.load({{"input", "load_input"}});
    const Tensor& x = run.resident("input");
    require(x.shape.size() == 2, "softmax needs 2 dimensions");
    const std::int64_t channels = run.number("channels", x.extent(1));
    run.compute(vectorUnit, softmaxCycles(x.extent(0), channels, run.parameters()));
    run.count({x.size(), 2 * x.size(), 3 * x.size(), 2 * x.size()});
    finish(run, softmax(x, channels));
}

const std::array<Kernel, 15> kernels = {{
    {"conv2d", conv2dKernel},
    {"mat_mul", matMulKernel},
    {"max_pool2d", maxPool2dKernel},
    {"avg_pool2d", avgPool2dKernel},
    {"batch_norm", batchNormKernel},
    {"add", addKernel},
    {"mul", mulKernel},
    {"relu", activationKernel<Activation::Relu>},
    {"leaky_relu", activationKernel<Activation::LeakyRelu>},
    {"elu", activationKernel<Activation::Elu>},
    {"selu", activationKernel<Activation::Selu>},
    {"tanh", activationKernel<Activation::Tanh>},
    {"hard_tanh", activationKernel<Activation::HardTanh>},
    {"sigmoid", activationKernel<Activation::Sigmoid>},
    {"softmax", softmaxKernel},
}};

}  // namespace harness::vector_mac
