// SPDX-License-Identifier: BSD-3-Clause
// Recordings of sessions (`proto/README.md` section 8): what was said, never when or by whom.
#pragma once

#include <cstdint>
#include <cstdio>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>

#include "envelope.hh"
#include "frame_carrier.hh"

namespace harness::bridge {

// An envelope as a trace holds it: without session and sequence, an answer also without instance
// and tick, and nothing that v1 does not know in an answer.
pb::Envelope normalRequest(const pb::Envelope& envelope);
pb::Envelope normalAnswer(const pb::Envelope& envelope);

// Writes a trace; the file is complete after every exchange. Throws LinkError{File}.
class TraceWriter final {
  public:
    explicit TraceWriter(const std::string& path);

    // Hello with HelloAck comes first.
    void append(std::string_view requestFrame, const pb::Envelope& answer);

  private:
    void write(const std::string& bytes);

    struct Close {
        void operator()(std::FILE* file) const { std::fclose(file); }
    };

    std::string path_;
    std::unique_ptr<std::FILE, Close> file_;
};

// Reads a trace block by block. Throws LinkError{File} if it is no trace, or cut off.
class TraceReader final {
  public:
    explicit TraceReader(const std::string& path);

    // Request and answer in turn, Hello and HelloAck first.
    pb::Envelope next();

    bool isAtEnd() const { return read_ == blocks_; }
    std::uint64_t blocks() const { return blocks_; }
    const std::string& path() const { return path_; }

  private:
    std::uint32_t readLength();
    void countBlocks();

    std::string path_;
    std::ifstream file_;
    std::uint64_t sizeBytes_ = 0;
    std::uint64_t blocks_ = 0;
    std::uint64_t read_ = 0;
};

// A carrier that answers out of a trace, without a model.
//
// Each request must equal the recorded one byte for byte, session and sequence aside; if it does
// not, send() throws LinkError{Divergence}.
std::unique_ptr<FrameCarrier> replayTrace(const std::string& path);

}  // namespace harness::bridge
