// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <stdexcept>
#include <string>

namespace harness::bridge {

// What ended a session with a model.
enum class LinkFault {
    Protocol,     // one side broke a rule of `proto/README.md`
    Timeout,      // the model did not answer before its deadline
    PeerLost,     // its process ended or it closed the connection
    Model,        // the model itself gave up, in its own words
    Handshake,    // no session came about: endpoint, token, version, parameters
    Divergence,   // the run is not the recorded one
    File,         // a trace cannot be written or read
    Interrupted,  // the user wants to stop
};

// What a message says besides its first sentence; empty parts are left out.
struct LinkDetails {
    std::string where;
    std::string expected;
    std::string got;
    std::string wayOut;
};

// The session is of no use after it, unless the text says that a request was refused unsent.
class LinkError final : public std::runtime_error {
  public:
    LinkError(LinkFault fault, const std::string& what, const LinkDetails& details = {})
        : std::runtime_error(what + line("at", details.where) + line("expected", details.expected) +
                             line("got", details.got) + line("way out", details.wayOut)),
          fault_(fault) {}

    LinkFault fault() const { return fault_; }

  private:
    static std::string line(const char* label, const std::string& text) {
        return text.empty() ? "" : std::string("\n  ") + label + ": " + text;
    }

    LinkFault fault_;
};

}  // namespace harness::bridge
