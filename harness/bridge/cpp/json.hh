// SPDX-License-Identifier: BSD-3-Clause
// As much JSON as Hello's parameters and a model's description need.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace harness::bridge {

class Json;
using JsonArray = std::vector<Json>;
using JsonObject = std::map<std::string, Json>;  // sorted, as canonical JSON wants it

// A value. Whole numbers stay whole: 1 and 1.0 are different values, as in Python.
class Json final {
  public:
    Json() = default;
    Json(bool value) : value_(value) {}
    Json(int value) : value_(std::int64_t{value}) {}
    Json(std::uint32_t value) : value_(std::int64_t{value}) {}
    Json(std::int64_t value) : value_(value) {}
    Json(double value) : value_(value) {}
    Json(const char* value) : value_(std::string(value)) {}
    Json(std::string value) : value_(std::move(value)) {}
    Json(JsonArray value) : value_(std::move(value)) {}
    Json(JsonObject value) : value_(std::move(value)) {}

    // Throws BridgeError{Protocol} naming the offset; an object that names a key twice is
    // malformed.
    static Json parse(std::string_view text);

    // Python's json.dumps(value, sort_keys=True, separators=(",", ":")), byte for byte.
    std::string canonical() const;

    // Null if the value is of another type.
    template <typename T>
    const T* as() const {
        return std::get_if<T>(&value_);
    }

    friend bool operator==(const Json& a, const Json& b) { return a.value_ == b.value_; }
    friend bool operator!=(const Json& a, const Json& b) { return !(a == b); }

  private:
    std::variant<std::nullptr_t, bool, std::int64_t, double, std::string, JsonArray, JsonObject>
        value_ = nullptr;
};

}  // namespace harness::bridge
