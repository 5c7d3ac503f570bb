// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "model.hh"
#include "parameters.hh"
#include "scratchpads.hh"

namespace harness::vector_mac {

// The vector MAC engine of `accel_models/vector_mac`, tick for tick and byte for byte, in C++.
class VectorMacEngine final : public bridge::AcceleratorModel {
  public:
    explicit VectorMacEngine(const Parameters& parameters)
        : parameters_(parameters), scratchpads_(parameters_) {}

    bridge::ModelDescription describe() const override;
    void execute(const bridge::Command& command, bridge::Memory& memory,
                 bridge::Units& units) override;
    void reset() override;
    std::vector<bridge::ModelStatistic> statistics() const override;
    bool canSaveState() const override { return true; }
    std::string save() const override { return scratchpads_.save(); }
    void load(std::string_view state) override { scratchpads_.load(state); }

  private:
    const Parameters parameters_;
    Scratchpads scratchpads_;
    bridge::Counters counters_;
};

std::unique_ptr<bridge::AcceleratorModel> makeVectorMac(
    const bridge::ModelConfiguration& configuration);

}  // namespace harness::vector_mac
