// SPDX-License-Identifier: BSD-3-Clause
// The interface of an accelerator model: implement `AcceleratorModel` and hand a factory to
// `serveModel` (an executable) or to HARNESS_MODEL_PLUGIN (a shared object).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "command.hh"
#include "json.hh"
#include "memory.hh"

namespace harness::bridge {

// A memory inside the accelerator.
struct Scratchpad {
    std::string name;
    std::uint64_t sizeBytes = 0;
    std::uint32_t elementBytes = 0;
};

// What a model says of itself (`proto/README.md` section 7).
struct ModelDescription {
    std::string model;
    std::string version = "1";
    JsonObject kernels;  // kernel name to an object of limits
    std::vector<std::string> dtypes = {"fp16"};
    JsonObject layouts;  // kernel name to the layout of its 4-D activations
    std::uint32_t channelAlignment = 1;
    std::vector<Scratchpad> scratchpads;
    std::vector<std::string> units;  // the index is the unit's number
    std::vector<std::string> activations;
    JsonObject parameters;  // all of them, with their resolved values

    std::string toJson() const;
    std::string parametersSha256() const;
};

// One number that a model counted; the unit is gem5's: "Count", "Cycle", "Byte", "Joule", "Ratio".
struct ModelStatistic {
    std::string name;
    double value = 0;  // whole numbers up to 2^53 are exact
    std::string unit = "Count";
    std::string description;
    std::uint32_t instance = 0;  // set where statistics of several instances meet
};

// Counts a model's statistics; they are reported in the order of first counting.
class Counters final {
  public:
    void count(std::string_view name, double amount = 1, std::string_view unit = "Count",
               std::string_view description = "");

    // `description` names the source of the number.
    void countEnergy(std::string_view action, double joules, std::string_view description);

    void clear() { statistics_.clear(); }
    const std::vector<ModelStatistic>& statistics() const { return statistics_; }

  private:
    std::vector<ModelStatistic> statistics_;
};

// One accelerator instance. It knows no socket, host, file or clock, and its answers depend only on
// what it was told; the state that it keeps between commands must live in the object.
class AcceleratorModel {
  public:
    virtual ~AcceleratorModel() = default;

    virtual ModelDescription describe() const = 0;

    // Computes one command: records its transfers and cycles, computes its values. What it throws
    // ends the session and reaches the user.
    virtual void execute(const Command& command, Memory& memory, Units& units) = 0;

    // Forgets everything, statistics too: a run starts.
    virtual void reset() = 0;

    virtual std::vector<ModelStatistic> statistics() const = 0;

    // A checkpoint between two commands: what save() returns, load() takes back.
    virtual bool canSaveState() const { return false; }
    /// Whether execute() needs nothing but the command and those before it: no functional reads.
    virtual bool canLaunchEarly() const { return true; }
    virtual std::string save() const { return {}; }
    virtual void load(std::string_view /*state*/) {}
};

// What a factory is told: the parameters that the target overrides, and who it is among its kind.
struct ModelConfiguration {
    JsonObject parameters;
    std::uint32_t instance = 0;
    std::uint64_t seed = 0;
};

// Throws BridgeError{Unsupported} if a parameter is unknown or its value is wrong.
using ModelFactory = std::function<std::unique_ptr<AcceleratorModel>(const ModelConfiguration&)>;

}  // namespace harness::bridge
