// SPDX-License-Identifier: BSD-3-Clause
// Runs each routine in several sizes and has callgrind dump the instructions of each call.
// Started by count_instructions.py; prints "dump name rows units" for each dump.
#include <valgrind/callgrind.h>

#include <cstdio>
#include <string>
#include <vector>

#include "harness/kernels/copy.hh"
#include "harness/kernels/routines.hh"

namespace {

using harness::CopyShape;
using harness::DType;
using harness::RoutineCall;
using harness::TensorView;
using Shape = std::vector<std::int64_t>;

constexpr std::uint64_t kLineBytes = 64;

/// Owns the bytes of a call's tensors; fp16, values near 1 so that nothing is subnormal.
class Call final {
  public:
    Call(const std::vector<Shape>& inputs, const std::vector<Shape>& outputs,
         std::vector<double> attributes, const std::string& layout = "") {
        bytes.reserve(inputs.size() + outputs.size());
        for (const Shape& shape : inputs) call.inputs.push_back(view(shape, layout));
        for (const Shape& shape : outputs) call.outputs.push_back(view(shape, layout));
        call.attributes = std::move(attributes);
    }

    RoutineCall call;

  private:
    TensorView view(const Shape& shape, const std::string& layout) {
        TensorView tensor;
        tensor.shape = tensor.storageShape = shape;
        tensor.layout = !layout.empty() ? layout : (shape.size() == 4 ? "NHWC" : "NC");
        std::size_t elements = 1;
        for (const std::int64_t size : shape) elements *= std::size_t(size);
        bytes.emplace_back(elements * 2);
        for (std::size_t i = 0; i < elements; ++i) {
            bytes.back()[2 * i] = std::uint8_t(i * 37);
            bytes.back()[2 * i + 1] = 0x3c;  // 1.0 to 1.25
        }
        tensor.data = bytes.back().data();
        tensor.sizeBytes = bytes.back().size();
        return tensor;
    }

    std::vector<std::vector<std::uint8_t>> bytes;
};

void dump(const std::string& name, std::uint64_t rows, std::uint64_t units) {
    static int count = 0;  // callgrind numbers its dumps alike
    ++count;
    CALLGRIND_DUMP_STATS_AT(name.c_str());
    std::printf("%d %s %llu %llu\n", count, name.c_str(), static_cast<unsigned long long>(rows),
                static_cast<unsigned long long>(units));
}

void count(const std::string& name, Call call) {
    const harness::Routine* routine = harness::findRoutine(name);
    harness::runRoutine(*routine, call.call);  // first touch of pages and of the dynamic linker
    CALLGRIND_ZERO_STATS;
    harness::runRoutine(*routine, call.call);
    const harness::Work work = routine->work(call.call);
    dump(name, work.rows, work.elements);
}

void countCopy(std::uint64_t rows, std::uint64_t lines) {
    CopyShape shape;
    shape.rank = 3;
    shape.extents = {rows / 4, 4, lines * kLineBytes};
    const auto stride = std::int64_t(2 * lines * kLineBytes);
    shape.sourceStridesBytes = {4 * stride, stride, 0};
    shape.destinationStridesBytes = {2 * stride, stride / 2, 0};
    std::vector<std::uint8_t> source(rows * 2 * lines * kLineBytes), destination(source.size());
    harness::copyNd(destination.data(), source.data(), shape);
    CALLGRIND_ZERO_STATS;
    harness::copyNd(destination.data(), source.data(), shape);
    dump("copy_nd", rows, rows * lines);
}

void countElementwise(std::int64_t rows, std::int64_t size) {
    const Shape shape{rows, size};
    for (const char* name : {"relu", "leaky_relu", "elu", "selu", "tanh", "hard_tanh", "sigmoid"})
        count(name, Call({shape}, {shape}, {0.2, 1.05}));
    count("softmax", Call({shape}, {shape}, {}));
    count("batch_norm", Call({shape, {4, size}}, {shape}, {}));
    for (const char* name : {"add", "mul"}) count(name, Call({shape, shape}, {shape}, {}));
    for (const char* name : {"copy", "reshape", "reorder"})
        count(name, Call({shape}, {shape}, {}, name == std::string("reorder") ? "NC" : ""));
    count("concat", Call({shape, shape}, {{rows, 2 * size}}, {1}));
    count("split", Call({{rows, 2 * size}}, {shape, shape}, {1}));
    count("pad", Call({shape}, {{rows, size + 8}}, {0, 0, 4, 4, 0}));
    count("mat_mul", Call({{rows, size}, {16, size}}, {{rows, 16}}, {}));
}

void countWindows(std::int64_t side, std::int64_t channels) {
    const Shape x{1, side, side, channels}, half{1, side / 2, side / 2, channels};
    const Shape y{1, side, side, 8}, one{1, 1, 1, channels};
    const std::vector<double> pool{2, 2, 2, 2, 0, 0, 0, 0};
    std::vector<double> average = pool;
    average.push_back(0);
    count("max_pool2d", Call({x}, {half}, pool));
    count("avg_pool2d", Call({x}, {half}, average));
    count("global_avg_pool2d", Call({x}, {one}, {}));
    count("conv2d", Call({x, {8, 3, 3, channels}}, {y}, {1, 1, 1, 1, 1, 1, 1, 1, 1}));
}

}  // namespace

int main() {
    for (const std::uint64_t rows : {4u, 16u, 64u})
        for (const std::uint64_t lines : {1u, 2u, 8u, 32u}) countCopy(rows, lines);
    for (const std::int64_t rows : {1, 4, 16})
        for (const std::int64_t size : {8, 32, 128}) countElementwise(rows, size);
    for (const std::int64_t side : {4, 8, 16})
        for (const std::int64_t channels : {8, 16, 32}) countWindows(side, channels);
}
