// SPDX-License-Identifier: BSD-3-Clause
#include "serve.hh"

#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <iostream>
#include <optional>
#include <string>
#include <string_view>
#include <zmq.hpp>

#if defined(__linux__)
#include <sys/prctl.h>
#endif

#include "envelope.hh"
#include "model_proof.hh"
#include "model_session.hh"

namespace harness::bridge {

namespace {

constexpr int exitOk = 0;
constexpr int exitFailed = 1;
constexpr int exitUsage = 2;
constexpr int handshakeMilliseconds = 60000;  // nobody at the endpoint for so long: give up
constexpr int lingerMilliseconds = 2000;      // the last reply must still go out
constexpr int highWaterMark = 16;
constexpr const char* tokenVariable = "HARNESS_BRIDGE_TOKEN";

// Watches the connection: whether it ever stood, and whether it broke.
class ConnectionMonitor final {
  public:
    ConnectionMonitor(zmq::context_t& context, zmq::socket_t& socket)
        : events_(context, zmq::socket_type::pair) {
        constexpr const char* endpoint = "inproc://monitor";
        zmq_socket_monitor(socket.handle(), endpoint,
                           ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_DISCONNECTED |
                               ZMQ_EVENT_HANDSHAKE_FAILED_AUTH |
                               ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL);
        events_.set(zmq::sockopt::linger, 0);
        events_.connect(endpoint);
    }

    void* handle() { return events_.handle(); }

    // Takes one event; false if the connection is lost.
    bool isStillUp() {
        zmq::message_t event;
        zmq::message_t address;
        if (!events_.recv(event) || !events_.recv(address) || event.size() < 2) {
            return false;
        }
        const auto number = static_cast<std::uint16_t>(event.data<std::uint8_t>()[0] |
                                                       event.data<std::uint8_t>()[1] << 8);
        if (number == ZMQ_EVENT_DISCONNECTED) {  // before the handshake ZeroMQ tries again
            return !hasConnected_;
        }
        hasConnected_ = hasConnected_ || number == ZMQ_EVENT_HANDSHAKE_SUCCEEDED;
        return number == ZMQ_EVENT_HANDSHAKE_SUCCEEDED;
    }

    bool hasConnected() const { return hasConnected_; }

  private:
    zmq::socket_t events_;
    bool hasConnected_ = false;
};

void configure(zmq::socket_t& socket, const std::string& endpoint, const std::string& token) {
    proveIdentity(socket, endpoint, token);
    socket.set(zmq::sockopt::linger, 0);
    socket.set(zmq::sockopt::sndhwm, highWaterMark);
    socket.set(zmq::sockopt::rcvhwm, highWaterMark);
    socket.set(zmq::sockopt::handshake_ivl, 0);  // a simulator answers when it is ready
}

// Waits for a frame; nothing if the peer vanished first.
std::optional<zmq::message_t> receive(zmq::socket_t& socket, ConnectionMonitor& monitor) {
    for (;;) {
        zmq::pollitem_t items[] = {{socket.handle(), 0, ZMQ_POLLIN, 0},
                                   {monitor.handle(), 0, ZMQ_POLLIN, 0}};
        const std::chrono::milliseconds wait(monitor.hasConnected() ? -1 : handshakeMilliseconds);
        const int ready = zmq::poll(items, 2, wait);
        if ((items[0].revents & ZMQ_POLLIN) != 0) {  // first: frames outlive their connection
            zmq::message_t frame;
            if (socket.recv(frame)) {
                return frame;
            }
        }
        if (ready == 0 || ((items[1].revents & ZMQ_POLLIN) != 0 && !monitor.isStillUp())) {
            return std::nullopt;
        }
    }
}

int serve(const ModelFactory& factory, const std::string& endpoint, const std::string& token) {
    ModelSession session(factory, parseToken(token));
    zmq::context_t context;
    zmq::socket_t socket(context, zmq::socket_type::pair);
    configure(socket, endpoint, token);
    ConnectionMonitor monitor(context, socket);
    socket.connect(endpoint);
    while (!session.isOver()) {
        const std::optional<zmq::message_t> frame = receive(socket, monitor);
        if (!frame) {
            std::cerr << "the simulator is gone: " << endpoint << '\n';
            return exitFailed;
        }
        if (frame->more()) {
            std::cerr << "the simulator sent a message of several parts\n";
            return exitFailed;
        }
        const std::string reply = session.exchange(frame->to_string_view());
        if (!reply.empty()) {
            socket.send(zmq::buffer(reply), zmq::send_flags::none);
        }
    }
    socket.set(zmq::sockopt::linger, lingerMilliseconds);
    return session.hasFailed() ? exitFailed : exitOk;
}

std::string endpointOf(int argc, char** argv) {
    constexpr std::string_view option = "--endpoint";
    for (int i = 1; i < argc; ++i) {
        const std::string_view argument = argv[i];
        if (argument == option && i + 1 < argc) {
            return argv[i + 1];
        }
        if (argument.substr(0, option.size() + 1) == "--endpoint=") {
            return std::string(argument.substr(option.size() + 1));
        }
    }
    return {};
}

// The kernel ends this process with its parent, however that dies.
void dieWithParent() {
#if defined(__linux__)
    const pid_t parent = getppid();
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) {  // it died before the kernel knew
        std::_Exit(exitFailed);
    }
#endif
}

}  // namespace

int serveModel(const ModelFactory& factory, int argc, char** argv) {
    const std::string endpoint = endpointOf(argc, argv);
    const char* token = std::getenv(tokenVariable);
    if (endpoint.empty() || token == nullptr) {
        std::cerr << "usage: " << tokenVariable << "=TOKEN " << argv[0]
                  << " --endpoint ENDPOINT\nThis is an accelerator model; `harness run "
                     "--accelerator PATH` starts it.\n";
        return exitUsage;
    }
    dieWithParent();
    try {
        return serve(factory, endpoint, token);
    } catch (const std::exception& error) {
        std::cerr << argv[0] << ": " << error.what() << '\n';
        return exitFailed;
    }
}

}  // namespace harness::bridge
