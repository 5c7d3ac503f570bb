// SPDX-License-Identifier: BSD-3-Clause
#include "zmq_link.hh"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <cstring>
#include <sstream>
#include <utility>
#include <vector>
#include <zmq.hpp>

#include "process_watch.hh"

namespace harness::bridge {

namespace {

constexpr const char* scheme = "ipc://";
constexpr const char* userName = "harness";
constexpr std::size_t maximumPathBytes = 107;  // man 7 zmq_ipc: sockaddr_un, its final zero aside
constexpr int handshakeMilliseconds = 10000;   // a stranger that says nothing is dropped after it
constexpr int promptMilliseconds = 20;         // so long a frame is awaited alone, which is cheap
constexpr double lookSeconds = 0.25;           // how often a wait looks at what nothing announces
constexpr int lastWordsMilliseconds = 200;     // what a peer sent before it ended may still arrive

using Clock = std::chrono::steady_clock;

double secondsSince(Clock::time_point begin) {
    return std::chrono::duration<double>(Clock::now() - begin).count();
}

// The parts of a message that is there; none if it is not.
std::vector<std::string> receiveParts(zmq::socket_t& socket) {
    std::vector<std::string> parts;
    bool hasMore = true;
    while (hasMore) {
        zmq::message_t part;
        if (!socket.recv(part, zmq::recv_flags::dontwait)) {
            break;
        }
        hasMore = part.more();
        parts.push_back(part.to_string());
    }
    return parts;
}

// The bound socket with its door-keeper (RFC 27, ZAP) and its monitor.
//
// The door-keeper is asked in the waits, by the thread that waits: no thread of ours runs beside
// the simulator's, and a model is let in only when somebody is there to talk to it.
class Channel final {
  public:
    Channel(const std::string& endpoint, std::string password)
        : path_(endpoint.substr(std::strlen(scheme))),
          password_(std::move(password)),
          zap_(context_, zmq::socket_type::rep),
          socket_(context_, zmq::socket_type::pair),
          monitor_(context_, zmq::socket_type::pair) {
        zap_.set(zmq::sockopt::linger, 0);
        zap_.bind("inproc://zeromq.zap.01");
        socket_.set(zmq::sockopt::plain_server, true);
        socket_.set(zmq::sockopt::zap_domain, "harness");
        socket_.set(zmq::sockopt::linger, 0);
        socket_.set(zmq::sockopt::immediate, true);
        socket_.set(zmq::sockopt::rcvtimeo, promptMilliseconds);
        socket_.set(zmq::sockopt::handshake_ivl, handshakeMilliseconds);
        socket_.set(zmq::sockopt::maxmsgsize, static_cast<std::int64_t>(maximumFrameBytes));
        constexpr const char* events = "inproc://monitor";
        zmq_socket_monitor(socket_.handle(), events, ZMQ_EVENT_DISCONNECTED);
        monitor_.set(zmq::sockopt::linger, 0);
        monitor_.connect(events);
        socket_.bind(endpoint);
    }

    ~Channel() {
        zmq_socket_monitor(socket_.handle(), nullptr, 0);
        ::unlink(path_.c_str());  // ZeroMQ leaves it
    }
    Channel(const Channel&) = delete;
    Channel& operator=(const Channel&) = delete;

    zmq::socket_t& socket() { return socket_; }
    zmq::socket_t& zap() { return zap_; }
    zmq::socket_t& monitor() { return monitor_; }

    // Answers one question of ZAP: a right peer is let in as long as there is none yet.
    void admit() {
        const std::vector<std::string> request = receiveParts(zap_);
        if (request.size() < 2) {
            return;
        }
        const bool isRight = request.size() == 8 && request[5] == "PLAIN" &&
                             request[6] == userName && request[7] == password_;
        const bool isAdmitted = isRight && !hasPeer();
        refused_ += isRight ? 0 : 1;
        const std::array<std::string, 6> answer = {request[0],
                                                   request[1],
                                                   isAdmitted ? "200" : "400",
                                                   isAdmitted ? "OK" : "not the model of this run",
                                                   "",
                                                   ""};
        for (std::size_t i = 0; i < answer.size(); ++i) {
            zap_.send(zmq::buffer(answer[i]),
                      i + 1 < answer.size() ? zmq::send_flags::sndmore : zmq::send_flags::none);
        }
    }

    // Notes that the peer has got a frame: from now on it is this one or none.
    void begin() { hasBegun_ = true; }
    bool hasBegun() const { return hasBegun_; }

    // Takes one event of the monitor; the only one that was asked for is a lost connection.
    void noteEvent() {
        receiveParts(monitor_);
        isDoubtful_ = true;
    }

    // Whether the peer went away. Strangers connect and disconnect, too, and an event does not say
    // who it was; but without its peer a PAIR has nobody to send to. It may learn that a moment
    // after the event, so one who waits has to ask again.
    bool isLost() { return hasBegun_ && isDoubtful_ && !isReady(ZMQ_POLLOUT, 0); }

    bool isReady(short wanted, long milliseconds) {
        zmq_pollitem_t item = {socket_.handle(), 0, wanted, 0};
        return zmq_poll(&item, 1, milliseconds) > 0;
    }

    // How many peers came with a wrong token.
    int refused() const { return refused_; }

  private:
    bool hasPeer() { return hasBegun_ || isReady(ZMQ_POLLOUT, 0); }

    const std::string path_;
    const std::string password_;
    zmq::context_t context_;
    zmq::socket_t zap_;
    zmq::socket_t socket_;
    zmq::socket_t monitor_;
    bool hasBegun_ = false;
    bool isDoubtful_ = false;
    int refused_ = 0;
};

// A message of the frame's own bytes; whoever sends the last of them frees them.
zmq::message_t owning(std::string frame) {
    auto owned = std::make_unique<std::string>(std::move(frame));
    zmq::message_t message(
        owned->data(), owned->size(),
        [](void* /*bytes*/, void* kept) { delete static_cast<std::string*>(kept); }, owned.get());
    static_cast<void>(owned.release());  // the message has it now
    return message;
}

void checkEndpoint(const std::string& endpoint) {
    if (endpoint.rfind(scheme, 0) != 0) {
        const bool isTcp = endpoint.rfind("tcp:", 0) == 0;
        throw LinkError(LinkFault::Handshake, "the bridge cannot be bound: not an ipc endpoint",
                        {"", "ipc://PATH", "\"" + endpoint + "\"",
                         isTcp ? "this end has no keys for tcp; use ipc" : ""});
    }
    const std::size_t pathBytes = endpoint.size() - std::strlen(scheme);
    if (pathBytes == 0 || pathBytes > maximumPathBytes) {
        throw LinkError(LinkFault::Handshake,
                        "the bridge cannot be bound: a Unix socket's path has 1 to " +
                            std::to_string(maximumPathBytes) + " bytes",
                        {endpoint, "", std::to_string(pathBytes) + " bytes",
                         "choose an output directory with a shorter path"});
    }
}

void checkToken(const LinkSettings& settings) {
    try {
        if (parseToken(settings.tokenText) == settings.token) {
            return;
        }
    } catch (const BridgeError& error) {
        throw LinkError(LinkFault::Handshake, error.what());
    }
    throw LinkError(LinkFault::Handshake, "the token and its text differ");
}

// Frames to and from one model's process, each wait bounded.
class ZmqCarrier final : public FrameCarrier {
  public:
    explicit ZmqCarrier(const LinkSettings& settings)
        : endpoint_(settings.endpoint),
          deadlineSeconds_(settings.deadlineSeconds),
          interrupted_(settings.interrupted),
          process_(settings.modelPid) {
        checkEndpoint(endpoint_);
        checkToken(settings);
        try {
            channel_ = std::make_unique<Channel>(endpoint_, settings.tokenText);
        } catch (const zmq::error_t& error) {
            throw LinkError(LinkFault::Handshake,
                            std::string("the bridge cannot be bound: ") + error.what(),
                            {endpoint_, "", "", ""});
        }
    }

    void send(std::string frame, const Doing& doing) override {
        zmq::message_t message = owning(std::move(frame));
        while (zmq_msg_send(message.handle(), socket(), ZMQ_DONTWAIT) < 0) {
            checkErrno(doing);
            wait(ZMQ_POLLOUT, doing);
        }
        channel_->begin();
    }

    std::string receive(const Doing& doing) override {
        const Clock::time_point begin = Clock::now();
        zmq::message_t frame;
        // Waits for `promptMilliseconds` by itself: the usual case.
        while (zmq_msg_recv(frame.handle(), socket(), 0) < 0) {
            checkErrno(doing);
            wait(ZMQ_POLLIN, doing);
        }
        waitedSeconds_ += secondsSince(begin);
        if (frame.more()) {
            throw LinkError(LinkFault::Protocol, "the model sent a multipart message",
                            {doing.text(), "", "", ""});
        }
        return frame.to_string();
    }

    void close() override { channel_.reset(); }

    double waitedSeconds() const override { return waitedSeconds_; }

  private:
    void* socket() { return channel_->socket().handle(); }

    // Nothing for failures after which one may wait and try again.
    void checkErrno(const Doing& doing) const {
        if (errno != EAGAIN && errno != EINTR) {
            throw LinkError(LinkFault::PeerLost,
                            std::string("the bridge failed: ") + zmq_strerror(errno),
                            {doing.text(), "", "", ""});
        }
    }

    // Returns when the socket is ready for what is wanted.
    void wait(short wanted, const Doing& doing) {
        const Clock::time_point begin = Clock::now();
        for (;;) {
            if (interrupted_ && interrupted_()) {
                throw LinkError(LinkFault::Interrupted, "interrupted while the model was awaited",
                                {doing.text(), "", "", ""});
            }
            const double leftSeconds = deadlineSeconds_ - secondsSince(begin);
            std::array<zmq_pollitem_t, 4> items = {
                {{socket(), 0, wanted, 0},
                 {channel_->zap().handle(), 0, ZMQ_POLLIN, 0},
                 {channel_->monitor().handle(), 0, ZMQ_POLLIN, 0},
                 {nullptr, process_.descriptor(), ZMQ_POLLIN, 0}}};
            const int watched = process_.descriptor() < 0 ? 3 : 4;
            const double sliceSeconds = std::clamp(leftSeconds, 0.0, lookSeconds);
            const auto slice = static_cast<long>(std::ceil(sliceSeconds * 1000));
            if (zmq_poll(items.data(), watched, slice) < 0) {
                checkErrno(doing);
                continue;
            }
            if (items[0].revents != 0) {
                return;
            }
            take(items[1].revents != 0, items[2].revents != 0, doing);
            const bool hasEnded = process_.isGone() || items[3].revents != 0;
            const bool isOver = hasEnded || channel_->isLost() || leftSeconds <= 0;
            const bool mayHaveSpoken = channel_->hasBegun() && leftSeconds > 0;
            if (isOver && !channel_->isReady(wanted, mayHaveSpoken ? lastWordsMilliseconds : 0)) {
                throw lost(doing);
            }
        }
    }

    void take(bool hasQuestion, bool hasEvent, const Doing& doing) {
        try {
            if (hasQuestion) {
                channel_->admit();
            }
            if (hasEvent) {
                channel_->noteEvent();
            }
        } catch (const zmq::error_t& error) {
            throw LinkError(LinkFault::PeerLost, std::string("the bridge failed: ") + error.what(),
                            {doing.text(), "", "", ""});
        }
    }

    LinkError lost(const Doing& doing) {
        const bool isDisconnected = channel_->isLost();
        const bool hasEnded = process_.hasEnded(isDisconnected ? lastWordsMilliseconds : 0);
        const bool isStart = !channel_->hasBegun();
        const std::string during = isStart ? " before it connected" : "";
        const std::string where = isStart ? endpoint_ : doing.text();
        if (isStart && channel_->refused() > 0) {
            return {LinkFault::Handshake,
                    "no model connected that knows the session's token; refused were " +
                        std::to_string(channel_->refused()) + " attempts",
                    {endpoint_, "HARNESS_BRIDGE_TOKEN of this run", process_.endText(), ""}};
        }
        if (hasEnded) {
            return {LinkFault::PeerLost,
                    "the model's process ended" + during,
                    {where, "", process_.endText(), "what it printed says why"}};
        }
        if (isDisconnected) {
            return {LinkFault::PeerLost,
                    "the model disconnected",
                    {where, "", process_.endText(),
                     "a model that closes its socket does this, or one whose frame is too large"}};
        }
        std::ostringstream deadline;
        deadline << deadlineSeconds_ << " s";
        return {LinkFault::Timeout,
                "the model missed its deadline of " + deadline.str() + during,
                {where, "", "", "a slow model may send Busy, or raise the deadline"}};
    }

    const std::string endpoint_;
    const double deadlineSeconds_;
    const std::function<bool()> interrupted_;
    const ProcessWatch process_;
    std::unique_ptr<Channel> channel_;
    double waitedSeconds_ = 0;
};

}  // namespace

std::unique_ptr<FrameCarrier> bindForModel(const LinkSettings& settings) {
    return std::make_unique<ZmqCarrier>(settings);
}

}  // namespace harness::bridge
