"""How any run ended, in the classes that people act on: what is retried, and how, hangs on them."""

from __future__ import annotations

from enum import Enum


class Ending(Enum):
    """The class of a run's end; the value is the word that files and tables use."""

    SUCCESS = "success"
    GUEST_FAILED = "guest failed"  # m5_fail, or the guest program's own exit status
    GUEST_PANIC = "guest panic"  # the guest's kernel gave up
    MAX_TICK = "max tick"  # the limit of simulated time
    FATAL = "fatal"  # the configuration is wrong, as gem5's fatal() says
    SCRIPT_ERROR = "script error"  # an exception of the config script
    CRASH = "crash"  # panic, failed assertion, segmentation fault
    OUT_OF_MEMORY = "out of memory"
    TIME_LIMIT = "time limit"  # the limit of host time, ours or the batch system's
    NO_PROGRESS = "no progress"
    DISK_FULL = "disk full"
    PREEMPTED = "preempted"
    CANCELLED = "cancelled"  # somebody interrupted it
    NODE_FAILED = "node failed"
    WRONG_OUTPUT = "wrong output"  # it ended, but its evidence does not hold
    USER_ERROR = "user error"  # harness refused the run before it began
    LOST = "lost"  # nobody can say: no result, and no process any more
