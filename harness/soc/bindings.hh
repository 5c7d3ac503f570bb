// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <nanobind/nanobind.h>

namespace harness {

void bindConfiguration(nanobind::module_& module);
void bindKernels(nanobind::module_& module);

}  // namespace harness
