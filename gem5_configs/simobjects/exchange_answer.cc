// SPDX-License-Identifier: BSD-3-Clause
#include "exchange_answer.hh"

#include <cstring>
#include <vector>

#include "harness/bridge/cpp/descriptor.hh"
#include "harness/bridge/cpp/link_error.hh"

namespace gem5 {

namespace bridge = harness::bridge;

static_assert(sizeof(bridge::NodeRecord) == sizeof(harness::NodeRecord));
static_assert(sizeof(bridge::CompletionRecord) == sizeof(harness::CompletionRecord));

namespace {

bridge::Answer ask(bridge::ModelLink& link, const harness::Exchange& exchange) {
    std::string data(exchange.data.begin(), exchange.data.end());
    switch (exchange.kind) {
        case harness::ExchangeKind::Launch:
            return link.launch(exchange.instance, exchange.tick,
                               bridge::decodeDescriptor(exchange.descriptor), std::move(data));
        case harness::ExchangeKind::Event: {
            std::vector<bridge::CompletionRecord> ended(exchange.completions.size());
            std::memcpy(static_cast<void*>(ended.data()), exchange.completions.data(),
                        ended.size() * sizeof(bridge::CompletionRecord));
            return link.event(exchange.instance, exchange.tick, ended, std::move(data));
        }
        case harness::ExchangeKind::Wake:
            break;
    }
    return link.wake(exchange.instance, exchange.tick);
}

}  // namespace

std::string answerExchange(bridge::ModelLink& link, const harness::Exchange& exchange,
                           harness::Accelerator& executor) {
    const bridge::Answer answer = ask(link, exchange);
    harness::ActionsView view;  // an Ack to Wake: nothing to do
    if (answer.isActions()) {
        const bridge::ActionsView& actions = answer.actions;
        const std::string& data = answer.envelope.data();
        view.nodes = reinterpret_cast<const harness::NodeRecord*>(actions.nodes.data());
        view.nodeCount = actions.nodes.size();
        view.dependences = actions.dependences.data();
        view.dependenceCount = actions.dependences.size();
        view.data = reinterpret_cast<const std::uint8_t*>(data.data());
        view.dataBytes = data.size();
        view.isFinal = actions.isFinal;
        view.wakeTick = actions.wakeTick;
    }
    return executor.answer(view);
}

std::string protocolFault(const std::string& what) {
    return "the model broke the protocol: " + what;
}

std::string failureText(const std::exception& error) {
    const auto* fault = dynamic_cast<const bridge::LinkError*>(&error);
    const bool isProtocol = fault != nullptr && fault->fault() == bridge::LinkFault::Protocol;
    return isProtocol ? protocolFault(error.what()) : error.what();
}

}  // namespace gem5
