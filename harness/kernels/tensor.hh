// SPDX-License-Identifier: BSD-3-Clause
// A tensor in memory: dtype, layout, shape, and a last dimension that may be padded in storage.
#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

namespace harness {

/// Codes of proto/README.md section 6.
enum class DType : std::uint8_t {
    Fp32 = 1,
    Fp16 = 2,
    Bf16 = 3,
    Int8 = 4,
    Uint8 = 5,
    Int32 = 6,
    Int64 = 7,
    Bool = 8,
};

/// A call that does not fit its routine; the compiler made it, so the message is for us.
class KernelError final : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

std::size_t elementBytes(DType dtype);

struct TensorView {
    std::uint8_t* data = nullptr;
    std::size_t sizeBytes = 0;
    DType dtype = DType::Fp16;
    std::string layout;  // "NHWC", "NCHW", "NC", ...; one letter per dimension
    std::vector<std::int64_t> shape;
    std::vector<std::int64_t> storageShape;

    std::int64_t elements() const;
    std::int64_t storageElements() const;
    /// Elements of the last dimension, real and stored.
    std::int64_t rowElements() const { return shape.empty() ? 1 : shape.back(); }
    std::int64_t storedRowElements() const {
        return storageShape.empty() ? 1 : storageShape.back();
    }
    std::int64_t rows() const { return rowElements() ? elements() / rowElements() : 0; }

    /// Throw KernelError unless the storage holds the shape and the memory holds the storage.
    void check() const;
};

/// Values in logical order, padding left out, widened to fp32 (exact for fp16, bf16, 8 and 16
/// bits).
std::vector<float> loadTensor(const TensorView& view);

/// Round values (logical order) to the view's dtype and store them; padding becomes zero.
void storeTensor(const TensorView& view, const std::vector<float>& values);

/// Raw elements in logical order, padding left out.
std::vector<std::uint8_t> loadRaw(const TensorView& view);
void storeRaw(const TensorView& view, const std::vector<std::uint8_t>& values);

/// Sizes of a 4-D activation or filter bank and the distance between neighbours, in elements.
struct ImageShape {
    std::int64_t n, h, w, c;
    std::int64_t strideN, strideH, strideW, strideC;

    std::int64_t at(std::int64_t in, std::int64_t ih, std::int64_t iw, std::int64_t ic) const {
        return in * strideN + ih * strideH + iw * strideW + ic * strideC;
    }
};

/// Read `shape` in layout NHWC or NCHW (the logical, dense order of loadTensor).
ImageShape imageShape(const TensorView& view);

}  // namespace harness
