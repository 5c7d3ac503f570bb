// SPDX-License-Identifier: BSD-3-Clause
// The strided n-d copy with which hosts scatter tensors into tiles and gather them again.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace harness {

/// `program.Copy`: up to 6 extents, the innermost in contiguous bytes (its strides are unused).
struct CopyShape {
    static constexpr unsigned maximumRank = 6;

    unsigned rank = 0;
    std::array<std::uint64_t, maximumRank> extents{};
    std::array<std::int64_t, maximumRank> sourceStridesBytes{};
    std::array<std::int64_t, maximumRank> destinationStridesBytes{};

    std::uint64_t runBytes() const { return rank ? extents[rank - 1] : 0; }
    std::uint64_t runs() const {
        std::uint64_t count = rank ? 1 : 0;
        for (unsigned i = 0; i + 1 < rank; ++i) count *= extents[i];
        return count;
    }
};

/// Walks the contiguous runs of a copy in order; offsets are from the copy's first bytes.
class RunCursor final {
  public:
    explicit RunCursor(const CopyShape& shape) : shape(shape), left(shape.runs()) {}

    bool isDone() const { return left == 0; }
    std::int64_t sourceOffset() const { return source; }
    std::int64_t destinationOffset() const { return destination; }

    void advance() {
        --left;
        for (int i = int(shape.rank) - 2; i >= 0; --i) {
            source += shape.sourceStridesBytes[i];
            destination += shape.destinationStridesBytes[i];
            if (++index[i] < shape.extents[i]) return;
            source -= std::int64_t(shape.extents[i]) * shape.sourceStridesBytes[i];
            destination -= std::int64_t(shape.extents[i]) * shape.destinationStridesBytes[i];
            index[i] = 0;
        }
    }

  private:
    CopyShape shape;
    std::uint64_t left;
    std::array<std::uint64_t, CopyShape::maximumRank> index{};
    std::int64_t source = 0;
    std::int64_t destination = 0;
};

/// Copy every run; source and destination must not overlap.
inline void copyNd(std::uint8_t* destination, const std::uint8_t* source, const CopyShape& shape) {
    const std::size_t bytes = shape.runBytes();
    for (RunCursor cursor(shape); !cursor.isDone(); cursor.advance())
        std::memcpy(destination + cursor.destinationOffset(), source + cursor.sourceOffset(),
                    bytes);
}

}  // namespace harness
