// SPDX-License-Identifier: BSD-3-Clause
#include "engine.hh"
#include "serve.hh"

int main(int argc, char** argv) {
    return harness::bridge::serveModel(harness::vector_mac::makeVectorMac, argc, argv);
}
