"""Runs lenet5 many times and harms its model at a random moment each time.

`python -m tests.faults.soak [N] [SEED]` prints what became of N faults.
"""

from __future__ import annotations

import os
import random
import signal
import statistics
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.faults.faulty_model import EXECUTE_FAULTS, KINDS
from tests.faults.launched import Ended, Launched, check_evidence, check_one_message

DEADLINE_S = 1.0
MARGIN_S = 10.0
"""Beside the deadline: start-up, simulation and clean-up on a machine with other work to do."""
SIGNALS = {"kill": signal.SIGKILL, "stop": signal.SIGSTOP, "terminate": signal.SIGTERM}
FAULTY_MODEL = Path(__file__).with_name("faulty_model.py")
LONGEST_RUN_S = 30.0
COMMANDS = 43
"""Commands of lenet5; an answer number beyond is a fault that comes too late to matter."""


@dataclass(frozen=True)
class Fault:
    """One fault: a signal after a delay, or something wrong said at one answer."""

    number: int
    kind: str
    moment: float
    mode: str
    is_late: bool = False

    def __str__(self) -> str:
        since = "compilation" if self.is_late else "the model's start"
        is_signal = self.kind in SIGNALS
        where = f"{self.moment:.3f} s after {since}" if is_signal else f"answer {int(self.moment)}"
        return f"#{self.number} {self.kind} at {where}, {self.mode}"


@dataclass(frozen=True)
class Outcome:
    """What became of a fault."""

    fault: Fault
    ended: Ended
    happened: bool
    seconds_after: float
    latencies: list[int]

    @property
    def word(self) -> str:
        """How the run ended, in one word."""
        if self.ended.code == 0:
            # A model that says other cycles cannot be told from one that means them.
            is_same = self.ended.result["latencies"] == self.latencies
            result = "right result" if is_same else "right outputs, other timing"
            return result if self.happened else f"{result} (fault came too late)"
        if not self.happened:
            return "the machine was too slow for the deadline"
        cause = str(self.ended.result.get("exit_cause", "could not begin"))
        return "wrong outputs found by the check" if cause == "finished" else cause


def faults(count: int, seed: int) -> list[Fault]:
    """Draw faults: a third are signals, the rest go through all kinds of wrong answers."""
    dice = random.Random(seed)
    kinds = list(KINDS)
    dice.shuffle(kinds)
    drawn = []
    for number in range(count):
        mode = dice.choice(("kernel", "kernel", "exact"))
        if number % 3 == 0:
            is_late = dice.random() < 0.6
            moment = dice.uniform(0, 0.3 if is_late else 0.8)
            drawn.append(Fault(number, dice.choice(list(SIGNALS)), moment, mode, is_late))
        else:
            kind = kinds[(number - number // 3 - 1) % len(kinds)]
            first = 0 if kind in EXECUTE_FAULTS else dice.choice((0, 0, 2))
            drawn.append(Fault(number, kind, dice.randint(first, COMMANDS), mode))
    return drawn


def inflict(fault: Fault, folder: Path, latencies: list[int]) -> Outcome:
    """Run lenet5 with a fault and look at what is left; undisturbed it has these latencies."""
    mark = folder / "mark"
    arguments = ["run", "lenet5", "--quiet", "--output", str(folder / "run")]
    arguments += ["--deadline", str(DEADLINE_S), "--model-mode", fault.mode]
    environment = {}
    if fault.kind not in SIGNALS:
        arguments += ["--accelerator", str(folder.parent / "model")]
        environment = {
            "FAULT_KIND": fault.kind,
            "FAULT_AT": str(int(fault.moment)),
            "FAULT_SEED": str(fault.number),
            "FAULT_MARK": str(mark),
        }
    launched = Launched(folder, *arguments, **environment)
    if fault.kind in SIGNALS:
        _signal(launched, fault, mark)
    ended = launched.end(LONGEST_RUN_S)
    now = launched.begin + ended.seconds
    started = mark.stat().st_mtime - time.time() + time.monotonic() if mark.exists() else now
    _judge(ended, now - started if mark.exists() else 0.0, is_there=mark.exists())
    return Outcome(fault, ended, mark.exists(), now - started, latencies)


def _signal(launched: Launched, fault: Fault, mark: Path) -> None:
    pid = launched.wait_for_model()
    while fault.is_late and not (launched.run / "program.pb").exists():
        if launched.process.poll() is not None:
            return
        time.sleep(0.002)
    time.sleep(fault.moment)
    if pid is not None and launched.model_pid() == pid:
        os.kill(pid, SIGNALS[fault.kind])
        mark.touch()


def _judge(ended: Ended, seconds_after: float, *, is_there: bool) -> None:
    check_one_message(ended)
    check_evidence(ended)
    if ended.code not in (0, 1):
        ended.complaints.append(f"exit code {ended.code}")
    if ended.code and not is_there and not _is_late(ended):
        ended.complaints.append("the run failed before the fault happened")
    if seconds_after > DEADLINE_S + MARGIN_S:
        ended.complaints.append(f"ended {seconds_after:.1f} s after the fault")
    if ended.code == 0 and not _is_right(ended):
        ended.complaints.append("a wrong result is reported as success")
    if ended.complaints:
        ended.complaints.append(f"(exit code {ended.code}; stderr: {ended.stderr[-1500:]})")


def _is_late(ended: Ended) -> bool:
    """Tell whether a busy machine made even a good model miss the short deadline."""
    return "missed its deadline" in ended.stderr


def _is_right(ended: Ended) -> bool:
    """Tell whether the outputs are the reference's and the class is the right one."""
    reference, found = ended.result["reference"], ended.result["classification"]
    return bool(reference["within_tolerance"]) and found["predicted"] == found["expected"]


def soak(count: int, seed: int, folder: Path, *, workers: int = 2) -> list[Outcome]:
    """Inflict faults, two at a time."""
    program = folder / "model"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{FAULTY_MODEL}" "$@"\n')
    program.chmod(0o755)

    clean = Launched(folder / "clean", "run", "lenet5", "--output", str(folder / "clean" / "run"))
    latencies = clean.end(LONGEST_RUN_S).result["latencies"]

    def one(fault: Fault) -> Outcome:
        return inflict(fault, folder / f"{fault.number}", latencies)

    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(one, faults(count, seed)))


def summary(outcomes: list[Outcome]) -> list[str]:
    """Return lines that say what happened, and every complaint."""
    lines = [f"{len(outcomes)} faults, deadline {DEADLINE_S:g} s"]
    counts = Counter(outcome.word for outcome in outcomes)
    lines += [f"  {count:4d}  {word}" for word, count in counts.most_common()]
    after = sorted(outcome.seconds_after for outcome in outcomes if outcome.happened)
    if after:
        lines.append(
            f"  from fault to end of harness: median {statistics.median(after):.2f} s, "
            f"longest {after[-1]:.2f} s"
        )
    bad = [outcome for outcome in outcomes if outcome.ended.complaints]
    lines.append(f"  {len(bad)} broke a promise")
    for outcome in bad:
        lines += [f"  {outcome.fault}", *(f"    {each}" for each in outcome.ended.complaints)]
    return lines


def main(arguments: list[str]) -> int:
    """Soak and print."""
    count = int(arguments[0]) if arguments else 200
    seed = int(arguments[1]) if len(arguments) > 1 else 1
    with tempfile.TemporaryDirectory(prefix="harness-soak-") as folder:
        outcomes = soak(count, seed, Path(folder))
    if "-v" in arguments:
        for outcome in outcomes:
            sys.stdout.write(f"{outcome.fault}: {outcome.word}\n{outcome.ended.stderr}\n")
    sys.stdout.write("\n".join([*summary(outcomes), ""]))
    return int(any(outcome.ended.complaints for outcome in outcomes))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
