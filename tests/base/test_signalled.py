"""An exception of a signal handler arrives, even if it was raised where Python drops exceptions."""

from __future__ import annotations

import os
import signal
import time

import pytest

from harness.run.watch import HostTimeLimitError, watched


class _Interrupted:
    """Something whose finaliser Ctrl-C hits."""

    def __del__(self) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.05)


class _Slow:
    """Something whose finaliser outlasts a time limit."""

    def __del__(self) -> None:
        time.sleep(0.2)


def _drop_and_wait(kind: type[object], timeout_s: float) -> None:
    with watched(timeout_s):
        thing = kind()
        del thing
        time.sleep(5)
    pytest.fail("the signal was lost")


def test_an_interruption_in_a_finaliser_arrives_after_it() -> None:
    with pytest.raises(KeyboardInterrupt):
        _drop_and_wait(_Interrupted, 0.0)


def test_a_time_limit_in_a_finaliser_arrives_after_it() -> None:
    with pytest.raises(HostTimeLimitError):
        _drop_and_wait(_Slow, 0.1)
