// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

namespace harness::bridge {

// A process that is watched by a descriptor, which becomes readable when it ends.
class ProcessWatch final {
  public:
    explicit ProcessWatch(int pid) : pid_(pid) {
#if defined(SYS_pidfd_open)
        if (pid > 0) {
            descriptor_ = static_cast<int>(syscall(SYS_pidfd_open, pid, 0U));
            isGone_ = descriptor_ < 0 && errno == ESRCH;  // other failures: it is not watched
        }
#endif
    }
    ~ProcessWatch() {
        if (descriptor_ >= 0) {
            ::close(descriptor_);
        }
    }
    ProcessWatch(const ProcessWatch&) = delete;
    ProcessWatch& operator=(const ProcessWatch&) = delete;

    int descriptor() const { return descriptor_; }

    // Whether the process had ended before it could be watched.
    bool isGone() const { return isGone_; }

    // Whether it has ended; a process that disconnects may need a moment for it.
    bool hasEnded(int milliseconds) const {
        pollfd item = {descriptor_, POLLIN, 0};
        return isGone_ || (descriptor_ >= 0 && poll(&item, 1, milliseconds) > 0);
    }

    // How the process ended, where it is a child that nobody has waited for yet; else nothing.
    std::string endText() const {
        siginfo_t end = {};
        const bool isKnown =
            pid_ > 0 &&
            waitid(P_PID, static_cast<id_t>(pid_), &end, WEXITED | WNOHANG | WNOWAIT) == 0 &&
            end.si_pid != 0;
        if (!isKnown) {
            return "";
        }
        return end.si_code == CLD_EXITED ? "exit status " + std::to_string(end.si_status)
                                         : "killed by signal " + std::to_string(end.si_status) +
                                               " (" + strsignal(end.si_status) + ")";
    }

  private:
    const int pid_;
    int descriptor_ = -1;
    bool isGone_ = false;
};

}  // namespace harness::bridge
