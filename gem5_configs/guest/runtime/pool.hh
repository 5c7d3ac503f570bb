// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "gem5_configs/guest/runtime/signal.hh"

namespace harness::guest {

/// The threads besides the dispatching one; thread i runs on processor i where the system allows.
class Pool final {
  public:
    /// Called with a thread's number; must not throw.
    using Job = std::function<void(std::uint32_t thread)>;

    /// Throws RuntimeError if the system does not start that many threads.
    Pool(std::uint32_t threads, std::uint32_t spins);
    ~Pool();
    Pool(const Pool&) = delete;
    Pool& operator=(const Pool&) = delete;

    std::uint32_t threads() const { return std::uint32_t(workers.size()) + 1; }
    /// Let threads 1 to `count` - 1 do `job`; it must stay until join() returns.
    void start(std::uint32_t count, const Job& job);
    /// Whether the threads of the last start() are done.
    bool isDone() const { return done.value() >= started; }
    void join();

  private:
    struct Worker {
        Signal go;
        std::thread thread;
    };

    void serve(Worker& worker, std::uint32_t number);
    void stop();

    std::uint32_t spins;
    std::vector<std::unique_ptr<Worker>> workers;
    const Job* job = nullptr;  // none: the threads end
    std::uint32_t started = 0;
    Signal done;
};

}  // namespace harness::guest
