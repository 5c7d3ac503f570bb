// SPDX-License-Identifier: BSD-3-Clause
#include "numerics.hh"

#include <algorithm>
#include <cmath>
#include <limits>

#include "error.hh"
#include "half.hh"

namespace harness::vector_mac {

namespace {

constexpr double doubleInfinity = std::numeric_limits<double>::infinity();

void require(bool isMet, const std::string& text) {
    if (!isMet) {
        throw bridge::BridgeError(bridge::ErrorKind::Model, "vector_mac: " + text);
    }
}

Tensor makeTensor(const Shape& shape) {
    return {shape, std::vector<float>(static_cast<std::size_t>(elementsOf(shape)))};
}

Shape shapeOf(std::initializer_list<std::int64_t> extents) {
    Shape shape;
    for (const std::int64_t extent : extents) {
        shape.push_back(static_cast<std::uint32_t>(extent));
    }
    return shape;
}

// x (images, rows, columns, channels) as fp64 with its padding around it.
struct Padded {
    std::int64_t rows;
    std::int64_t columns;
    std::int64_t channels;
    std::vector<double> values;

    const double* at(std::int64_t image, std::int64_t row, std::int64_t column) const {
        return values.data() + ((image * rows + row) * columns + column) * channels;
    }
};

Padded pad(const Tensor& x, const Padding& padding, double value) {
    Padded padded = {x.extent(1) + padding.top + padding.bottom,
                     x.extent(2) + padding.left + padding.right,
                     x.extent(3),
                     {}};
    padded.values.assign(
        static_cast<std::size_t>(x.extent(0) * padded.rows * padded.columns * padded.channels),
        value);
    const float* source = x.values.data();
    const std::int64_t runElements = x.extent(2) * x.extent(3);
    for (std::int64_t image = 0; image < x.extent(0); ++image) {
        for (std::int64_t row = 0; row < x.extent(1); ++row, source += runElements) {
            const double* target = padded.at(image, row + padding.top, padding.left);
            std::copy(source, source + runElements,
                      padded.values.begin() + (target - padded.values.data()));
        }
    }
    return padded;
}

// Weights (K, taps) as (taps, K), so that the inner loop runs over filters.
std::vector<double> transposed(const Tensor& weights) {
    const auto filters = static_cast<std::size_t>(weights.extent(0));
    const std::size_t taps = filters == 0 ? 0 : weights.values.size() / filters;
    std::vector<double> result(weights.values.size());
    for (std::size_t filter = 0; filter < filters; ++filter) {
        for (std::size_t tap = 0; tap < taps; ++tap) {
            result[tap * filters + filter] = weights.values[filter * taps + tap];
        }
    }
    return result;
}

// sums[k] += inputs[c] * weights[c][k]
void accumulate(const double* inputs, std::int64_t count, const double* weights,
                std::vector<double>& sums) {
    const std::size_t filters = sums.size();
    for (std::int64_t c = 0; c < count; ++c, weights += filters) {
        const double input = inputs[c];
        for (std::size_t k = 0; k < filters; ++k) {
            sums[k] += input * weights[k];
        }
    }
}

void roundInto(const std::vector<double>& sums, float* target) {
    std::transform(sums.begin(), sums.end(), target,
                   [](double sum) { return static_cast<float>(sum); });
}

// Calls visit(image, row, column, index of the output pixel) in order.
template <typename Visit>
void forEachPixel(std::int64_t images, const Pair& output, Visit visit) {
    std::int64_t pixel = 0;
    for (std::int64_t image = 0; image < images; ++image) {
        for (std::int64_t row = 0; row < output.rows; ++row) {
            for (std::int64_t column = 0; column < output.columns; ++column) {
                visit(image, row, column, pixel++);
            }
        }
    }
}

// Combines the elements of each window, channel by channel, in row order.
template <typename Combine>
std::vector<double> pool(const Tensor& x, const Sliding& window, double initial, Combine combine) {
    const Pair output = window.outputOf(x);
    const Padded padded = pad(x, window.padding, initial);
    const auto channels = static_cast<std::size_t>(padded.channels);
    std::vector<double> results(
        static_cast<std::size_t>(x.extent(0) * output.rows * output.columns) * channels, initial);
    forEachPixel(x.extent(0), output, [&](auto image, auto row, auto column, auto pixel) {
        double* target = results.data() + static_cast<std::size_t>(pixel) * channels;
        for (std::int64_t r = 0; r < window.extent.rows; ++r) {
            for (std::int64_t c = 0; c < window.extent.columns; ++c) {
                const double* source = padded.at(image, row * window.stride.rows + r,
                                                 column * window.stride.columns + c);
                for (std::size_t channel = 0; channel < channels; ++channel) {
                    target[channel] = combine(target[channel], source[channel]);
                }
            }
        }
    });
    return results;
}

Tensor rounded(const std::vector<double>& values, const Shape& shape) {
    Tensor result = makeTensor(shape);
    roundInto(values, result.values.data());
    return result;
}

double exponentialUnit(double x, double alpha) { return x > 0 ? x : alpha * (std::exp(x) - 1); }

float activated(Activation activation, float x, double alpha, double beta) {
    const auto low = static_cast<float>(alpha);
    const auto high = static_cast<float>(beta);
    switch (activation) {
        case Activation::Relu:
            return x < 0 ? 0.0F : x;
        case Activation::LeakyRelu:
            return x < 0 ? low * x : x;
        case Activation::Elu:
            return static_cast<float>(exponentialUnit(x, alpha));
        case Activation::Selu:
            return static_cast<float>(beta * exponentialUnit(x, alpha));
        case Activation::Tanh:
            return static_cast<float>(std::tanh(double{x}));
        case Activation::HardTanh:
            return std::isnan(x) ? x : std::min(std::max(x, low), high);
        case Activation::Sigmoid:
            return static_cast<float>(1 / (1 + std::exp(-double{x})));
        default:
            return x;
    }
}

}  // namespace

std::int64_t elementsOf(const Shape& shape) {
    std::int64_t elements = 1;
    for (const std::uint32_t extent : shape) {
        elements *= extent;
    }
    return elements;
}

Pair Sliding::outputOf(const Tensor& x) const {
    require(x.shape.size() == 4, "a window slides over 4 dimensions only");
    const Pair reach = {dilation.rows * (extent.rows - 1) + 1,
                        dilation.columns * (extent.columns - 1) + 1};
    const std::int64_t rows = x.extent(1) + padding.top + padding.bottom - reach.rows;
    const std::int64_t columns = x.extent(2) + padding.left + padding.right - reach.columns;
    require(rows >= 0 && columns >= 0, "a window is larger than its padded input");
    return {rows / stride.rows + 1, columns / stride.columns + 1};
}

Tensor tensorFromHalf(const std::uint8_t* bytes, std::size_t sizeBytes, const Shape& shape) {
    Tensor tensor = makeTensor(shape);
    require(tensor.values.size() * elementBytes == sizeBytes,
            "an operand's shape does not fit its " + std::to_string(sizeBytes) + " bytes of fp16");
    for (float& value : tensor.values) {
        value = halfToFloat(static_cast<std::uint16_t>(bytes[0] | bytes[1] << 8U));
        bytes += elementBytes;
    }
    return tensor;
}

std::vector<std::uint8_t> halfFromTensor(const Tensor& tensor) {
    std::vector<std::uint8_t> bytes;
    bytes.reserve(tensor.values.size() * elementBytes);
    for (const float value : tensor.values) {
        const std::uint16_t half = floatToHalf(value);
        bytes.push_back(static_cast<std::uint8_t>(half & 0xffU));
        bytes.push_back(static_cast<std::uint8_t>(half >> 8U));
    }
    return bytes;
}

Tensor sliceLast(const Tensor& tensor, std::int64_t first, std::int64_t count) {
    const std::int64_t last = tensor.shape.empty() ? 0 : tensor.shape.back();
    require(first >= 0 && count >= 0 && first <= last && count <= last - first,
            "elements " + std::to_string(first) + " to " + std::to_string(first + count) +
                " of a last dimension of " + std::to_string(last));
    if (count == last) {
        return tensor;
    }
    Shape shape = tensor.shape;
    shape.back() = static_cast<std::uint32_t>(count);
    Tensor result = makeTensor(shape);
    auto target = result.values.begin();
    for (auto row = tensor.values.begin(); row != tensor.values.end(); row += last) {
        target = std::copy(row + first, row + first + count, target);
    }
    return result;
}

Tensor conv2d(const Tensor& x, const Tensor& weights, const Sliding& window) {
    const Pair output = window.outputOf(x);
    const std::int64_t channels = weights.extent(3);
    require(x.extent(3) == channels, "input and weights differ in channels");
    const Padded padded = pad(x, window.padding, 0.0);
    const std::vector<double> taps = transposed(weights);
    const auto filters = static_cast<std::size_t>(weights.extent(0));
    Tensor result =
        makeTensor(shapeOf({x.extent(0), output.rows, output.columns, weights.extent(0)}));
    std::vector<double> sums(filters);
    forEachPixel(x.extent(0), output, [&](auto image, auto row, auto column, auto pixel) {
        std::fill(sums.begin(), sums.end(), 0.0);
        const double* tap = taps.data();
        for (std::int64_t r = 0; r < window.extent.rows; ++r) {
            for (std::int64_t c = 0; c < window.extent.columns; ++c) {
                accumulate(padded.at(image, row * window.stride.rows + r * window.dilation.rows,
                                     column * window.stride.columns + c * window.dilation.columns),
                           channels, tap, sums);
                tap += channels * weights.extent(0);
            }
        }
        roundInto(sums, result.values.data() + static_cast<std::size_t>(pixel) * filters);
    });
    return result;
}

Tensor matMul(const Tensor& x, const Tensor& weights) {
    const std::int64_t columns = weights.extent(1);
    const std::vector<double> inputs(x.values.begin(), x.values.end());
    const std::vector<double> taps = transposed(weights);
    Tensor result = makeTensor(shapeOf({x.extent(0), weights.extent(0)}));
    std::vector<double> sums(static_cast<std::size_t>(weights.extent(0)));
    for (std::int64_t row = 0; row < x.extent(0); ++row) {
        std::fill(sums.begin(), sums.end(), 0.0);
        accumulate(inputs.data() + row * columns, columns, taps.data(), sums);
        roundInto(sums, result.values.data() + row * weights.extent(0));
    }
    return result;
}

Tensor maxPool2d(const Tensor& x, const Sliding& window) {
    const Pair output = window.outputOf(x);
    const auto larger = [](double a, double b) { return std::isnan(a) || a >= b ? a : b; };
    return rounded(pool(x, window, -doubleInfinity, larger),
                   shapeOf({x.extent(0), output.rows, output.columns, x.extent(3)}));
}

Tensor avgPool2d(const Tensor& x, const Sliding& window, bool isPaddingCounted) {
    const Pair output = window.outputOf(x);
    const auto add = [](double a, double b) { return a + b; };
    std::vector<double> sums = pool(x, window, 0.0, add);
    const bool isUniform = isPaddingCounted || !window.padding.isAny();
    Tensor ones = makeTensor(shapeOf({1, x.extent(1), x.extent(2), 1}));
    std::fill(ones.values.begin(), ones.values.end(), 1.0F);
    const std::vector<double> counts = pool(ones, window, 0.0, add);
    const double elements = static_cast<double>(window.extent.rows * window.extent.columns);
    const auto channels = static_cast<std::size_t>(x.extent(3));
    for (std::size_t i = 0; i < sums.size(); ++i) {
        sums[i] *= 1.0 / (isUniform ? elements : counts[i / channels % counts.size()]);
    }
    return rounded(sums, shapeOf({x.extent(0), output.rows, output.columns, x.extent(3)}));
}

Tensor batchNorm(const Tensor& x, const Tensor& rows) {
    const auto channels = static_cast<std::size_t>(x.shape.back());
    require(rows.shape == Shape({4, x.shape.back()}), "batch norm needs 4 rows of weights");
    const float* mean = rows.values.data();
    const float* reciprocal = mean + channels;
    const float* gamma = reciprocal + channels;
    const float* beta = gamma + channels;
    Tensor result = x;
    for (std::size_t i = 0; i < result.values.size(); ++i) {
        const std::size_t c = i % channels;
        result.values[i] = ((x.values[i] - mean[c]) * reciprocal[c]) * gamma[c] + beta[c];
    }
    return result;
}

Tensor softmax(const Tensor& x, std::int64_t channels) {
    require(x.shape.size() == 2 && channels >= 1 && channels <= x.extent(1),
            "softmax over " + std::to_string(channels) + " channels");
    Tensor result = makeTensor(x.shape);
    std::vector<double> exponentials(static_cast<std::size_t>(channels));
    for (std::int64_t row = 0; row < x.extent(0); ++row) {
        const float* inputs = x.values.data() + row * x.extent(1);
        const double largest = *std::max_element(inputs, inputs + channels);
        double sum = 0;
        for (std::size_t c = 0; c < exponentials.size(); ++c) {
            exponentials[c] = std::exp(inputs[c] - largest);
            sum += exponentials[c];
        }
        float* outputs = result.values.data() + row * x.extent(1);
        for (std::size_t c = 0; c < exponentials.size(); ++c) {
            outputs[c] = static_cast<float>(exponentials[c] / sum);
        }
    }
    return result;
}

void activate(Activation activation, std::vector<float>& values, double alpha, double beta) {
    for (float& value : values) {
        value = activated(activation, value, alpha, beta);
    }
}

}  // namespace harness::vector_mac
