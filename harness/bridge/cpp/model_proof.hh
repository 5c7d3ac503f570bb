// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>
#include <zmq.hpp>

namespace harness::bridge {

// What a model shows to be let in: the token as PLAIN password, and over tcp its key under CURVE.
//
// The keys come in the environment variables HARNESS_BRIDGE_SERVER_KEY and
// HARNESS_BRIDGE_SECRET_KEY. It throws std::runtime_error if they are missing or malformed, or if
// this libzmq has no CURVE: a connection over tcp is never without encryption.
void proveIdentity(zmq::socket_t& socket, const std::string& endpoint, const std::string& token);

}  // namespace harness::bridge
