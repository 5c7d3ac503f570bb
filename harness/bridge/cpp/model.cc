// SPDX-License-Identifier: BSD-3-Clause
#include "model.hh"

#include "sha256.hh"

namespace harness::bridge {

namespace {

JsonArray namesOf(const std::vector<std::string>& names) {
    return JsonArray(names.begin(), names.end());
}

}  // namespace

std::string ModelDescription::toJson() const {
    JsonArray memories;
    for (const Scratchpad& scratchpad : scratchpads) {
        memories.emplace_back(
            JsonObject{{"name", scratchpad.name},
                       {"size_bytes", static_cast<std::int64_t>(scratchpad.sizeBytes)},
                       {"element_bytes", scratchpad.elementBytes}});
    }
    return Json(JsonObject{{"model", model},
                           {"version", version},
                           {"kernels", kernels},
                           {"dtypes", namesOf(dtypes)},
                           {"layouts", layouts},
                           {"channel_alignment", channelAlignment},
                           {"scratchpads", std::move(memories)},
                           {"units", namesOf(units)},
                           {"activations", namesOf(activations)},
                           {"parameters", parameters}})
        .canonical();
}

std::string ModelDescription::parametersSha256() const {
    return sha256Hex(Json(parameters).canonical());
}

void Counters::count(std::string_view name, double amount, std::string_view unit,
                     std::string_view description) {
    for (ModelStatistic& statistic : statistics_) {
        if (statistic.name == name) {
            statistic.value += amount;
            if (statistic.description.empty()) {
                statistic.description = description;
            }
            return;
        }
    }
    statistics_.push_back({std::string(name), amount, std::string(unit), std::string(description)});
}

void Counters::countEnergy(std::string_view action, double joules, std::string_view description) {
    count("energy::" + std::string(action), joules, "Joule", description);
}

}  // namespace harness::bridge
