// SPDX-License-Identifier: BSD-3-Clause
// Values of the kernels: operands are widened to fp64, sums are fp64, one rounding to fp32 follows.
// Twin of `accel_models/vector_mac/numerics.py` and `activations.py`.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cycles.hh"

namespace harness::vector_mac {

using Shape = std::vector<std::uint32_t>;

std::int64_t elementsOf(const Shape& shape);

// A dense array as the scratchpads hold it.
struct Tensor {
    Shape shape;
    std::vector<float> values;

    std::int64_t size() const { return static_cast<std::int64_t>(values.size()); }
    std::int64_t extent(std::size_t dimension) const { return shape.at(dimension); }
};

struct Padding {
    std::int64_t top = 0;
    std::int64_t bottom = 0;
    std::int64_t left = 0;
    std::int64_t right = 0;

    bool isAny() const { return (top | bottom | left | right) != 0; }
};

struct Pair {
    std::int64_t rows = 1;
    std::int64_t columns = 1;
};

// A window that slides over (images, rows, columns, channels).
struct Sliding {
    Pair extent;
    Pair stride;
    Padding padding;
    Pair dilation;

    // Rows and columns of the result; throws BridgeError{Model} if the window does not fit.
    Pair outputOf(const Tensor& x) const;
};

Tensor tensorFromHalf(const std::uint8_t* bytes, std::size_t sizeBytes, const Shape& shape);
std::vector<std::uint8_t> halfFromTensor(const Tensor& tensor);

// The given range of the last dimension; throws BridgeError{Model} if it leaves the tensor.
Tensor sliceLast(const Tensor& tensor, std::int64_t first, std::int64_t count);

Tensor conv2d(const Tensor& x, const Tensor& weights, const Sliding& window);
Tensor matMul(const Tensor& x, const Tensor& weights);
Tensor maxPool2d(const Tensor& x, const Sliding& window);
Tensor avgPool2d(const Tensor& x, const Sliding& window, bool isPaddingCounted);
Tensor batchNorm(const Tensor& x, const Tensor& rows);
Tensor softmax(const Tensor& x, std::int64_t channels);
void activate(Activation activation, std::vector<float>& values, double alpha, double beta);

}  // namespace harness::vector_mac
