"""A real Slurm of one node: submit, fail in every way, time out, be preempted, requeue, cancel.

Slurm waits long, so all sweeps run beside each other and each check looks at one of them.
"""

from __future__ import annotations

import faulthandler
import json
import platform
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.sweep.slurm_cluster import SlurmCluster, obstacle
from tests.sweep.sweeping import HARNESS, write_sweep

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

DAY = str(Path(__file__).with_name("day.py"))
_WAIT_S = 250.0
_COMMAND = f"""
[launch]
argv = ["{sys.executable}", "{DAY}", "{{day}}", "{{number}}", "FOLDER", "{{outdir}}"]
needs_stats = false
"""
SCENARIOS = {
    "classes": """
[[zip]]
day = ["good", "good", "good", "exit", "crash", "memory", "sleep", "worker"]
number = [1, 2, 3, 4, 5, 6, 7, 8]
[resources]
memory = "200 MiB"
time = "4 s"
[retry]
time_limit = { tries = 1, time = 1.5 }
""",
    "limit": """
[product]
day = "sleep"
number = 1
[retry]
time_limit = 0
[slurm]
extra = ["--time=1"]
grace_s = 20
""",
    "preempted": """
[product]
day = "once"
number = [1]
[resources]
cores = 8
[slurm]
partition = "low"
grace_s = 4
""",
    "cancelled": """
[product]
day = "sleep"
number = [1, 2, 3]
[slurm]
pack = 2
""",
    "detached": """
[[zip]]
day = ["until", "until", "memory"]
number = [1, 2, 3]
[resources]
memory = "400 MiB"
[retry]
out_of_memory = { tries = 1, memory = 2 }
""",
    "prepared": """
[product]
day = "good"
number = [1, 2, 3]
[[prepare]]
name = "boot"
argv = ["sh", "-c", "sleep 2; date > {output}/booted"]
""",
    "unprepared": """
[product]
day = "good"
number = [1, 2]
[[prepare]]
name = "boot"
argv = ["false"]
""",
}


class Scenarios:
    """All sweeps, each with its launcher."""

    def __init__(self, folder: Path, cluster: SlurmCluster) -> None:
        self.folder = folder
        self.cluster = cluster
        self.launchers: dict[str, subprocess.Popen[bytes]] = {}

    def begin(self) -> None:
        """Start all launchers."""
        for name, text in SCENARIOS.items():
            place = self.folder / name
            place.mkdir()
            write_sweep(place, text + _COMMAND.replace("FOLDER", str(place)), name)
            argv = [HARNESS, "sweep", "run", f"{name}.toml", "-e", "slurm", "-q", "-o", "out"]
            argv += ["--detach"] if name == "detached" else []
            self.launchers[name] = subprocess.Popen(
                argv, cwd=place, env=self.cluster.environment, stdout=subprocess.DEVNULL
            )

    def say(self, name: str, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a command of harness about a sweep."""
        argv = [HARNESS, "sweep", *words]
        return subprocess.run(
            argv,
            cwd=self.folder / name,
            env=self.cluster.environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def status(self, name: str) -> dict[str, Any]:
        """Return what `harness sweep status` says."""
        done = self.say(name, "status", "out", "--json")
        assert done.returncode == 0, done.stderr
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    def points(self, name: str) -> list[tuple[Any, str, str, int]]:
        """Return day, state, ending and attempts of each point."""
        return [
            (p["parameters"]["day"], p["state"], p["ending"], p["attempts"])
            for p in self.status(name)["points"]
            if p["kind"] == "launch"
        ]

    def await_(self, name: str, condition: Callable[[dict[str, Any]], bool]) -> None:
        """Wait for a sweep's state."""
        end_s = time.monotonic() + _WAIT_S
        while not condition(found := self.status(name)):
            assert time.monotonic() < end_s, json.dumps(found, indent=1)
            time.sleep(0.5)

    def finish(self, name: str) -> int:
        """Wait for a launcher's end."""
        return self.launchers[name].wait(_WAIT_S)


@pytest.fixture
def scenarios(tmp_path: Path) -> Iterator[Scenarios]:
    if why := obstacle():
        pytest.skip(why)
    folder = tmp_path
    cluster = SlurmCluster(folder / "cluster", cores=14)
    cluster.start()
    found = Scenarios(folder, cluster)
    try:
        found.begin()
        yield found
    finally:
        for launcher in found.launchers.values():
            if launcher.poll() is None:
                launcher.kill()
            launcher.wait()
        cluster.stop()


def _a_preempted_point_is_requeued_by_slurm_and_done(scenarios: Scenarios) -> None:
    marker = scenarios.folder / "preempted" / "once-1"
    end_s = time.monotonic() + _WAIT_S
    while not marker.exists():
        assert time.monotonic() < end_s
        time.sleep(0.2)
    argv = ["--partition=high", "--cpus-per-task=8", "--wrap=sleep 2", "--output=/dev/null"]
    scenarios.cluster.say("sbatch", *argv)
    assert scenarios.finish("preempted") == 0
    assert scenarios.points("preempted") == [("once", "succeeded", "success", 2)]
    state = scenarios.folder / "preempted" / "out" / "state"
    first = json.loads(next(state.glob("*.1.end")).read_text())
    assert first["ending"] == "preempted"
    second = json.loads(next(state.glob("*.2.claim")).read_text())
    assert second["restarts"] == 1  # the same job, started again by Slurm


def _cancelled_points_end_and_leave_the_queue(scenarios: Scenarios) -> None:
    scenarios.await_("cancelled", lambda each: each["counts"]["running"] == 2)
    assert scenarios.say("cancelled", "cancel", "out").stdout == "cancelled 3 points\n"
    assert scenarios.finish("cancelled") == 1
    assert Counter(state for _, state, _, _ in scenarios.points("cancelled")) == {"cancelled": 3}
    assert not scenarios.cluster.say("squeue", "-h", "--name=cancelled").strip()


def _points_wait_for_their_stage(scenarios: Scenarios) -> None:
    assert scenarios.finish("prepared") == 0
    place = scenarios.folder / "prepared" / "out"
    booted = next((place / "prepare").glob("*/booted")).stat().st_mtime
    begun = [json.loads(p.read_text())["begun_s"] for p in (place / "state").glob("*.claim")]
    assert len(begun) == 4
    assert sorted(begun)[1] >= booted


def _points_whose_stage_failed_are_held_and_leave_the_queue(scenarios: Scenarios) -> None:
    assert scenarios.finish("unprepared") == 1
    assert Counter(state for _, state, _, _ in scenarios.points("unprepared")) == {"held": 2}
    assert not scenarios.cluster.say("squeue", "-h", "--name=unprepared").strip()


def _every_class_of_failure_is_told_and_tried_again_by_policy(scenarios: Scenarios) -> None:
    assert scenarios.finish("classes") == 1
    assert scenarios.points("classes") == [
        ("good", "succeeded", "success", 1),
        ("good", "succeeded", "success", 1),
        ("good", "succeeded", "success", 1),
        ("exit", "failed", "script error", 1),
        ("crash", "failed", "crash", 1),
        ("memory", "failed", "out of memory", 3),
        ("sleep", "failed", "time limit", 2),
        ("worker", "succeeded", "success", 2),
    ]
    state = scenarios.folder / "classes" / "out" / "state"
    given = {
        json.loads(path.read_text())["resources"]["memory_bytes"] >> 20
        for path in state.glob("*.claim")
    }
    assert given == {200, 300, 450}


def _slurms_own_time_limit_warns_the_worker_first(scenarios: Scenarios) -> None:
    assert scenarios.finish("limit") == 1
    assert scenarios.points("limit") == [("sleep", "failed", "time limit", 1)]
    assert not list((scenarios.folder / "limit").glob("**/core"))


def _status_is_right_without_launcher_and_accounting(scenarios: Scenarios) -> None:
    assert scenarios.finish("detached") == 0
    assert not scenarios.cluster.say("sacct", "-n").strip()
    scenarios.await_("detached", lambda each: each["counts"]["running"] >= 2)
    hosts = {p["host"] for p in scenarios.status("detached")["points"] if p["state"] == "running"}
    assert hosts == {platform.node()}
    (scenarios.folder / "detached" / "go-on").touch()
    scenarios.await_("detached", lambda each: each["counts"]["succeeded"] == 2)
    # It needs 600 MiB: its own worker has submitted it again with 800 MiB, and there it stays.
    scenarios.await_("detached", lambda each: each["points"][2]["attempts"] == 2)
    assert scenarios.say("detached", "cancel", "out").stdout == "cancelled 1 points\n"
    assert scenarios.points("detached")[:2] == [("until", "succeeded", "success", 1)] * 2


CHECKS = (
    _a_preempted_point_is_requeued_by_slurm_and_done,
    _cancelled_points_end_and_leave_the_queue,
    _points_wait_for_their_stage,
    _points_whose_stage_failed_are_held_and_leave_the_queue,
    _every_class_of_failure_is_told_and_tried_again_by_policy,
    _slurms_own_time_limit_warns_the_worker_first,
    _status_is_right_without_launcher_and_accounting,
)


@pytest.mark.slurm
@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_real_slurm_does_and_tells_what_is_asked(scenarios: Scenarios) -> None:
    """One test, so that one cluster serves all checks also when tests are spread over processes."""
    faulthandler.cancel_dump_traceback_later()  # it takes longer than other tests may
    for check in CHECKS:
        check(scenarios)
