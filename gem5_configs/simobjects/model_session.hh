// SPDX-License-Identifier: BSD-3-Clause
#ifndef HARNESS_MODEL_SESSION_HH
#define HARNESS_MODEL_SESSION_HH

#include <memory>
#include <string>
#include <vector>

#include "harness/bridge/cpp/model_link.hh"
#include "params/ModelSession.hh"
#include "sim/sim_object.hh"

namespace gem5 {

/**
 * The connection to an accelerator model, from the handshake to Bye.
 *
 * Every failure ends the simulation loop with the exit cause "harness model failed" and leaves its
 * text in harness_error.txt; gem5's statistics can then still be dumped.
 */
class ModelSession final : public SimObject {
  public:
    PARAMS(ModelSession);
    explicit ModelSession(const Params& params);

    /// Binds the endpoint and waits for the model; `reader` serves its functional reads.
    void connect(harness::bridge::FunctionalReader& reader);

    /// Null without an endpoint (a guest that only boots) and after a failure.
    harness::bridge::ModelLink* link() { return isOver ? nullptr : modelLink.get(); }
    bool isKernelMode() const;

    /// Names of the model's units, from its description.
    std::vector<std::string> units() const;

    /// An exchange takes place at `now`. Bye repeats the last one's tick: when gem5 itself ends is
    /// no part of a session, and a replay need not meet it.
    void noteExchange(Tick now) { lastExchange = now; }

    /// Writes the error down and asks the simulation loop to end.
    void fail(const std::string& what);
    bool hasFailed() const { return isOver; }

  private:
    void end();

    std::unique_ptr<harness::bridge::ModelLink> modelLink;
    bool isOver = false;
    Tick lastExchange = 0;
};

}  // namespace gem5

#endif
