// SPDX-License-Identifier: BSD-3-Clause
// Routines that only move elements, of any dtype.
#include <algorithm>
#include <cstring>

#include "half.hh"
#include "operators.hh"

namespace harness {

namespace {

std::vector<std::int64_t> denseStrides(const std::vector<std::int64_t>& shape) {
    std::vector<std::int64_t> strides(shape.size(), 1);
    for (std::size_t i = shape.size(); i-- > 1;) strides[i - 1] = strides[i] * shape[i];
    return strides;
}

/// Move a block of `shape` elements between two dense arrays with their own strides and origins.
struct BlockMove {
    std::vector<std::int64_t> shape, fromStrides, toStrides;
    std::int64_t from = 0, to = 0;

    void run(const std::uint8_t* source, std::uint8_t* destination, std::size_t bytes) const {
        move(source + from * std::int64_t(bytes), destination + to * std::int64_t(bytes), bytes, 0);
    }

  private:
    void move(const std::uint8_t* s, std::uint8_t* d, std::size_t bytes, std::size_t axis) const {
        if (axis == shape.size()) {
            std::memcpy(d, s, bytes);
            return;
        }
        const std::int64_t step = std::int64_t(bytes);
        for (std::int64_t i = 0; i < shape[axis]; ++i)
            move(s + i * fromStrides[axis] * step, d + i * toStrides[axis] * step, bytes, axis + 1);
    }
};

std::size_t axisOf(const RoutineCall& call, std::size_t rank) {
    double axis = call.attributes[0];
    if (axis < 0) axis += double(rank);
    if (axis < 0 || axis >= double(rank)) throw KernelError("axis out of range");
    return std::size_t(axis);
}

void requireSameDtype(const TensorView& a, const TensorView& b) {
    if (a.dtype != b.dtype) throw KernelError("data movement cannot change the dtype");
}

/// The part's dimensions other than `axis` are the whole's, and it lies inside at `origin`.
void requirePart(const TensorView& part, const TensorView& whole, std::size_t axis,
                 std::int64_t origin) {
    requireSameDtype(part, whole);
    if (part.shape.size() != whole.shape.size()) throw KernelError("ranks differ");
    for (std::size_t i = 0; i < part.shape.size(); ++i)
        if (i == axis ? origin + part.shape[i] > whole.shape[i] : part.shape[i] != whole.shape[i])
            throw KernelError("parts do not fit the whole");
}

}  // namespace

void reshape(const RoutineCall& call) {
    requireCall(call, 1, 0);
    requireSameDtype(call.inputs[0], call.outputs[0]);
    storeRaw(call.outputs[0], loadRaw(call.inputs[0]));
}

void reorder(const RoutineCall& call) {
    requireCall(call, 1, 0);
    const TensorView& x = call.inputs[0];
    const TensorView& y = call.outputs[0];
    requireSameDtype(x, y);
    if (x.layout.size() != x.shape.size() || y.layout.size() != x.shape.size())
        throw KernelError("reorder: layouts do not name every dimension");
    BlockMove move;
    move.shape = y.shape;
    move.toStrides = denseStrides(y.shape);
    const auto strides = denseStrides(x.shape);
    for (std::size_t i = 0; i < y.layout.size(); ++i) {
        const std::size_t at = x.layout.find(y.layout[i]);
        if (at == std::string::npos || x.shape[at] != y.shape[i])
            throw KernelError("reorder: layouts or shapes do not fit together");
        move.fromStrides.push_back(strides[at]);
    }
    const auto source = loadRaw(x);
    std::vector<std::uint8_t> destination(source.size());
    move.run(source.data(), destination.data(), elementBytes(x.dtype));
    storeRaw(y, destination);
}

void concat(const RoutineCall& call) {
    requireCall(call, 1, 1);
    const TensorView& y = call.outputs[0];
    const std::size_t axis = axisOf(call, y.shape.size());
    const auto strides = denseStrides(y.shape);
    std::vector<std::uint8_t> output(std::size_t(y.elements()) * elementBytes(y.dtype));
    std::int64_t origin = 0;
    for (const TensorView& x : call.inputs) {
        requirePart(x, y, axis, origin);
        const BlockMove move{x.shape, denseStrides(x.shape), strides, 0, origin * strides[axis]};
        move.run(loadRaw(x).data(), output.data(), elementBytes(y.dtype));
        origin += x.shape[axis];
    }
    storeRaw(y, output);
}

void split(const RoutineCall& call) {
    requireCall(call, 1, 1);
    const TensorView& x = call.inputs[0];
    const std::size_t axis = axisOf(call, x.shape.size());
    const auto strides = denseStrides(x.shape);
    const auto input = loadRaw(x);
    std::int64_t origin = 0;
    for (const TensorView& y : call.outputs) {
        requirePart(y, x, axis, origin);
        std::vector<std::uint8_t> output(std::size_t(y.elements()) * elementBytes(y.dtype));
        const BlockMove move{y.shape, strides, denseStrides(y.shape), origin * strides[axis], 0};
        move.run(input.data(), output.data(), elementBytes(y.dtype));
        storeRaw(y, output);
        origin += y.shape[axis];
    }
}

void pad(const RoutineCall& call) {
    const TensorView& x = call.inputs.at(0);
    const TensorView& y = call.outputs.at(0);
    const std::size_t rank = x.shape.size();
    requireCall(call, 1, unsigned(2 * rank));
    requireSameDtype(x, y);
    if (y.shape.size() != rank) throw KernelError("pad: ranks differ");
    const float value = call.attributes.size() > 2 * rank ? float(call.attributes[2 * rank]) : 0.0f;
    storeTensor(y, std::vector<float>(std::size_t(y.elements()), value));
    BlockMove move{x.shape, denseStrides(x.shape), denseStrides(y.shape), 0, 0};
    for (std::size_t i = 0; i < rank; ++i) {
        const auto before = std::int64_t(call.attributes[2 * i]);
        if (before < 0 || before + x.shape[i] > y.shape[i]) throw KernelError("pad: wrong sizes");
        move.to += before * move.toStrides[i];
    }
    auto output = loadRaw(y);
    move.run(loadRaw(x).data(), output.data(), elementBytes(y.dtype));
    storeRaw(y, output);
}

Work movementWork(const RoutineCall& call) {
    Work work;
    for (const TensorView& y : call.outputs) {
        work.rows += std::uint64_t(y.rows());
        work.elements += std::uint64_t(y.elements());
    }
    return work;
}

Work reshapeWork(const RoutineCall& call) {
    Work work = movementWork(call);
    std::uint64_t gathered = 0;
    for (const TensorView& x : call.inputs) gathered += std::uint64_t(x.rows());
    work.rows = (gathered + work.rows + 1) / 2;
    return work;
}

}  // namespace harness
