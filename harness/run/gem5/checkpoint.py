"""Boots the guest once, to a checkpoint in the user's cache, and finds it again.

The name of a checkpoint is a hash of what it depends on: gem5, the board, kernel, initramfs,
command line, number of CPUs, clocks, memory, devices, the disk's size. Caches, interfaces, CPU
models, workloads and what is on the disk are not in it: they join when the checkpoint is restored.
"""

from __future__ import annotations

import hashlib
import json
import platform
import shutil
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from harness.base.errors import BackendError, SpecError
from harness.base.units import TICKS_PER_SECOND
from harness.run.cache import cache_directory, files_sha256, locked
from harness.run.directory import RUN_JSON
from harness.run.failure import SimulationFailedError
from harness.run.gem5.arguments import SELF_TEST, runtime_arguments
from harness.run.gem5.command import gem5_command
from harness.run.gem5.description import describe_run
from harness.run.gem5.disk import run_disk
from harness.run.gem5.guest import Guest, command_line, guest_image
from harness.run.gem5.os_counters import REPORT_FILE
from harness.run.gem5.outcome import (
    CHECKPOINT_CAUSE,
    EXPECTED_CAUSE,
    require_right_clock,
    require_success,
)
from harness.run.gem5.requirements import kvm_obstacle
from harness.run.guest.disk import DISK_BYTES

if TYPE_CHECKING:
    from pathlib import Path

    from harness.run.gem5.setup import Gem5Setup
    from harness.run.gem5.supervise import Supervisor
    from harness.run.guest.disk import DataDisk
    from harness.run.prepared import PreparedRun, Progress

KEPT = "checkpoint"
META = "meta.json"
BOOTS = ("atomic", "kvm")
BOOT_LIMIT_TICKS = 60 * TICKS_PER_SECOND
"""A boot takes one to three simulated seconds; a longer one hangs."""
NO_MODEL = {"argv": [], "mode": "kernel"}


@dataclass(frozen=True, slots=True)
class _Booting:
    """Everything that a boot needs."""

    run: PreparedRun
    setup: Gem5Setup
    supervisor: Supervisor
    progress: Progress
    guest: Guest


def prepare_guest(
    run: PreparedRun, setup: Gem5Setup, supervisor: Supervisor, progress: Progress
) -> Guest:
    """Return the run's guest; of a full system with a checkpoint, booted now if there is none.

    Raises:
        SimulationFailedError: The guest does not boot.
        HarnessError: Its kernel or initramfs cannot be had.
    """
    if run.request.spec.simulation_mode == "se":
        return Guest()
    options = run.request.gem5
    image = guest_image(options, progress)
    line = command_line(run.target.cpu.clock_hz, run.program)
    guest = Guest(image, line, hashes=dict(image.hashes))
    disk = run_disk(run, setup, run.directory.path, runtime_arguments(run))
    if options.checkpoint is not None:
        return _with_disk(_given(guest, options.checkpoint), disk)
    booting = _Booting(run, setup, supervisor, progress, guest)
    key = checkpoint_key(run, setup, guest)
    lock = cache_directory("checkpoints") / f"{key}.lock"
    with locked(lock, progress, "waiting for another run that boots the same guest"):
        return _with_disk(_found(booting, key) or _booted(booting, key), disk)


def checkpoint_key(run: PreparedRun, setup: Gem5Setup, guest: Guest) -> str:
    """Return the name of the checkpoint that a run starts from."""
    target = run.target
    board = [setup.configs / "fs.py", *(setup.configs / "soc").rglob("*.py")]
    facts = {
        "gem5": setup.probe.sha256,
        "board": files_sha256(board, setup.configs),
        **guest.hashes,
        "command_line": guest.command_line,
        "cores": target.cpu.cores,
        "clocks_hz": sorted(_clocks(target.to_dict())),
        "line_bytes": target.line_bytes,
        "memory_bytes": _description(run, setup, guest)["memory_bytes"],
        "accelerators": target.accelerator.count,
        "disk_bytes": DISK_BYTES,
    }
    text = json.dumps(facts, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _clocks(data: dict[str, Any]) -> set[int]:
    own = {value for key, value in data.items() if key == "clock_hz"}
    return own.union(*(_clocks(each) for each in data.values() if isinstance(each, dict)))


def _description(run: PreparedRun, setup: Gem5Setup, guest: Guest) -> dict[str, Any]:
    return describe_run(run, setup, guest.description())


def _given(guest: Guest, checkpoint: Path) -> Guest:
    if not (checkpoint / "m5.cpt").is_file():
        raise SpecError("--checkpoint names no checkpoint of gem5", where=str(checkpoint))
    return _with_checkpoint(guest, checkpoint.absolute(), "given")


def _with_disk(guest: Guest, disk: DataDisk) -> Guest:
    return replace(guest, disk=disk.path, hashes={**guest.hashes, "disk": disk.key})


def _with_checkpoint(guest: Guest, checkpoint: Path, boot: str) -> Guest:
    files = [path for path in checkpoint.rglob("*") if path.is_file()]
    hashes = {**guest.hashes, "checkpoint": files_sha256(files, checkpoint)}
    return replace(guest, checkpoint=checkpoint, boot=boot, hashes=hashes)


def _found(booting: _Booting, key: str) -> Guest | None:
    wanted = booting.run.request.spec.boot
    for boot in BOOTS if wanted == "auto" else (wanted,):
        place = cache_directory("checkpoints") / f"{key}-{boot}"
        if (place / META).is_file():
            return _with_checkpoint(booting.guest, place / KEPT, boot)
    return None


def _booted(booting: _Booting, key: str) -> Guest:
    wanted = booting.run.request.spec.boot
    if wanted != "auto":
        return _boot(booting, key, wanted)
    failed = _kvm_failure(booting)
    obstacle = kvm_obstacle(booting.setup.probe) or _remembered(failed)
    if not obstacle:
        try:
            return _boot(booting, key, "kvm")
        except SimulationFailedError as error:
            obstacle = f"it failed: {(error.got or error.what).splitlines()[0]}"
            failed.write_text(f"{obstacle}\n")
    booting.progress.notice(f"not booting with KVM: {obstacle}")
    return _boot(booting, key, "atomic")


def _kvm_failure(booting: _Booting) -> Path:
    """Return the file that remembers why this gem5 does not boot with KVM on this host."""
    host = f"{booting.setup.probe.sha256} {platform.node()} {platform.release()}"
    name = hashlib.sha256(host.encode()).hexdigest()[:32]
    return cache_directory("checkpoints") / f"kvm-{name}.txt"


def _remembered(failed: Path) -> str:
    if not failed.is_file():
        return ""
    return f"{failed.read_text().strip()} (before; --boot kvm tries it again)"


def _boot(booting: _Booting, key: str, boot: str) -> Guest:
    """Boot beside the place and move the checkpoint there when it is whole."""
    place = cache_directory("checkpoints") / f"{key}-{boot}"
    scratch = place.with_suffix(".boot")
    shutil.rmtree(scratch, ignore_errors=True)
    try:
        scratch.mkdir()
        booting.progress.stage(f"booting (once): Linux, {boot}, {_cpus(booting)}; {scratch}")
        _simulate(booting, scratch, boot)
        if boot == "kvm":
            _test_restore(booting, scratch)
        (scratch / META).write_text(json.dumps({"boot": boot, "key": key}) + "\n")
        shutil.rmtree(place, ignore_errors=True)
        scratch.replace(place)
    except OSError as error:
        raise BackendError(f"cannot keep the checkpoint: {error}", where=str(scratch)) from error
    return _with_checkpoint(booting.guest, place / KEPT, boot)


def _cpus(booting: _Booting) -> str:
    count = booting.run.target.cpu.cores
    return f"{count} CPU{'s' if count != 1 else ''}"


def _simulate(booting: _Booting, folder: Path, boot: str) -> None:
    checkpoint = folder / KEPT
    guest = {**booting.guest.description(), "make_checkpoint": str(checkpoint)}
    described = {
        **_description(booting.run, booting.setup, booting.guest),
        "guest": guest,
        "boot": boot,
        "files": {},
        "model": NO_MODEL,
        "maximum_ticks": BOOT_LIMIT_TICKS,
        "steps": 0,
    }
    _run(booting, folder, described, CHECKPOINT_CAUSE)
    if not (checkpoint / "m5.cpt").is_file():
        raise SimulationFailedError("boot failed", "gem5 made no checkpoint", where=str(folder))


def _test_restore(booting: _Booting, folder: Path) -> None:
    """Restore a KVM checkpoint into a simulated CPU and let the runtime test itself.

    Raises:
        SimulationFailedError: The restored guest does not live.
    """
    booting.progress.stage("testing the checkpoint")
    described = _description(booting.run, booting.setup, booting.guest)
    test = folder / "self_test"
    test.mkdir()
    disk = run_disk(booting.run, booting.setup, test, SELF_TEST)
    restored = replace(booting.guest, checkpoint=folder / KEPT, disk=disk.path)
    changed = {"guest": restored.description(), "cpu": "atomic", "model": NO_MODEL, "files": {}}
    described |= {**changed, "self_test": True, "maximum_ticks": BOOT_LIMIT_TICKS}
    _run(booting, test, described, EXPECTED_CAUSE)
    require_right_clock(_clock(test / REPORT_FILE))


def _clock(report: Path) -> dict[str, float]:
    try:
        clock = json.loads(report.read_text())["clock"]
        return {f"clock.{name}": float(value) for name, value in clock.items()}
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return {}


def _run(booting: _Booting, folder: Path, described: dict[str, Any], expected: str) -> None:
    data = {"target": booting.run.manifest.target, "gem5": described}
    (folder / RUN_JSON).write_text(json.dumps(data, indent=1) + "\n")
    setup, options = booting.setup, replace(booting.run.request.gem5, debug_flags="")
    argv = gem5_command(setup.binary, folder, setup.script("fs"), options, ".")
    ended = booting.supervisor.run(argv, folder)
    try:
        require_success(ended, expected)
    except SimulationFailedError as error:
        raise SimulationFailedError(
            "boot failed",
            f"the guest does not boot: {error.what}",
            where=error.where,
            expected=error.expected,
            got=error.got,
            way_out=error.way_out,
        ) from error
