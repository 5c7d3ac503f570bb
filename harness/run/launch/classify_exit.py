"""What the cause of a simulation's last exit says about the run."""

from __future__ import annotations

from dataclasses import replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from harness.run.ending import Ending
from harness.run.launch.verdict import Verdict

if TYPE_CHECKING:
    from harness.run.launch.evidence import Evidence
    from harness.run.launch.notes import Simulation

FAIL = "m5_fail instruction encountered"
_LIMITS = ("simulate() limit reached", "Tick exit reached", "max tick")
_INTERRUPT = "user interrupt received"
_GUEST_PANICS = ("kernel panic", "kernel oops")
"""Begin, in lower case, of what gem5's own watch for panics says."""


def judge_exit(evidence: Evidence) -> Verdict | None:
    """Return a verdict if an exit speaks against the run: its own, or another process's."""
    verdict = _judge(evidence.cause, evidence.code, evidence)
    if verdict is not None:
        return verdict
    for other in evidence.simulations:  # forks, MultiSim's, or a wrapper's runs before
        if other is not evidence.main and other.exits:
            verdict = None if _is_expected(other, evidence) else _bad_cause(other.cause, other.code)
            if verdict is not None:
                return replace(verdict, message=f"{verdict.message}, in {other.outdir}")
    return _unfinished(evidence.main, evidence)


def _is_expected(simulation: Simulation, evidence: Evidence) -> bool:
    said = _said(simulation.cause, simulation.code)
    return any(fnmatchcase(said, pattern) for pattern in evidence.spec.expect)


def _said(cause: str, code: int) -> str:
    return f"{cause}, code {code}" if code else cause


def _judge(cause: str, code: int, evidence: Evidence) -> Verdict | None:
    expect = evidence.spec.expect
    said = _said(cause, code)
    if expect and any(fnmatchcase(said, pattern) for pattern in expect):
        return None
    verdict = _bad_cause(cause, code)
    if verdict is not None or not expect:
        return verdict
    got = f"{said!r}" if said else "none that gem5 noted or its script printed"
    wanted = " or ".join(repr(pattern) for pattern in expect)
    return Verdict(
        Ending.WRONG_OUTPUT,
        cause or "no exit cause",
        f"the simulation ended for another cause than expected\n  expected: {wanted}\n  got: {got}",
    )


def _bad_cause(cause: str, code: int) -> Verdict | None:
    if cause == FAIL:
        return Verdict(Ending.GUEST_FAILED, cause, f"the guest called m5_fail, code {code}")
    if cause in _LIMITS:
        return Verdict(
            Ending.MAX_TICK,
            cause,
            "the simulation reached its limit of simulated time before the guest had finished",
            f"if that is how it is to end, say so with --expect '{cause}'",
        )
    if cause == _INTERRUPT:
        return Verdict(Ending.CANCELLED, cause, "somebody interrupted gem5")
    if cause.lower().startswith(_GUEST_PANICS):
        return Verdict(Ending.GUEST_PANIC, cause, "the guest's kernel gave up, as gem5 saw")
    if code:
        text = f"the guest's program ended with exit status {code}"
        return Verdict(Ending.GUEST_FAILED, cause, text)
    return None


def _unfinished(main: Simulation | None, evidence: Evidence) -> Verdict | None:
    """A gem5 that was still simulating when its command ended: a wrapper left it behind."""
    if main is None or not main.is_simulating or main.exits:
        return None
    if evidence.supervised.status:
        return None
    return Verdict(
        Ending.WRONG_OUTPUT,
        "gem5 ended early",
        "the command ended while gem5 was simulating",
        "a script around gem5 must wait for it",
    )
