// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <string>

namespace harness::bridge {

// Which exchange is under way, for messages.
struct Doing {
    const char* request = "";
    std::uint64_t tick = 0;
    int instance = -1;           // -1: about the whole session
    std::uint64_t exchange = 0;  // counted from 0 after Hello

    // "Launch of instance 0 at tick 5000, exchange 3".
    std::string text() const {
        return std::string(request) +
               (instance < 0 ? "" : " of instance " + std::to_string(instance)) + " at tick " +
               std::to_string(tick) + ", exchange " + std::to_string(exchange);
    }
};

// Takes the simulator's frames and gives the model's: by a socket, or out of a trace.
//
// All throw LinkError; after that the carrier is of no use.
class FrameCarrier {
  public:
    virtual ~FrameCarrier() = default;

    virtual void send(std::string frame, const Doing& doing) = 0;

    // Waits for the next frame; each call has the whole deadline.
    virtual std::string receive(const Doing& doing) = 0;

    // Drops the model; may be called twice.
    virtual void close() = 0;

    // Host seconds that receive() waited so far.
    virtual double waitedSeconds() const = 0;
};

}  // namespace harness::bridge
