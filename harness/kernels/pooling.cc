// SPDX-License-Identifier: BSD-3-Clause
// Pooling: maxima are exact, averages are fp64 sums times 1/count, rounded to fp32 once.
#include <algorithm>
#include <limits>

#include "activation.hh"
#include "operators.hh"

namespace harness {

namespace {

struct PoolAttributes {
    std::int64_t poolH, poolW, strideH, strideW, padTop, padBottom, padLeft, padRight;

    explicit PoolAttributes(const std::vector<double>& a)
        : poolH(std::int64_t(a[0])),
          poolW(std::int64_t(a[1])),
          strideH(std::int64_t(a[2])),
          strideW(std::int64_t(a[3])),
          padTop(std::int64_t(a[4])),
          padBottom(std::int64_t(a[5])),
          padLeft(std::int64_t(a[6])),
          padRight(std::int64_t(a[7])) {}
};

/// The part of one window that lies in the image, and the part that lies in image or padding.
struct Span {
    std::int64_t begin, end, padded;

    Span(std::int64_t out, std::int64_t pool, std::int64_t stride, std::int64_t before,
         std::int64_t size, std::int64_t after) {
        const std::int64_t first = out * stride - before;
        begin = std::max<std::int64_t>(first, 0);
        end = std::min(first + pool, size);
        padded = std::min(first + pool, size + after) - first;
    }
    std::int64_t inside() const { return std::max<std::int64_t>(end - begin, 0); }
};

template <typename Reduce>
void pool2d(const RoutineCall& call, const Activation& activation, Reduce reduce) {
    const PoolAttributes a(call.attributes);
    const ImageShape x = imageShape(call.inputs[0]), y = imageShape(call.outputs[0]);
    if (x.n != y.n || x.c != y.c) throw KernelError("pool: shapes do not fit together");
    const auto input = loadTensor(call.inputs[0]);
    std::vector<float> output(std::size_t(call.outputs[0].elements()));
    for (std::int64_t n = 0; n < y.n; ++n)
        for (std::int64_t oh = 0; oh < y.h; ++oh)
            for (std::int64_t ow = 0; ow < y.w; ++ow) {
                const Span h(oh, a.poolH, a.strideH, a.padTop, x.h, a.padBottom);
                const Span w(ow, a.poolW, a.strideW, a.padLeft, x.w, a.padRight);
                for (std::int64_t c = 0; c < y.c; ++c)
                    output[y.at(n, oh, ow, c)] = activation(reduce(input, x, n, c, h, w));
            }
    storeTensor(call.outputs[0], output);
}

float maximum(const std::vector<float>& input, const ImageShape& x, std::int64_t n, std::int64_t c,
              const Span& h, const Span& w) {
    float best = -std::numeric_limits<float>::infinity();
    for (std::int64_t ih = h.begin; ih < h.end; ++ih)
        for (std::int64_t iw = w.begin; iw < w.end; ++iw)
            best = std::max(best, input[x.at(n, ih, iw, c)]);
    return best;
}

double sum(const std::vector<float>& input, const ImageShape& x, std::int64_t n, std::int64_t c,
           const Span& h, const Span& w) {
    double total = 0;
    for (std::int64_t ih = h.begin; ih < h.end; ++ih)
        for (std::int64_t iw = w.begin; iw < w.end; ++iw)
            total += double(input[x.at(n, ih, iw, c)]);
    return total;
}

}  // namespace

void maxPool2d(const RoutineCall& call) {
    requireCall(call, 1, 8);
    pool2d(call, fusedActivation(call.attributes, 8), maximum);
}

void avgPool2d(const RoutineCall& call) {
    requireCall(call, 1, 9);
    const bool countsPadding = call.attributes[8] != 0;
    pool2d(call, fusedActivation(call.attributes, 9),
           [countsPadding](const std::vector<float>& input, const ImageShape& x, std::int64_t n,
                           std::int64_t c, const Span& h, const Span& w) {
               const std::int64_t count =
                   countsPadding ? h.padded * w.padded : h.inside() * w.inside();
               return float(sum(input, x, n, c, h, w) * (1.0 / double(count)));
           });
}

Work pool2dWork(const RoutineCall& call) {
    requireCall(call, 1, 8);
    const std::uint64_t outputs = std::uint64_t(call.outputs[0].elements());
    const auto poolH = std::uint64_t(call.attributes[0]), poolW = std::uint64_t(call.attributes[1]);
    return {outputs * poolH, outputs * poolH * poolW};
}

void globalAvgPool2d(const RoutineCall& call) {
    requireCall(call, 1, 0);
    const ImageShape x = imageShape(call.inputs[0]), y = imageShape(call.outputs[0]);
    const Activation activation = fusedActivation(call.attributes, 0);
    const auto input = loadTensor(call.inputs[0]);
    std::vector<float> output(std::size_t(call.outputs[0].elements()));
    if (std::int64_t(output.size()) != x.n * x.c) throw KernelError("global pool: wrong output");
    const Span h(0, x.h, 1, 0, x.h, 0), w(0, x.w, 1, 0, x.w, 0);
    for (std::int64_t n = 0; n < x.n; ++n)
        for (std::int64_t c = 0; c < x.c; ++c)
            output[y.at(n, 0, 0, c)] =
                activation(float(sum(input, x, n, c, h, w) * (1.0 / double(x.h * x.w))));
    storeTensor(call.outputs[0], output);
}

Work globalAvgPool2dWork(const RoutineCall& call) {
    requireCall(call, 1, 0);
    const ImageShape x = imageShape(call.inputs[0]);
    return {std::uint64_t(x.n * x.c * x.h), std::uint64_t(call.inputs[0].elements())};
}

}  // namespace harness
