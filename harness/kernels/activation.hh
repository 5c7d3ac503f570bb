// SPDX-License-Identifier: BSD-3-Clause
// The eight activations: linear ones in fp32, the others in fp64 rounded to fp32 once.
#pragma once

#include <vector>

namespace harness {

struct Activation {
    int code = 0;  // 0 none 1 relu 2 leaky_relu 3 elu 4 selu 5 tanh 6 hard_tanh 7 sigmoid
    double alpha = 0;
    double beta = 0;

    float operator()(float x) const;
};

/// Take the three numbers of [activation] from `attributes`, or none if the list ends before them.
Activation fusedActivation(const std::vector<double>& attributes, unsigned first);

}  // namespace harness
