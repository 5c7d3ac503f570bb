// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "numerics.hh"
#include "parameters.hh"

namespace harness::vector_mac {

// What the engine holds between commands: fp32 tiles in their storage shapes, by operand.
class Scratchpads final {
  public:
    explicit Scratchpads(const Parameters& parameters) : parameters_(parameters) {}

    void clear() { contents_.clear(); }

    // All of these throw BridgeError{Model} if a tile does not fit or is not there.
    void fill(const std::string& operand, Tensor tile);
    const Tensor& resident(const std::string& operand, const Shape& shape) const;

    // The resident output tile; zeros if a new one begins.
    Tensor& output(const Shape& shape, bool isFresh);

    // A line of JSON with shapes, then the fp32 arrays in its order; load() throws
    // BridgeError{Model}.
    std::string save() const;
    void load(std::string_view state);

    void checkFits(const std::string& operand, const Shape& shape) const;

  private:
    const Parameters& parameters_;
    std::map<std::string, Tensor, std::less<>> contents_;
};

}  // namespace harness::vector_mac
