// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <memory>

#include "frame_carrier.hh"
#include "model_link.hh"

namespace harness::bridge {

// Binds a ZeroMQ PAIR socket to which one model may connect, by the token as PLAIN password.
//
// It returns at once; the model is awaited by the first send(). Throws LinkError{Handshake} if the
// endpoint cannot be bound.
std::unique_ptr<FrameCarrier> bindForModel(const LinkSettings& settings);

}  // namespace harness::bridge
