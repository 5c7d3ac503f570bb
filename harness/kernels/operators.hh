// SPDX-License-Identifier: BSD-3-Clause
// One function per routine and one for its work; routines.hh documents the attributes.
#pragma once

#include "routines.hh"

namespace harness {

void conv2d(const RoutineCall& call);
Work conv2dWork(const RoutineCall& call);
void matMul(const RoutineCall& call);
Work matMulWork(const RoutineCall& call);

void maxPool2d(const RoutineCall& call);
void avgPool2d(const RoutineCall& call);
Work pool2dWork(const RoutineCall& call);
void globalAvgPool2d(const RoutineCall& call);
Work globalAvgPool2dWork(const RoutineCall& call);

void batchNorm(const RoutineCall& call);
void softmax(const RoutineCall& call);
void add(const RoutineCall& call);
void mul(const RoutineCall& call);
template <int code>
void activate(const RoutineCall& call);
/// One inner iteration per element of the output.
Work outputWork(const RoutineCall& call);

void reshape(const RoutineCall& call);
void reorder(const RoutineCall& call);
void concat(const RoutineCall& call);
void split(const RoutineCall& call);
void pad(const RoutineCall& call);
/// One inner iteration per element moved.
Work movementWork(const RoutineCall& call);
/// One loop gathers the input's rows, one stores the output's; a row of the table is one of each.
Work reshapeWork(const RoutineCall& call);

/// Throw KernelError unless the call has that many inputs and attributes.
void requireCall(const RoutineCall& call, unsigned inputs, unsigned attributes);

}  // namespace harness
