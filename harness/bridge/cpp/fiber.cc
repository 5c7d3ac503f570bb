// SPDX-License-Identifier: BSD-3-Clause
#include "fiber.hh"

#include <cstdint>
#include <utility>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/common_interface_defs.h>
#endif

namespace harness::bridge {

namespace {

// Thrown through a body that is given up; nobody else can name it.
struct Cancelled final {};

using Stack = Fiber::Stack;

// AddressSanitizer must be told which stack is in use; elsewhere these do nothing.
#if defined(__SANITIZE_ADDRESS__)
void startSwitch(void** fake, const Stack& target) {
    __sanitizer_start_switch_fiber(fake, target.bottom, target.sizeBytes);
}
void finishSwitch(void* fake, Stack* left) {
    __sanitizer_finish_switch_fiber(fake, &left->bottom, &left->sizeBytes);
}
#else
void startSwitch(void** /*fake*/, const Stack& /*target*/) {}
void finishSwitch(void* /*fake*/, Stack* /*left*/) {}
#endif

void switchContext(ucontext_t& from, ucontext_t& to, const Stack& target, bool isLast) {
    void* fake = nullptr;
    Stack left;
    startSwitch(isLast ? nullptr : &fake, target);
    swapcontext(&from, &to);
    finishSwitch(fake, &left);
}

}  // namespace

Fiber::Fiber(std::size_t stackBytes) : stack_(new char[stackBytes]), stackBytes_(stackBytes) {}

Fiber::~Fiber() { cancel(); }

void Fiber::start(std::function<void()> body) {
    cancel();
    body_ = std::move(body);
    getcontext(&callee_);
    callee_.uc_stack.ss_sp = stack_.get();
    callee_.uc_stack.ss_size = stackBytes_;
    callee_.uc_link = nullptr;
    const auto self = reinterpret_cast<std::uintptr_t>(this);  // makecontext passes ints only
    makecontext(&callee_, reinterpret_cast<void (*)()>(&Fiber::enter), 2,
                static_cast<unsigned>(self & 0xffffffffU),
                static_cast<unsigned>(std::uint64_t{self} >> 32U));
    isRunning_ = true;
    hasEntered_ = false;
}

void Fiber::resume() {
    switchIn();
    if (failure_ != nullptr) {
        std::rethrow_exception(std::exchange(failure_, nullptr));
    }
}

void Fiber::cancel() {
    if (isRunning_ && hasEntered_) {
        isCancelled_ = true;
        switchIn();
        isCancelled_ = false;
        failure_ = nullptr;
    }
    isRunning_ = false;
}

void Fiber::suspend() {
    switchContext(callee_, caller_, callerStack_, false);
    if (isCancelled_) {
        throw Cancelled{};
    }
}

void Fiber::switchIn() {
    hasEntered_ = true;
    switchContext(caller_, callee_, {stack_.get(), stackBytes_}, false);
}

void Fiber::run() {
    finishSwitch(nullptr, &callerStack_);
    try {
        body_();
    } catch (const Cancelled&) {  // unwound, as asked
    } catch (...) {
        failure_ = std::current_exception();
    }
    isRunning_ = false;
    switchContext(callee_, caller_, callerStack_, true);
}

void Fiber::enter(unsigned low, unsigned high) {
    const auto self = (std::uint64_t{high} << 32U) | low;
    reinterpret_cast<Fiber*>(static_cast<std::uintptr_t>(self))->run();
}

}  // namespace harness::bridge
