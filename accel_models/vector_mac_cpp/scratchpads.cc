// SPDX-License-Identifier: BSD-3-Clause
#include "scratchpads.hh"

#include <algorithm>
#include <cstring>
#include <utility>

#include "error.hh"
#include "json.hh"

namespace harness::vector_mac {

namespace {

constexpr const char* outputName = "output";

// The second operand of add and mul lies where weights do; biases lie in registers.
std::string placeOf(const std::string& operand) { return operand == "other" ? "weights" : operand; }

std::string describe(const Shape& shape) {
    std::string text;
    for (const std::uint32_t extent : shape) {
        text += (text.empty() ? "" : " x ") + std::to_string(extent);
    }
    return text;
}

[[noreturn]] void refuse(const std::string& text) {
    throw bridge::BridgeError(bridge::ErrorKind::Model, "vector_mac: " + text);
}

// A shape as JSON holds it; throws unless it is one of at most 6 small extents.
Shape shapeFrom(const bridge::Json& json) {
    constexpr std::size_t maximumRank = 6;
    constexpr std::int64_t maximumElements = std::int64_t{1} << 28;
    const auto* extents = json.as<bridge::JsonArray>();
    if (extents == nullptr || extents->size() > maximumRank) {
        refuse("this is no saved state: a shape is malformed");
    }
    Shape shape;
    std::int64_t elements = 1;
    for (const bridge::Json& value : *extents) {
        const auto* extent = value.as<std::int64_t>();
        if (extent == nullptr || *extent < 1 || *extent > maximumElements / elements) {
            refuse("this is no saved state: an extent is malformed");
        }
        elements *= *extent;
        shape.push_back(static_cast<std::uint32_t>(*extent));
    }
    return shape;
}

}  // namespace

std::string Scratchpads::save() const {
    std::string header;
    std::string data;
    for (const auto& [name, tensor] : contents_) {
        header += (header.empty() ? "{\"" : ", \"") + name + "\": [";
        for (std::size_t i = 0; i < tensor.shape.size(); ++i) {
            header += (i == 0 ? "" : ", ") + std::to_string(tensor.shape[i]);
        }
        header += ']';
        data.append(reinterpret_cast<const char*>(tensor.values.data()),
                    tensor.values.size() * sizeof(float));
    }
    return (header.empty() ? "{" : header) + "}\n" + data;
}

void Scratchpads::load(std::string_view state) {
    const std::size_t end = std::min(state.find('\n'), state.size());
    const bridge::Json header = bridge::Json::parse(state.substr(0, end));
    const auto* shapes = header.as<bridge::JsonObject>();
    if (shapes == nullptr) {
        refuse("this is no saved state: no object of shapes");
    }
    std::string_view data = state.substr(std::min(end + 1, state.size()));
    std::map<std::string, Tensor, std::less<>> contents;
    for (const auto& [name, json] : *shapes) {
        Tensor tensor = {shapeFrom(json), {}};
        tensor.values.resize(static_cast<std::size_t>(elementsOf(tensor.shape)));
        const std::size_t sizeBytes = tensor.values.size() * sizeof(float);
        if (sizeBytes > data.size()) {
            refuse("this is no saved state: elements are missing");
        }
        std::memcpy(tensor.values.data(), data.data(), sizeBytes);
        data.remove_prefix(sizeBytes);
        contents.emplace(name, std::move(tensor));
    }
    if (!data.empty()) {
        refuse("this is no saved state: bytes are left over");
    }
    contents_ = std::move(contents);
}

void Scratchpads::fill(const std::string& operand, Tensor tile) {
    checkFits(operand, tile.shape);
    contents_[placeOf(operand)] = std::move(tile);
}

const Tensor& Scratchpads::resident(const std::string& operand, const Shape& shape) const {
    const auto found = contents_.find(placeOf(operand));
    if (found == contents_.end() || found->second.shape != shape) {
        refuse("the tile of operand \"" + operand + "\", " + describe(shape) +
               ", is not in its scratchpad; load it with this command");
    }
    return found->second;
}

Tensor& Scratchpads::output(const Shape& shape, bool isFresh) {
    checkFits(outputName, shape);
    Tensor& held = contents_[outputName];
    if (isFresh || held.shape != shape) {
        held = {shape, std::vector<float>(static_cast<std::size_t>(elementsOf(shape)))};
    }
    return held;
}

void Scratchpads::checkFits(const std::string& operand, const Shape& shape) const {
    const std::map<std::string, std::int64_t, std::less<>> capacities = {
        {"input", parameters_.inputScratchpadBytes},
        {"weights", parameters_.weightsScratchpadBytes},
        {outputName, parameters_.outputScratchpadBytes}};
    const auto capacity = capacities.find(placeOf(operand));
    if (capacity != capacities.end() && elementsOf(shape) * elementBytes > capacity->second) {
        refuse("operand \"" + operand + "\", " + describe(shape) + ", does not fit the " +
               capacity->first + " scratchpad of " + std::to_string(capacity->second) + " bytes");
    }
}

}  // namespace harness::vector_mac
