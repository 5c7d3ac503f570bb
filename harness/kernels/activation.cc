// SPDX-License-Identifier: BSD-3-Clause
#include "activation.hh"

#include <cmath>

#include "tensor.hh"

namespace harness {

namespace {

double elu(double x, double alpha) { return x > 0 ? x : alpha * (std::exp(x) - 1.0); }

float hardTanh(float x, float low, float high) { return x < low ? low : (x > high ? high : x); }

}  // namespace

float Activation::operator()(float x) const {
    switch (code) {
        case 0:
            return x;
        case 1:
            return x > 0 ? x : 0.0f;
        case 2:
            return x > 0 ? x : float(alpha) * x;
        case 3:
            return float(elu(x, alpha));
        case 4:
            return float(beta * elu(x, alpha));
        case 5:
            return float(std::tanh(double(x)));
        case 6:
            return hardTanh(x, float(alpha), float(beta));
        case 7:
            return float(1.0 / (1.0 + std::exp(-double(x))));
        default:
            throw KernelError("unknown activation code " + std::to_string(code));
    }
}

Activation fusedActivation(const std::vector<double>& attributes, unsigned first) {
    if (attributes.size() <= first) return {};
    if (attributes.size() < first + 3) throw KernelError("an activation needs code, alpha, beta");
    return {int(attributes[first]), attributes[first + 1], attributes[first + 2]};
}

}  // namespace harness
