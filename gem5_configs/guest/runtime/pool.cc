// SPDX-License-Identifier: BSD-3-Clause
#include "gem5_configs/guest/runtime/pool.hh"

#include <pthread.h>
#include <sched.h>

#include <string>
#include <system_error>

#include "gem5_configs/guest/runtime/error.hh"

namespace harness::guest {

namespace {

/// Stay on one processor. A system with fewer processors, or without the call, keeps its own way.
void pin(std::uint32_t processor) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(processor, &set);
    pthread_setaffinity_np(pthread_self(), sizeof set, &set);
}

}  // namespace

Pool::Pool(std::uint32_t threads, std::uint32_t spins) : spins(spins) {
    pin(0);
    for (std::uint32_t number = 1; number < threads; ++number) {
        workers.push_back(std::make_unique<Worker>());
        Worker& worker = *workers.back();
        try {
            worker.thread = std::thread([this, &worker, number] { serve(worker, number); });
        } catch (const std::system_error& error) {
            workers.pop_back();
            stop();
            throw RuntimeError("cannot start thread " + std::to_string(number + 1) + " of " +
                               std::to_string(threads) + ": " + error.what());
        }
    }
}

Pool::~Pool() { stop(); }

void Pool::stop() {
    job = nullptr;
    for (const auto& worker : workers) worker->go.raise();
    for (const auto& worker : workers) worker->thread.join();
    workers.clear();
}

void Pool::serve(Worker& worker, std::uint32_t number) {
    pin(number);
    for (std::uint32_t turn = 1;; ++turn) {
        worker.go.awaitAtLeast(turn, spins);
        if (!job) return;
        (*job)(number);
        done.raise();
    }
}

void Pool::start(std::uint32_t count, const Job& work) {
    done.clear();
    job = &work;
    started = count - 1;
    for (std::uint32_t i = 0; i < started; ++i) workers[i]->go.raise();
}

void Pool::join() { done.awaitAtLeast(started, spins); }

}  // namespace harness::guest
