// SPDX-License-Identifier: BSD-3-Clause
// conv2d and mat_mul: sums in fp64, rounded to fp32 once; bias and activation in fp32.
#include "activation.hh"
#include "operators.hh"

namespace harness {

namespace {

struct ConvAttributes {
    std::int64_t strideH, strideW, padTop, padLeft, dilationH, dilationW, groups;
    Activation activation;

    explicit ConvAttributes(const std::vector<double>& a)
        : strideH(std::int64_t(a[0])),
          strideW(std::int64_t(a[1])),
          padTop(std::int64_t(a[2])),
          padLeft(std::int64_t(a[4])),
          dilationH(std::int64_t(a[6])),
          dilationW(std::int64_t(a[7])),
          groups(std::int64_t(a[8])),
          activation(fusedActivation(a, 9)) {}
};

struct Convolution {
    ConvAttributes attributes;
    ImageShape x, w, y;
    std::vector<float> input, weights, bias;

    double sumAt(std::int64_t n, std::int64_t oh, std::int64_t ow, std::int64_t k) const;
};

double Convolution::sumAt(std::int64_t n, std::int64_t oh, std::int64_t ow, std::int64_t k) const {
    const std::int64_t firstChannel = k / (y.c / attributes.groups) * w.c;
    double sum = 0;
    for (std::int64_t r = 0; r < w.h; ++r) {
        const std::int64_t ih =
            oh * attributes.strideH + r * attributes.dilationH - attributes.padTop;
        if (ih < 0 || ih >= x.h) continue;
        for (std::int64_t s = 0; s < w.w; ++s) {
            const std::int64_t iw =
                ow * attributes.strideW + s * attributes.dilationW - attributes.padLeft;
            if (iw < 0 || iw >= x.w) continue;
            for (std::int64_t c = 0; c < w.c; ++c)
                sum += double(input[x.at(n, ih, iw, firstChannel + c)]) *
                       double(weights[w.at(k, r, s, c)]);
        }
    }
    return sum;
}

float finish(double sum, const std::vector<float>& bias, std::int64_t k, const Activation& f) {
    float value = float(sum);
    if (!bias.empty()) value = value + bias[std::size_t(k)];
    return f(value);
}

std::vector<float> optionalBias(const RoutineCall& call, std::int64_t size) {
    if (call.inputs.size() < 3) return {};
    auto bias = loadTensor(call.inputs[2]);
    if (std::int64_t(bias.size()) != size) throw KernelError("bias has the wrong size");
    return bias;
}

/// Weights are (K, C); layout CN says (C, K).
bool isTransposed(const TensorView& weights) { return weights.layout == "CN"; }

}  // namespace

void conv2d(const RoutineCall& call) {
    requireCall(call, 2, 9);
    TensorView weights = call.inputs[1];
    weights.layout = call.inputs[0].layout;
    Convolution conv{ConvAttributes(call.attributes),
                     imageShape(call.inputs[0]),
                     imageShape(weights),
                     imageShape(call.outputs[0]),
                     loadTensor(call.inputs[0]),
                     loadTensor(weights),
                     {}};
    const ImageShape& y = conv.y;
    conv.bias = optionalBias(call, y.c);
    const std::int64_t groups = conv.attributes.groups;
    if (groups < 1 || y.c % groups || conv.w.n != y.c || conv.w.c * groups != conv.x.c ||
        conv.x.n != y.n)
        throw KernelError("conv2d: shapes do not fit together");
    std::vector<float> output(std::size_t(call.outputs[0].elements()));
    for (std::int64_t n = 0; n < y.n; ++n)
        for (std::int64_t oh = 0; oh < y.h; ++oh)
            for (std::int64_t ow = 0; ow < y.w; ++ow)
                for (std::int64_t k = 0; k < y.c; ++k)
                    output[y.at(n, oh, ow, k)] =
                        finish(conv.sumAt(n, oh, ow, k), conv.bias, k, conv.attributes.activation);
    storeTensor(call.outputs[0], output);
}

Work conv2dWork(const RoutineCall& call) {
    requireCall(call, 2, 9);
    TensorView weights = call.inputs[1];
    weights.layout = call.inputs[0].layout;
    const ImageShape filter = imageShape(weights);
    const std::uint64_t rows = std::uint64_t(call.outputs[0].elements() * filter.h * filter.w);
    return {rows, rows * std::uint64_t(filter.c)};
}

void matMul(const RoutineCall& call) {
    requireCall(call, 2, 0);
    const TensorView& x = call.inputs[0];
    const TensorView& y = call.outputs[0];
    const std::int64_t n = y.rows(), k = y.rowElements(), c = x.rowElements();
    if (call.inputs[1].elements() != k * c || x.rows() != n)
        throw KernelError("mat_mul: shapes do not fit together");
    const bool transposed = isTransposed(call.inputs[1]);
    const std::int64_t strideK = transposed ? 1 : c, strideC = transposed ? k : 1;
    const auto input = loadTensor(x), weights = loadTensor(call.inputs[1]);
    const auto bias = optionalBias(call, k);
    const Activation activation = fusedActivation(call.attributes, 0);
    std::vector<float> output(std::size_t(n * k));
    for (std::int64_t row = 0; row < n; ++row)
        for (std::int64_t out = 0; out < k; ++out) {
            double sum = 0;
            for (std::int64_t i = 0; i < c; ++i)
                sum += double(input[row * c + i]) * double(weights[out * strideK + i * strideC]);
            output[row * k + out] = finish(sum, bias, out, activation);
        }
    storeTensor(y, output);
}

Work matMulWork(const RoutineCall& call) {
    requireCall(call, 2, 0);
    const std::uint64_t rows = std::uint64_t(call.outputs[0].elements());
    return {rows, rows * std::uint64_t(call.inputs[0].rowElements())};
}

}  // namespace harness
