// SPDX-License-Identifier: BSD-3-Clause
#include "trace_file.hh"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <sstream>

#include "link_error.hh"

namespace harness::bridge {

namespace {

constexpr std::string_view magic = "HBTRACE1";
constexpr std::size_t lengthBytes = sizeof(std::uint32_t);

void appendBlock(std::string& bytes, const pb::Envelope& envelope) {
    const std::string block = envelope.SerializeAsString();
    const auto length = static_cast<std::uint32_t>(block.size());
    bytes.append(reinterpret_cast<const char*>(&length), lengthBytes);  // hosts are little-endian
    bytes += block;
}

void copyHelloAck(const pb::HelloAck& from, pb::HelloAck& to) {
    to.set_protocol_major(from.protocol_major());
    to.set_model(from.model());
    to.set_version(from.version());
    to.set_parameters_sha256(from.parameters_sha256());
    to.set_description_json(from.description_json());
    to.set_maximum_frame_bytes(from.maximum_frame_bytes());
    for (const pb::Register& each : from.registers()) {
        pb::Register& copy = *to.add_registers();
        copy.set_name(each.name());
        copy.set_offset_bytes(each.offset_bytes());
        copy.set_kind(each.kind());
        copy.set_reset_value(each.reset_value());
    }
    to.set_can_save_state(from.can_save_state());
    to.set_can_launch_early(from.can_launch_early());
}

void copyActions(const pb::Actions& from, pb::Actions& to) {
    to.set_command_id(from.command_id());
    to.set_nodes(from.nodes());
    to.set_dependences(from.dependences());
    to.set_is_final(from.is_final());
    to.set_wake_tick(from.wake_tick());
}

void copyByeAck(const pb::ByeAck& from, pb::ByeAck& to) {
    for (const pb::ModelStatistic& each : from.statistics()) {
        pb::ModelStatistic& copy = *to.add_statistics();
        copy.set_instance(each.instance());
        copy.set_name(each.name());
        copy.set_value(each.value());
        copy.set_unit(each.unit());
        copy.set_description(each.description());
    }
}

// A difference of two requests: which field, and its values.
struct Difference {
    std::string field;
    std::string recorded;
    std::string got;
};

std::string hexadecimal(std::string_view bytes) {
    std::string text;
    for (const char c : bytes) {
        constexpr std::string_view digits = "0123456789abcdef";
        const auto byte = static_cast<unsigned char>(c);
        text += text.empty() ? "" : " ";
        text += digits[byte >> 4U];
        text += digits[byte & 15U];
    }
    return text;
}

Difference differenceOfBytes(const std::string& field, const std::string& a, const std::string& b) {
    constexpr std::size_t shownBytes = 16;
    const std::size_t common = std::min(a.size(), b.size());
    const auto first = static_cast<std::size_t>(
        std::mismatch(a.begin(), a.begin() + static_cast<std::ptrdiff_t>(common), b.begin()).first -
        a.begin());
    const auto show = [first](const std::string& bytes) {
        return std::to_string(bytes.size()) + " bytes, from byte " + std::to_string(first) + ": " +
               hexadecimal(std::string_view(bytes).substr(first, shownBytes));
    };
    return {field, show(a), show(b)};
}

template <typename Value>
std::string shown(const Value& value) {
    std::ostringstream text;
    text << value;
    return text.str();
}

// The first field of a Launch that differs, by operand or attribute.
Difference differenceOfLaunches(const pb::Launch& a, const pb::Launch& b) {
    if (a.command_id() != b.command_id()) {
        return {"command_id", shown(a.command_id()), shown(b.command_id())};
    }
    if (a.kernel() != b.kernel()) {
        return {"kernel", a.kernel(), b.kernel()};
    }
    if (a.item() != b.item()) {
        return {"item", shown(a.item()), shown(b.item())};
    }
    for (int i = 0; i < std::min(a.operands_size(), b.operands_size()); ++i) {
        const pb::Operand& x = a.operands(i);
        const pb::Operand& y = b.operands(i);
        const std::string field = "operand \"" + x.name() + "\"";
        if (x.device_address() != y.device_address()) {
            return {field + ", device_address", shown(x.device_address()),
                    shown(y.device_address())};
        }
        if (x.SerializeAsString() != y.SerializeAsString()) {
            return differenceOfBytes(field, x.SerializeAsString(), y.SerializeAsString());
        }
    }
    for (int i = 0; i < std::min(a.attributes_size(), b.attributes_size()); ++i) {
        const pb::Attribute& x = a.attributes(i);
        const pb::Attribute& y = b.attributes(i);
        if (x.SerializeAsString() != y.SerializeAsString()) {
            const auto show = [](const pb::Attribute& each) {
                return each.name() + " = " +
                       (each.value_case() == pb::Attribute::kReal ? shown(each.real())
                                                                  : shown(each.integer()));
            };
            return {"attribute", show(x), show(y)};
        }
    }
    const auto counts = [](const pb::Launch& each) {
        return std::to_string(each.operands_size()) + " operands, " +
               std::to_string(each.attributes_size()) + " attributes";
    };
    return {"operands and attributes", counts(a), counts(b)};
}

Difference differenceOf(const pb::Envelope& a, const pb::Envelope& b) {
    if (a.body_case() != b.body_case()) {
        return {"kind", bodyName(a.body_case()), bodyName(b.body_case())};
    }
    if (a.instance() != b.instance()) {
        return {"instance", shown(a.instance()), shown(b.instance())};
    }
    if (a.effective_tick() != b.effective_tick()) {
        return {"tick", shown(a.effective_tick()), shown(b.effective_tick())};
    }
    if (a.has_launch() && a.launch().SerializeAsString() != b.launch().SerializeAsString()) {
        return differenceOfLaunches(a.launch(), b.launch());
    }
    if (a.records() != b.records()) {
        return differenceOfBytes("records", a.records(), b.records());
    }
    if (a.data() != b.data()) {
        return differenceOfBytes("data", a.data(), b.data());
    }
    return differenceOfBytes("body", a.SerializeAsString(), b.SerializeAsString());
}

// Plays the model by its recorded answers.
class TraceCarrier final : public FrameCarrier {
  public:
    explicit TraceCarrier(const std::string& path) : trace_(path) {}

    void send(std::string frame, const Doing& doing) override {
        request_ = decodeFrame(frame, maximumFrameBytes);
        if (trace_.isAtEnd()) {
            throw LinkError(LinkFault::Divergence, "the run goes on where the trace ends",
                            {trace_.path(), "", doing.text(), ""});
        }
        const pb::Envelope recorded = normalRequest(trace_.next());
        const pb::Envelope got = normalRequest(request_);
        if (recorded.SerializeAsString() != got.SerializeAsString()) {
            throw divergence(differenceOf(recorded, got), doing);
        }
    }

    std::string receive(const Doing& doing) override {
        pb::Envelope answer = trace_.next();
        if (answer.has_busy() || answer.has_functional_read()) {
            throw LinkError(LinkFault::File, "the trace holds an answer that ends no turn",
                            {trace_.path(), "", bodyName(answer.body_case()), doing.text()});
        }
        answer.set_session_high(request_.session_high());
        answer.set_session_low(request_.session_low());
        answer.set_sequence(request_.sequence());  // answers are as many as requests
        answer.set_effective_tick(request_.effective_tick());
        answer.set_instance(request_.instance());
        return answer.SerializeAsString();
    }

    void close() override {}
    double waitedSeconds() const override { return 0; }

  private:
    LinkError divergence(const Difference& difference, const Doing& doing) const {
        const bool isHello = request_.has_hello();
        return {LinkFault::Divergence,
                isHello ? "the trace was recorded with another Hello: field " + difference.field
                        : "exchange " + std::to_string(doing.exchange) +
                              " differs from the trace: request, field " + difference.field + " (" +
                              doing.text() + ")",
                {trace_.path(), difference.recorded, difference.got,
                 "record anew, or run what was recorded: same configuration, workload and inputs"}};
    }

    TraceReader trace_;
    pb::Envelope request_;
};

}  // namespace

pb::Envelope normalRequest(const pb::Envelope& envelope) {
    pb::Envelope normal = envelope;
    normal.clear_session_high();
    normal.clear_session_low();
    normal.clear_sequence();
    if (normal.has_hello() || normal.has_reset()) {
        normal.clear_effective_tick();
    }
    return normal;
}

pb::Envelope normalAnswer(const pb::Envelope& envelope) {
    pb::Envelope normal;
    switch (envelope.body_case()) {
        case pb::Envelope::kHelloAck:
            copyHelloAck(envelope.hello_ack(), *normal.mutable_hello_ack());
            break;
        case pb::Envelope::kActions:
            copyActions(envelope.actions(), *normal.mutable_actions());
            normal.set_records(envelope.records());
            normal.set_data(envelope.data());
            break;
        case pb::Envelope::kState:
            normal.mutable_state();
            normal.set_data(envelope.data());
            break;
        case pb::Envelope::kByeAck:
            copyByeAck(envelope.bye_ack(), *normal.mutable_bye_ack());
            break;
        case pb::Envelope::kRegisterValue:
            normal.mutable_register_value()->set_value(envelope.register_value().value());
            normal.mutable_register_value()->set_latency_ticks(
                envelope.register_value().latency_ticks());
            break;
        default:
            normal.mutable_ack();
            break;
    }
    return normal;
}

TraceWriter::TraceWriter(const std::string& path)
    : path_(path), file_(std::fopen(path.c_str(), "wb")) {
    if (file_ == nullptr) {
        throw LinkError(LinkFault::File,
                        std::string("cannot write the recording: ") + std::strerror(errno),
                        {path_, "", "", ""});
    }
    std::setvbuf(file_.get(), nullptr, _IONBF, 0);
    write(std::string(magic));
}

void TraceWriter::append(std::string_view requestFrame, const pb::Envelope& answer) {
    std::string bytes;
    appendBlock(bytes, normalRequest(decodeFrame(requestFrame, maximumFrameBytes)));
    appendBlock(bytes, normalAnswer(answer));
    write(bytes);
}

void TraceWriter::write(const std::string& bytes) {
    if (std::fwrite(bytes.data(), 1, bytes.size(), file_.get()) != bytes.size()) {
        throw LinkError(LinkFault::File,
                        std::string("cannot write the recording: ") + std::strerror(errno),
                        {path_, "", "", ""});
    }
}

TraceReader::TraceReader(const std::string& path)
    : path_(path), file_(path, std::ios::binary | std::ios::ate) {
    const int error = errno;
    const std::streamoff end = file_ ? static_cast<std::streamoff>(file_.tellg()) : -1;
    if (end < 0) {
        throw LinkError(LinkFault::File,
                        std::string("cannot read the trace: ") + std::strerror(error),
                        {path_, "", "", ""});
    }
    sizeBytes_ = static_cast<std::uint64_t>(end);
    file_.seekg(0);
    std::array<char, magic.size()> start = {};
    file_.read(start.data(), start.size());
    if (!file_ || std::string_view(start.data(), start.size()) != magic) {
        throw LinkError(LinkFault::File, "not a trace of the bridge",
                        {path_, std::string(magic) + " at its start", "", ""});
    }
    countBlocks();
}

// Hops from block to block, so that a trace that is cut off is known before anything runs.
void TraceReader::countBlocks() {
    std::uint64_t place = magic.size();
    while (place + lengthBytes <= sizeBytes_) {
        place += lengthBytes + readLength();
        ++blocks_;
        file_.seekg(static_cast<std::streamoff>(place));
    }
    if (place != sizeBytes_ || blocks_ < 2 || blocks_ % 2 != 0) {
        throw LinkError(LinkFault::File, "the trace is cut off",
                        {path_, "", std::to_string(sizeBytes_) + " bytes",
                         "record it again; a run that ended early leaves such a file"});
    }
    file_.clear();
    file_.seekg(static_cast<std::streamoff>(magic.size()));
}

std::uint32_t TraceReader::readLength() {
    std::uint32_t length = 0;
    file_.read(reinterpret_cast<char*>(&length), lengthBytes);
    return length;
}

pb::Envelope TraceReader::next() {
    std::string block(readLength(), '\0');
    file_.read(block.data(), static_cast<std::streamsize>(block.size()));
    pb::Envelope envelope;
    if (!file_ || !envelope.ParseFromString(block) ||
        envelope.body_case() == pb::Envelope::BODY_NOT_SET) {
        throw LinkError(LinkFault::File, "the trace is damaged",
                        {path_, "an Envelope", "block " + std::to_string(read_), ""});
    }
    ++read_;
    return envelope;
}

std::unique_ptr<FrameCarrier> replayTrace(const std::string& path) {
    return std::make_unique<TraceCarrier>(path);
}

}  // namespace harness::bridge
