// SPDX-License-Identifier: BSD-3-Clause
// Element by element: batch norm, add, mul and activations in fp32; softmax in fp64.
#include <algorithm>
#include <cmath>

#include "activation.hh"
#include "half.hh"
#include "operators.hh"

namespace harness {

namespace {

/// Strides in which an operand of a numpy broadcast is read; 0 where it is repeated.
std::vector<std::int64_t> broadcastStrides(const std::vector<std::int64_t>& shape,
                                           const std::vector<std::int64_t>& to) {
    std::vector<std::int64_t> strides(to.size(), 0);
    if (shape.size() > to.size()) throw KernelError("broadcast: too many dimensions");
    std::int64_t stride = 1;
    for (std::size_t i = 0; i < shape.size(); ++i) {
        const std::size_t from = shape.size() - 1 - i, at = to.size() - 1 - i;
        if (shape[from] != 1 && shape[from] != to[at])
            throw KernelError("broadcast: shapes differ");
        strides[at] = shape[from] == 1 ? 0 : stride;
        stride *= shape[from];
    }
    return strides;
}

template <typename Operation>
void binary(const RoutineCall& call, Operation operation) {
    requireCall(call, 2, 0);
    const auto& shape = call.outputs[0].shape;
    const auto left = loadTensor(call.inputs[0]), right = loadTensor(call.inputs[1]);
    const auto leftStrides = broadcastStrides(call.inputs[0].shape, shape);
    const auto rightStrides = broadcastStrides(call.inputs[1].shape, shape);
    const Activation activation = fusedActivation(call.attributes, 0);
    std::vector<float> output(std::size_t(call.outputs[0].elements()));
    std::vector<std::int64_t> index(shape.size(), 0);
    std::int64_t l = 0, r = 0;
    for (float& value : output) {
        value = activation(operation(left[std::size_t(l)], right[std::size_t(r)]));
        for (std::size_t d = shape.size(); d-- > 0;) {
            l += leftStrides[d];
            r += rightStrides[d];
            if (++index[d] < shape[d]) break;
            l -= leftStrides[d] * shape[d];
            r -= rightStrides[d] * shape[d];
            index[d] = 0;
        }
    }
    storeTensor(call.outputs[0], output);
}

struct Normalization {
    std::vector<float> mean, r, gamma, beta;

    float operator()(float x, std::size_t c) const {
        const float centred = x - mean[c];
        const float scaled = centred * r[c];
        const float weighted = scaled * gamma[c];
        return weighted + beta[c];
    }
};

std::vector<float> row(const std::vector<float>& table, std::size_t index, std::size_t size) {
    return {table.begin() + std::ptrdiff_t(index * size),
            table.begin() + std::ptrdiff_t((index + 1) * size)};
}

/// r = 1/sqrt(variance + epsilon) in fp64, rounded to fp32 and, for fp16 tensors, to fp16.
float reciprocalDeviation(float variance, double epsilon, DType dtype) {
    const double r = 1.0 / std::sqrt(double(variance) + epsilon);
    return dtype == DType::Fp16 ? halfToFloat(floatToHalf(float(r))) : float(r);
}

Normalization normalization(const RoutineCall& call, std::int64_t channels, unsigned& attributes) {
    const std::size_t size = std::size_t(channels);
    if (call.inputs.size() == 2) {
        const auto table = loadTensor(call.inputs[1]);
        if (table.size() != 4 * size) throw KernelError("batch_norm: weights are not (4, C)");
        attributes = 0;
        return {row(table, 0, size), row(table, 1, size), row(table, 2, size), row(table, 3, size)};
    }
    requireCall(call, 5, 1);
    attributes = 1;
    Normalization n{loadTensor(call.inputs[1]), loadTensor(call.inputs[2]),
                    loadTensor(call.inputs[3]), loadTensor(call.inputs[4])};
    if (n.mean.size() != size || n.r.size() != size || n.gamma.size() != size ||
        n.beta.size() != size)
        throw KernelError("batch_norm: weights are not (C,)");
    for (float& value : n.r)
        value = reciprocalDeviation(value, call.attributes[0], call.inputs[2].dtype);
    return n;
}

/// Elements of the channel dimension and the distance between neighbours in it.
void channelAxis(const TensorView& view, std::int64_t& channels, std::int64_t& stride) {
    const bool isChannelFirst = view.layout == "NCHW" && view.shape.size() == 4;
    channels = isChannelFirst ? view.shape[1] : view.rowElements();
    stride = isChannelFirst ? view.shape[2] * view.shape[3] : 1;
}

void softmaxRow(const float* x, float* y, std::int64_t size) {
    const double largest = double(*std::max_element(x, x + size));
    double sum = 0;
    for (std::int64_t i = 0; i < size; ++i) sum += std::exp(double(x[i]) - largest);
    for (std::int64_t i = 0; i < size; ++i) y[i] = float(std::exp(double(x[i]) - largest) / sum);
}

}  // namespace

void batchNorm(const RoutineCall& call) {
    requireCall(call, 2, 0);
    std::int64_t channels, stride;
    channelAxis(call.inputs[0], channels, stride);
    unsigned first = 0;
    const Normalization normalize = normalization(call, channels, first);
    const Activation activation = fusedActivation(call.attributes, first);
    auto values = loadTensor(call.inputs[0]);
    for (std::size_t i = 0; i < values.size(); ++i)
        values[i] =
            activation(normalize(values[i], i / std::size_t(stride) % std::size_t(channels)));
    storeTensor(call.outputs[0], values);
}

void softmax(const RoutineCall& call) {
    requireCall(call, 1, 0);
    const TensorView& view = call.inputs[0];
    const auto x = loadTensor(view);
    std::vector<float> y(x.size());
    for (std::int64_t r = 0; r < view.rows(); ++r)
        softmaxRow(&x[r * view.rowElements()], &y[r * view.rowElements()], view.rowElements());
    storeTensor(call.outputs[0], y);
}

void add(const RoutineCall& call) {
    binary(call, [](float a, float b) { return a + b; });
}

void mul(const RoutineCall& call) {
    binary(call, [](float a, float b) { return a * b; });
}

template <int code>
void activate(const RoutineCall& call) {
    requireCall(call, 1, code == 2 || code == 3 ? 1 : (code == 4 || code == 6 ? 2 : 0));
    const auto& a = call.attributes;
    const Activation activation{code, a.empty() ? 0.0 : a[0], a.size() < 2 ? 0.0 : a[1]};
    auto values = loadTensor(call.inputs[0]);
    for (float& value : values) value = activation(value);
    storeTensor(call.outputs[0], values);
}

template void activate<1>(const RoutineCall&);
template void activate<2>(const RoutineCall&);
template void activate<3>(const RoutineCall&);
template void activate<4>(const RoutineCall&);
template void activate<5>(const RoutineCall&);
template void activate<6>(const RoutineCall&);
template void activate<7>(const RoutineCall&);

Work outputWork(const RoutineCall& call) {
    requireCall(call, 1, 0);
    return {std::uint64_t(call.outputs[0].rows()), std::uint64_t(call.outputs[0].elements())};
}

}  // namespace harness
