"""The part of run.json that gem5's scripts read besides target and hashes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.base.threads import SINGLE_THREAD
from harness.base.units import MIB
from harness.bridge.process import model_argv
from harness.run.directory import MODEL_LOG
from harness.run.gem5.arguments import runtime_arguments
from harness.run.gem5.command import INPUTS_BIN

if TYPE_CHECKING:
    from harness.compiler.program import Program
    from harness.run.gem5.setup import Gem5Setup
    from harness.run.prepared import PreparedRun

LEAST_MEMORY_BYTES = 512 * MIB
"""Enough for the kernel, the runtime and small networks; a checkpoint serves all of those."""
SYSTEM_MEMORY_BYTES = 256 * MIB
"""What kernel, initramfs, runtime and page tables are given besides the windows."""
PROGRESS_TICKS = 10**8
"""Simulated time between two lines of progress, 100 us; no effect on any result."""
MANUAL_DEADLINE_S = 10.0**7
"""Somebody who debugs a model is not hurried: four months."""
_BEYOND_MODEL_ARGV = 2  # "--endpoint ENDPOINT", which the script appends


def memory_bytes(program: Program) -> int:
    """Return the size of the simulated memory: a power of two with room for all windows twice."""
    needed = 2 * sum(window.size_bytes for window in program.windows) + SYSTEM_MEMORY_BYTES
    size = LEAST_MEMORY_BYTES
    while size < needed:
        size *= 2
    return size


def describe_run(run: PreparedRun, setup: Gem5Setup, guest: dict[str, Any]) -> dict[str, Any]:
    """Return the object "gem5" of run.json; paths in it are absolute, or relative to run.json.

    Args:
        run: The run, compiled.
        setup: gem5 and the guest runtime.
        guest: For full-system runs: kernel, initramfs, command line, checkpoint, disk.
    """
    spec = run.request.spec
    return {
        "mode": spec.simulation_mode,
        "cpu": spec.cpu,
        "threads": spec.threads,
        "arguments": runtime_arguments(run),
        "model": _describe_model(run),
        "files": {
            "runtime": str(setup.runtime.path),
            "program": "program.pb",
            "weights": "program.bin",
            "inputs": INPUTS_BIN,
        },
        "guest": guest,
        "boot": "atomic" if spec.boot == "auto" else spec.boot,
        "maximum_ticks": spec.maximum_ticks,
        "memory_bytes": memory_bytes(run.program),
        "progress_ticks": PROGRESS_TICKS,
        "steps": len(run.program.steps),
    }


def _describe_model(run: PreparedRun) -> dict[str, Any]:
    request, spec = run.request, run.request.spec
    reference = spec.accelerator or run.target.accelerator.model
    argv = [] if request.replay else model_argv(_absolute(reference), "")[:-_BEYOND_MODEL_ARGV]
    return {
        "argv": argv,
        "environment": {"PYTHONHASHSEED": "0", **SINGLE_THREAD},
        "log": MODEL_LOG,
        "manual": request.debug_model,
        "parameters": dict(run.target.accelerator.parameters),
        "mode": spec.mode,
        "seed": spec.seed,
        "deadline_s": MANUAL_DEADLINE_S if request.debug_model else spec.deadline_s,
        "record": str(request.record.absolute()) if request.record else "",
        "replay": str(request.replay.absolute()) if request.replay else "",
    }


def _absolute(reference: str) -> str:
    """Make a reference to a file independent of the current folder."""
    name, colon, model = reference.partition(".py:")
    path = Path(f"{name}.py" if colon else reference)
    if path.is_file() and ("/" in reference or path.suffix in {".py", ".so"}):
        return f"{path.absolute()}{f':{model}' if colon else ''}"
    return reference
