"""A `harness run --backend gem5` in a process of its own, and the processes below it."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path

from tests.faults.launched import Ended, Launched, check_evidence, check_one_message

START_S = 120.0
"""For compilation, gem5's start and the first inference, on a machine with other work to do."""
_POLL_S = 0.02
_END_OF_DUMP = b"End Simulation Statistics"


class LaunchedGem5:
    """A run of lenet5 on gem5 that would go on for a while if nobody disturbed it."""

    def __init__(
        self,
        folder: Path,
        *options: str,
        workload: str = "lenet5",
        run: Path | None = None,
        **environment: str,
    ) -> None:
        run = run or folder / "run"
        cores = ("--set", "cores=2")  # fewer of them start sooner
        arguments = ("--backend", "gem5", "--cpu", "timing", *cores, "-o", str(run), "--quiet")
        self.launched = Launched(folder, "run", workload, *arguments, *options, **environment)
        self.launched.run = run
        self.output = run / "m5out"

    def gem5_pid(self) -> int:
        """Wait for gem5's process and return its id; 0 if harness ended before."""
        return self._wait_for_child(self.launched.pid, b"se.py")

    def model_pid(self) -> int:
        """Wait for the process of the model that gem5 started."""
        return self._wait_for_child(self.gem5_pid(), b"--endpoint")

    def wait_for_inference(self) -> None:
        """Wait until gem5 has written the statistics of one inference, and simulates another."""
        until = time.monotonic() + START_S
        while self.launched.process.poll() is None and time.monotonic() < until:
            with contextlib.suppress(OSError):
                if _END_OF_DUMP in (self.output / "stats.txt").read_bytes():
                    time.sleep(0.2)
                    return
            time.sleep(_POLL_S)
        raise AssertionError(f"no inference has been simulated: {self._said()}")

    def end(self, within_s: float) -> Ended:
        """Wait for the end and complain about all that is wrong with any end."""
        ended = self.launched.end(within_s)
        check_one_message(ended)
        check_evidence(ended)
        if folders := list(self.output.glob("bridge-*")):
            ended.complaints.append(f"socket folder {folders}")
        if ended.complaints:
            ended.complaints.append(ended.stderr[-2000:])
        return ended

    def _wait_for_child(self, parent: int, word: bytes) -> int:
        until = time.monotonic() + START_S
        while self.launched.process.poll() is None and time.monotonic() < until:
            with contextlib.suppress(OSError):
                children = Path(f"/proc/{parent}/task/{parent}/children").read_text()
                for child in children.split():
                    if word in Path(f"/proc/{child}/cmdline").read_bytes():
                        return int(child)
            time.sleep(_POLL_S)
        raise AssertionError(f"no process with {word!r} in its command line: {self._said()}")

    def _said(self) -> str:
        return (self.launched.folder / "stderr").read_text()[-2000:]
