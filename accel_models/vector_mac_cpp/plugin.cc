// SPDX-License-Identifier: BSD-3-Clause
#include "plugin.hh"

#include "engine.hh"

HARNESS_MODEL_PLUGIN(harness::vector_mac::makeVectorMac)
