// SPDX-License-Identifier: BSD-3-Clause
#ifndef HARNESS_EXCHANGE_ANSWER_HH
#define HARNESS_EXCHANGE_ANSWER_HH

#include <exception>
#include <string>

#include "harness/bridge/cpp/model_link.hh"
#include "harness/port/accelerator.hh"
#include "harness/port/exchange.hh"

namespace gem5 {

/**
 * Takes one exchange of the executor to the model and its answer back.
 *
 * @return "" or what is wrong with the answer. Throws LinkError and BridgeError.
 */
std::string answerExchange(harness::bridge::ModelLink& link, harness::Exchange exchange,
                           harness::Accelerator& executor);

/// Sends the Launch of a command that has not started; its answer is for answerExchange to take.
/// False if it was refused. Throws LinkError.
bool launchAhead(harness::bridge::ModelLink& link, harness::Exchange exchange);

/// What to write down of a model that did what proto/README.md forbids; harness knows it by its
/// first words.
std::string protocolFault(const std::string& what);
/// What to write down of an exchange that threw.
std::string failureText(const std::exception& error);

}  // namespace gem5

#endif
