// SPDX-License-Identifier: BSD-3-Clause
// The model's end of a socket on a thread of the test.
#pragma once

#include <unistd.h>

#include <functional>
#include <string>
#include <thread>
#include <utility>
#include <zmq.hpp>

#include "example_model.hh"
#include "model_link.hh"
#include "model_session.hh"

namespace harness::bridge {

inline constexpr const char* tokenText = "000102030405060708090a0b0c0d0e0f";

class ModelThread final {
  public:
    using Behaviour = std::function<void(zmq::socket_t&)>;

    // Connects with the password and runs the behaviour; by default it serves ExampleModel.
    explicit ModelThread(const std::string& endpoint, Behaviour behaviour = serve,
                         const std::string& password = tokenText)
        : thread_([=] { run(endpoint, behaviour, password); }) {}
    ~ModelThread() { thread_.join(); }
    ModelThread(const ModelThread&) = delete;
    ModelThread& operator=(const ModelThread&) = delete;

    static void serve(zmq::socket_t& socket) {
        serveThen(socket, 1000, [](zmq::socket_t&) {});
    }

    // Gives `count` right answers, then does something else.
    static void serveThen(zmq::socket_t& socket, int count, const Behaviour& then) {
        ModelSession session(makeExampleModel, parseToken(tokenText));
        for (int i = 0; i < count && !session.isOver(); ++i) {
            zmq::message_t frame;
            if (!socket.recv(frame)) {
                return;
            }
            const std::string reply = session.exchange(frame.to_string_view());
            if (!reply.empty()) {
                socket.send(zmq::buffer(reply), zmq::send_flags::none);
            }
        }
        if (!session.isOver()) {
            then(socket);
        }
    }

  private:
    static void run(const std::string& endpoint, const Behaviour& behaviour,
                    const std::string& password) {
        zmq::context_t context;
        zmq::socket_t socket(context, zmq::socket_type::pair);
        socket.set(zmq::sockopt::plain_username, "harness");
        socket.set(zmq::sockopt::plain_password, password);
        socket.set(zmq::sockopt::linger, 1000);
        socket.set(zmq::sockopt::rcvtimeo, 1000);
        socket.connect(endpoint);
        behaviour(socket);
    }

    std::thread thread_;
};

}  // namespace harness::bridge
