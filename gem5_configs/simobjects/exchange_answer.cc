// SPDX-License-Identifier: BSD-3-Clause
#include "exchange_answer.hh"

#include <utility>

#include "harness/bridge/cpp/descriptor.hh"
#include "harness/bridge/cpp/error.hh"
#include "harness/bridge/cpp/link_error.hh"

namespace gem5 {

namespace bridge = harness::bridge;

namespace {

bridge::Answer ask(bridge::ModelLink& link, harness::Exchange& exchange) {
    switch (exchange.kind) {
        case harness::ExchangeKind::Launch:
            if (exchange.isAhead) return link.takeEarly(exchange.instance);
            return link.launch(exchange.instance, exchange.tick,
                               bridge::decodeDescriptor(exchange.descriptor),
                               std::move(exchange.data));
        case harness::ExchangeKind::Event:
            return link.event(exchange.instance, exchange.tick, exchange.completions,
                              std::move(exchange.data));
        case harness::ExchangeKind::Wake:
            break;
    }
    return link.wake(exchange.instance, exchange.tick);
}

}  // namespace

std::string answerExchange(bridge::ModelLink& link, harness::Exchange exchange,
                           harness::Accelerator& executor) {
    const bridge::Answer answer = ask(link, exchange);
    harness::ActionsView view;  // an Ack to Wake: nothing to do
    if (answer.isActions()) {
        const bridge::ActionsView& actions = answer.actions;
        const std::string& data = answer.envelope.data();
        view.nodes = actions.nodes.data();
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

bool launchAhead(bridge::ModelLink& link, harness::Exchange exchange) {
    bridge::Command command;
    try {
        command = bridge::decodeDescriptor(exchange.descriptor);
    } catch (const bridge::BridgeError&) {
        return false;  // which its start will report
    }
    return link.launchEarly(exchange.instance, exchange.tick, command, std::move(exchange.data));
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
