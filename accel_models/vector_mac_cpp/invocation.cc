// SPDX-License-Identifier: BSD-3-Clause
#include "invocation.hh"

#include <algorithm>

#include "error.hh"

namespace harness::vector_mac {

namespace {

using bridge::Handle;

constexpr std::uint32_t loadStream = 0;
constexpr std::uint32_t storeStream = 1;
constexpr std::int64_t largestNumber = std::int64_t{1} << 24;  // far beyond any tile's extent
constexpr std::int64_t largestPadding = 1024;
constexpr std::int64_t activationCodes = 8;

// Energy in Joule; sources as in `accel_models/vector_mac/energy.py`.
constexpr double multiplyJoule = 35.32019e-12;
constexpr double addJoule = 16.67880e-12;
constexpr double registerWordJoule = 32 * 8.999495e-15;
constexpr double readWordJoule = 4.14883e-12;
constexpr double writeWordJoule = 3.58904e-12;
constexpr const char* cactiSource =
    "CACTI-P as called by Aladdin, bank of 8 KiB, 4 B word, one port";

[[noreturn]] void refuse(const std::string& text) {
    throw bridge::BridgeError(bridge::ErrorKind::Model, "vector_mac: " + text);
}

std::int64_t checked(const std::string& name, std::int64_t value, std::int64_t low,
                     std::int64_t high) {
    if (value < low || value > high) {
        refuse("attribute " + name + " is " + std::to_string(value));
    }
    return value;
}

}  // namespace

std::int64_t Invocation::number(const std::string& name) const {
    return checked(name, command_.integer(name), 0, largestNumber);
}

std::int64_t Invocation::number(const std::string& name, std::int64_t otherwise) const {
    return checked(name, command_.integer(name, otherwise), 0, largestNumber);
}

Pair Invocation::pair(const std::string& prefix) const {
    return {checked(prefix, number(prefix + "_h"), 1, largestNumber),
            checked(prefix, number(prefix + "_w"), 1, largestNumber)};
}

Pair Invocation::pair(const std::string& prefix, std::int64_t otherwise) const {
    return {checked(prefix, number(prefix + "_h", otherwise), 1, largestNumber),
            checked(prefix, number(prefix + "_w", otherwise), 1, largestNumber)};
}

Padding Invocation::padding() const {
    const auto side = [this](const char* name) {
        return checked(name, number(name), 0, largestPadding);
    };
    return {side("pad_top"), side("pad_bottom"), side("pad_left"), side("pad_right")};
}

const Shape& Invocation::shapeOf(const std::string& operand) const {
    return command_.operand(operand).shape;
}

const Tensor& Invocation::resident(const std::string& operand) {
    return engine_.scratchpads.resident(operand, shapeOf(operand));
}

void Invocation::load(const LoadFlags& flags) {
    std::vector<std::string> wanted;
    for (const auto& [operand, flag] : flags) {
        if (number(flag) != 0) {
            wanted.push_back(operand);
        }
    }
    std::vector<Handle> reads;
    std::vector<std::size_t> ends;
    for (const std::string& operand : wanted) {
        const std::vector<Handle> pieces = read(operand);
        reads.insert(reads.end(), pieces.begin(), pieces.end());
        ends.push_back(reads.size());
    }
    if (wanted.empty()) {
        return;
    }
    const std::vector<bridge::ByteSpan> spans = memory_.awaitAll(reads);
    std::size_t piece = 0;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        std::vector<std::uint8_t> bytes;
        for (; piece < ends[i]; ++piece) {
            bytes.insert(bytes.end(), spans[piece].data, spans[piece].data + spans[piece].size);
        }
        engine_.scratchpads.fill(wanted[i],
                                 tensorFromHalf(bytes.data(), bytes.size(), shapeOf(wanted[i])));
    }
}

void Invocation::compute(const char* unit, std::int64_t cycles) {
    if (cycles != 0) {
        awaited_ = {units_.compute(static_cast<std::uint64_t>(cycles), unit, awaited_)};
    }
}

void Invocation::activate(Tensor& results) {
    const std::int64_t code = number("activation", 0);
    if (code >= activationCodes) {
        refuse("unknown activation code " + std::to_string(code));
    }
    if (code == 0) {
        return;
    }
    const auto activation = static_cast<Activation>(code);
    compute(vectorUnit, fusedActivationCycles(activation, parameters().vectors(results.size()),
                                              negativeVectors(results), parameters()));
    activateAs(activation, results);
}

void Invocation::activateAs(Activation activation, Tensor& values) const {
    vector_mac::activate(activation, values.values, command_.real("activation_alpha", 0),
                         command_.real("activation_beta", 0));
}

void Invocation::store(const Tensor& output) {
    if (number("store_output") == 0) {
        return;
    }
    const std::vector<std::uint8_t> data = halfFromTensor(output);
    const auto transferBytes = static_cast<std::size_t>(parameters().transferBytes);
    std::vector<Handle> awaited = awaited_;
    for (std::size_t offset = 0; offset < data.size(); offset += transferBytes) {
        const std::size_t sizeBytes = std::min(transferBytes, data.size() - offset);
        const Handle converted = convert(sizeBytes, offset == 0, Direction::Store, awaited);
        bridge::Transfer transfer;
        transfer.offsetBytes = offset;
        transfer.stream = storeStream;
        const Handle written =
            memory_.write("output", {data.data() + offset, sizeBytes}, transfer, converted);
        if (!parameters().isDoubleBuffered) {
            awaited = {written};
        }
    }
    engine_.counters.count("bytes_stored", static_cast<double>(data.size()), "Byte",
                           "Bytes of results stored");
    count({0, 0, output.size(), 0});
}

std::int64_t Invocation::negativeVectors(const Tensor& values) const {
    const std::int64_t lanes = parameters().vectorLanes;
    std::int64_t vectors = 0;
    for (std::int64_t first = 0; first < values.size(); first += lanes) {
        const auto begin = values.values.begin() + first;
        const auto end = values.values.begin() + std::min(first + lanes, values.size());
        vectors += std::any_of(begin, end, [](float value) { return value < 0; }) ? 1 : 0;
    }
    return vectors;
}

void Invocation::count(const Work& work) {
    const auto energy = [this](const char* action, std::int64_t times, double joule,
                               const char* source) {
        engine_.counters.countEnergy(action, static_cast<double>(times) * joule, source);
    };
    energy("multiply", work.multiplications, multiplyJoule,
           "FP_SP_3STAGE_MUL, Aladdin power_func.h, 1 ns");
    energy("add", work.additions, addJoule, "FP_SP_3STAGE_ADD, Aladdin power_func.h, 1 ns");
    energy("register", work.multiplications + work.additions, registerWordJoule,
           "REG, one 32-bit result each, Aladdin power_func.h, 1 ns");
    energy("scratchpad_read", work.wordsRead, readWordJoule, cactiSource);
    energy("scratchpad_write", work.wordsWritten, writeWordJoule, cactiSource);
    engine_.counters.count("scratchpad_words_read", static_cast<double>(work.wordsRead), "Count",
                           "Words of 4 B read from scratchpads");
    engine_.counters.count("scratchpad_words_written", static_cast<double>(work.wordsWritten),
                           "Count", "Words of 4 B written to scratchpads");
}

void Invocation::countMacs(std::int64_t macs) {
    engine_.counters.count("macs", static_cast<double>(macs), "Count",
                           "Multiply-accumulates, padded channels included");
}

std::vector<Handle> Invocation::read(const std::string& operand) {
    const std::uint64_t sizeBytes = command_.operand(operand).sizeBytes;
    engine_.scratchpads.checkFits(operand, shapeOf(operand));
    const auto transferBytes = static_cast<std::uint64_t>(parameters().transferBytes);
    std::vector<Handle> handles;
    for (std::uint64_t offset = 0; offset < sizeBytes; offset += transferBytes) {
        handles.push_back(readPiece(operand, offset, std::min(transferBytes, sizeBytes - offset)));
    }
    engine_.counters.count("bytes_loaded", static_cast<double>(sizeBytes), "Byte",
                           "Bytes of operands loaded");
    count({0, 0, 0, static_cast<std::int64_t>(sizeBytes) / elementBytes});
    return handles;
}

Handle Invocation::readPiece(const std::string& operand, std::uint64_t offsetBytes,
                             std::uint64_t sizeBytes) {
    const bool isOverlapped = parameters().isDoubleBuffered;
    bridge::Transfer transfer;
    transfer.offsetBytes = offsetBytes;
    transfer.sizeBytes = sizeBytes;
    transfer.stream = loadStream;
    const std::vector<Handle> nothing;
    const Handle read = memory_.read(operand, transfer, isOverlapped ? nothing : awaited_);
    Handle converted = convert(sizeBytes, offsetBytes == 0, Direction::Load, {read});
    if (!isOverlapped) {
        awaited_.clear();
    }
    awaited_.push_back(std::move(converted));
    return read;
}

Handle Invocation::convert(std::uint64_t sizeBytes, bool isFirst, Direction direction,
                           const std::vector<Handle>& after) {
    const auto elements = static_cast<std::int64_t>(sizeBytes) / elementBytes;
    const std::int64_t cycles =
        convertCycles(elements, parameters().vectorLanes, isFirst, direction);
    return units_.compute(static_cast<std::uint64_t>(cycles), convertUnit, after);
}

}  // namespace harness::vector_mac
