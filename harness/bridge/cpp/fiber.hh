// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <ucontext.h>

#include <cstddef>
#include <exception>
#include <functional>
#include <memory>

namespace harness::bridge {

// A function that can stop in its middle and go on later, on a stack of its own.
//
// A fiber that is started anew or destroyed before its function ended is unwound first: `suspend`
// throws inside it, so that destructors run.
class Fiber final {
  public:
    struct Stack {
        const void* bottom = nullptr;
        std::size_t sizeBytes = 0;
    };

    explicit Fiber(std::size_t stackBytes = 256 * 1024);
    ~Fiber();
    Fiber(const Fiber&) = delete;
    Fiber& operator=(const Fiber&) = delete;

    // Replaces what ran before; `body` begins at the next resume().
    void start(std::function<void()> body);

    // Runs until the next suspend() or the end; rethrows what the body threw.
    void resume();

    // Unwinds a body that has not ended.
    void cancel();

    // Called by the body: gives control back to resume()'s caller.
    void suspend();

    bool isRunning() const { return isRunning_; }

  private:
    static void enter(unsigned low, unsigned high);
    void run();
    void switchIn();

    std::unique_ptr<char[]> stack_;
    std::size_t stackBytes_;
    std::function<void()> body_;
    std::exception_ptr failure_;
    ucontext_t caller_{};
    ucontext_t callee_{};
    Stack callerStack_;
    bool isRunning_ = false;
    bool hasEntered_ = false;
    bool isCancelled_ = false;
};

}  // namespace harness::bridge
