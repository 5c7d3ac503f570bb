// SPDX-License-Identifier: BSD-3-Clause
// A model that does everything that a model may do, and some that it may not.
#pragma once

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "error.hh"
#include "model.hh"

namespace harness::bridge {

class ExampleModel final : public AcceleratorModel {
  public:
    explicit ExampleModel(std::int64_t offset) : offset_(offset) {}

    ModelDescription describe() const override {
        ModelDescription description;
        description.model = "example";
        description.dtypes = {"uint8"};
        description.units = {"alu"};
        description.parameters = {{"offset", offset_}};
        return description;
    }

    void execute(const Command& command, Memory& memory, Units& units) override {
        if (command.kernel == "throw") {
            throw std::runtime_error("the model's own words");
        }
        if (command.kernel == "overrun") {
            memory.read("input", {1, 8});
        }
        if (command.kernel == "flood") {
            for (int i = 0; i < 101; ++i) {
                units.fence();
            }
            return;
        }
        if (command.kernel == "peek") {
            memory.write("output", memory.peek({{"input", 2, 4}}).front());
            return;
        }
        const ByteSpan bytes = memory.await(memory.read("input"));
        std::vector<std::uint8_t> results(bytes.data, bytes.data + bytes.size);
        for (std::uint8_t& value : results) {
            value = static_cast<std::uint8_t>(offset_ - value);
        }
        counters_.count("negations", static_cast<double>(results.size()));
        const Handle done = units.compute(results.size(), "alu");
        memory.write("output", {results.data(), results.size()}, {}, done);
    }

    void reset() override { counters_.clear(); }

    std::vector<ModelStatistic> statistics() const override { return counters_.statistics(); }

  private:
    std::int64_t offset_;
    Counters counters_;
};

inline std::unique_ptr<AcceleratorModel> makeExampleModel(const ModelConfiguration& configuration) {
    std::int64_t offset = 0;
    for (const auto& [name, value] : configuration.parameters) {
        const auto* number = value.as<std::int64_t>();
        if (name != "offset" || number == nullptr) {
            throw BridgeError(ErrorKind::Unsupported, "unknown or malformed parameter " + name);
        }
        offset = *number;
    }
    return std::make_unique<ExampleModel>(offset);
}

}  // namespace harness::bridge
