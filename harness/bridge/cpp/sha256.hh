// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>
#include <string_view>

namespace harness::bridge {

// FIPS 180-4, as 64 lower-case hexadecimal digits.
std::string sha256Hex(std::string_view message);

}  // namespace harness::bridge
