// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "model.hh"

namespace harness::bridge {

// `main` of a model's executable: serves one session at `--endpoint` and returns the exit code.
//
// The token comes in the environment variable HARNESS_BRIDGE_TOKEN, for tcp endpoints the keys in
// HARNESS_BRIDGE_SERVER_KEY and HARNESS_BRIDGE_SECRET_KEY. It returns when the session is
// over, and also when the simulator vanishes or does not answer.
int serveModel(const ModelFactory& factory, int argc, char** argv);

}  // namespace harness::bridge
