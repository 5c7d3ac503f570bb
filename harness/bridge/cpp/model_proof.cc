// SPDX-License-Identifier: BSD-3-Clause
#include "model_proof.hh"

#include <array>
#include <cstdlib>
#include <stdexcept>

#include "envelope.hh"

namespace harness::bridge {

namespace {

constexpr const char* userName = "harness";
constexpr const char* serverKeyVariable = "HARNESS_BRIDGE_SERVER_KEY";
constexpr const char* secretKeyVariable = "HARNESS_BRIDGE_SECRET_KEY";
constexpr std::size_t keyCharacters = 40;        // of Z85 (man 7 zmq_curve)
constexpr std::int64_t curveOverheadBytes = 64;  // RFC 26, MESSAGE: 8 + 8 + 16 + 1, rounded up

// When the kernel breaks a connection whose other host vanished (man 7 tcp).
constexpr int keepaliveIdleSeconds = 10;
constexpr int keepaliveIntervalSeconds = 5;
constexpr int keepaliveCount = 4;
constexpr int unansweredMilliseconds = 30000;

// Takes a key out of the environment, so that no child of the model inherits it.
std::string takeKey(const char* variable) {
    const char* value = std::getenv(variable);
    const std::string key = value == nullptr ? "" : value;
    unsetenv(variable);
    if (key.size() != keyCharacters) {
        throw std::runtime_error(std::string("a model over tcp needs the keys that the simulator "
                                             "made for this run; missing or malformed: ") +
                                 variable);
    }
    return key;
}

std::string publicKeyOf(const std::string& secretKey) {
    std::array<char, keyCharacters + 1> publicKey = {};
    if (zmq_curve_public(publicKey.data(), secretKey.c_str()) != 0) {
        throw std::runtime_error(std::string("not a key: ") + secretKeyVariable);
    }
    return publicKey.data();
}

void proveByKey(zmq::socket_t& socket, const std::string& endpoint) {
    if (zmq_has("curve") == 0) {
        throw std::runtime_error(
            "the tcp transport needs CURVE, and this libzmq was built without it; "
            "use --transport ipc");
    }
    const std::string serverKey = takeKey(serverKeyVariable);
    const std::string secretKey = takeKey(secretKeyVariable);
    socket.set(zmq::sockopt::curve_serverkey, serverKey);
    socket.set(zmq::sockopt::curve_publickey, publicKeyOf(secretKey));
    socket.set(zmq::sockopt::curve_secretkey, secretKey);
    socket.set(zmq::sockopt::maxmsgsize,
               static_cast<std::int64_t>(maximumFrameBytes) + curveOverheadBytes);
    socket.set(zmq::sockopt::ipv6, endpoint.find('[') != std::string::npos);
    socket.set(zmq::sockopt::tcp_keepalive, 1);
    socket.set(zmq::sockopt::tcp_keepalive_idle, keepaliveIdleSeconds);
    socket.set(zmq::sockopt::tcp_keepalive_intvl, keepaliveIntervalSeconds);
    socket.set(zmq::sockopt::tcp_keepalive_cnt, keepaliveCount);
    socket.set(zmq::sockopt::tcp_maxrt, unansweredMilliseconds);
}

}  // namespace

void proveIdentity(zmq::socket_t& socket, const std::string& endpoint, const std::string& token) {
    constexpr const char* tcp = "tcp:";
    if (endpoint.rfind(tcp, 0) == 0) {
        proveByKey(socket, endpoint);
        return;
    }
    socket.set(zmq::sockopt::plain_username, userName);
    socket.set(zmq::sockopt::plain_password, token);
    socket.set(zmq::sockopt::maxmsgsize, static_cast<std::int64_t>(maximumFrameBytes));
}

}  // namespace harness::bridge
