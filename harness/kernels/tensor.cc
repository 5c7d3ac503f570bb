// SPDX-License-Identifier: BSD-3-Clause
#include "tensor.hh"

#include <cmath>
#include <cstring>
#include <limits>

#include "half.hh"

namespace harness {

namespace {

std::int64_t product(const std::vector<std::int64_t>& sizes) {
    std::int64_t result = 1;
    for (const std::int64_t size : sizes) result *= size;
    return result;
}

template <typename T>
T loadAs(const std::uint8_t* address) {
    T value;
    std::memcpy(&value, address, sizeof value);
    return value;
}

template <typename T>
void storeAs(std::uint8_t* address, T value) {
    std::memcpy(address, &value, sizeof value);
}

/// Round half to even and saturate, as numpy's reference does before it narrows.
template <typename T>
T toInteger(float value) {
    const double rounded = std::nearbyint(double(value));
    const double low = double(std::numeric_limits<T>::min());
    const double high = double(std::numeric_limits<T>::max());
    if (!(rounded > low)) return std::numeric_limits<T>::min();
    if (rounded >= high) return std::numeric_limits<T>::max();
    return T(rounded);
}

std::uint16_t floatToBf16(float value) {
    const std::uint32_t bits = bitsFromFloat(value);
    if ((bits & 0x7fffffffu) > 0x7f800000u) return std::uint16_t((bits >> 16) | 0x40u);
    return std::uint16_t(shiftRoundEven(bits, 16));
}

float loadElement(const std::uint8_t* address, DType dtype) {
    switch (dtype) {
        case DType::Fp32:
            return loadAs<float>(address);
        case DType::Fp16:
            return halfToFloat(loadAs<std::uint16_t>(address));
        case DType::Bf16:
            return floatFromBits(std::uint32_t(loadAs<std::uint16_t>(address)) << 16);
        case DType::Int8:
            return float(loadAs<std::int8_t>(address));
        case DType::Uint8:
        case DType::Bool:
            return float(*address);
        case DType::Int32:
            return float(loadAs<std::int32_t>(address));
        case DType::Int64:
            return float(loadAs<std::int64_t>(address));
    }
    throw KernelError("unknown dtype");
}

void storeElement(std::uint8_t* address, DType dtype, float value) {
    switch (dtype) {
        case DType::Fp32:
            return storeAs(address, value);
        case DType::Fp16:
            return storeAs(address, floatToHalf(value));
        case DType::Bf16:
            return storeAs(address, floatToBf16(value));
        case DType::Int8:
            return storeAs(address, toInteger<std::int8_t>(value));
        case DType::Uint8:
            return storeAs(address, toInteger<std::uint8_t>(value));
        case DType::Bool:
            return storeAs(address, std::uint8_t(value != 0.0f));
        case DType::Int32:
            return storeAs(address, toInteger<std::int32_t>(value));
        case DType::Int64:
            return storeAs(address, toInteger<std::int64_t>(value));
    }
    throw KernelError("unknown dtype");
}

}  // namespace

std::size_t elementBytes(DType dtype) {
    switch (dtype) {
        case DType::Int8:
        case DType::Uint8:
        case DType::Bool:
            return 1;
        case DType::Fp16:
        case DType::Bf16:
            return 2;
        case DType::Fp32:
        case DType::Int32:
            return 4;
        case DType::Int64:
            return 8;
    }
    throw KernelError("unknown dtype");
}

std::int64_t TensorView::elements() const { return product(shape); }

std::int64_t TensorView::storageElements() const { return product(storageShape); }

void TensorView::check() const {
    if (shape.size() != storageShape.size()) throw KernelError("shape and storage differ in rank");
    for (std::size_t i = 0; i < shape.size(); ++i) {
        const bool isLast = i + 1 == shape.size();
        if (shape[i] < 0 || (isLast ? storageShape[i] < shape[i] : storageShape[i] != shape[i]))
            throw KernelError("only the last dimension may be padded in storage");
    }
    if (std::size_t(storageElements()) * elementBytes(dtype) > sizeBytes)
        throw KernelError("the buffer is smaller than its tensor");
}

std::vector<float> loadTensor(const TensorView& view) {
    const std::size_t bytes = elementBytes(view.dtype);
    const std::int64_t row = view.rowElements(), stored = view.storedRowElements();
    std::vector<float> values(std::size_t(view.elements()));
    for (std::int64_t r = 0; r < view.rows(); ++r)
        for (std::int64_t i = 0; i < row; ++i)
            values[r * row + i] = loadElement(view.data + (r * stored + i) * bytes, view.dtype);
    return values;
}

void storeTensor(const TensorView& view, const std::vector<float>& values) {
    if (std::int64_t(values.size()) != view.elements()) throw KernelError("wrong output size");
    const std::size_t bytes = elementBytes(view.dtype);
    const std::int64_t row = view.rowElements(), stored = view.storedRowElements();
    for (std::int64_t r = 0; r < view.rows(); ++r) {
        std::uint8_t* out = view.data + r * stored * bytes;
        for (std::int64_t i = 0; i < row; ++i)
            storeElement(out + i * bytes, view.dtype, values[r * row + i]);
        std::memset(out + row * bytes, 0, (stored - row) * bytes);
    }
}

std::vector<std::uint8_t> loadRaw(const TensorView& view) {
    const std::size_t row = view.rowElements() * elementBytes(view.dtype);
    const std::size_t stored = view.storedRowElements() * elementBytes(view.dtype);
    std::vector<std::uint8_t> values(view.rows() * row);
    for (std::int64_t r = 0; r < view.rows(); ++r)
        if (row) std::memcpy(&values[r * row], view.data + r * stored, row);
    return values;
}

void storeRaw(const TensorView& view, const std::vector<std::uint8_t>& values) {
    const std::size_t row = view.rowElements() * elementBytes(view.dtype);
    const std::size_t stored = view.storedRowElements() * elementBytes(view.dtype);
    if (values.size() != view.rows() * row) throw KernelError("wrong output size");
    for (std::int64_t r = 0; r < view.rows(); ++r) {
        if (row) std::memcpy(view.data + r * stored, &values[r * row], row);
        std::memset(view.data + r * stored + row, 0, stored - row);
    }
}

ImageShape imageShape(const TensorView& view) {
    if (view.shape.size() != 4) throw KernelError("expected a 4-D tensor");
    const auto& s = view.shape;
    if (view.layout == "NCHW")
        return {s[0], s[2], s[3], s[1], s[1] * s[2] * s[3], s[3], 1, s[2] * s[3]};
    return {s[0], s[1], s[2], s[3], s[1] * s[2] * s[3], s[2] * s[3], s[3], 1};
}

}  // namespace harness
