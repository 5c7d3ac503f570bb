"""Does what a point is about, in this process, and says how it ended."""

from __future__ import annotations

import os
import shutil
import traceback
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.base.errors import HarnessError
from harness.run.ending import Ending
from harness.run.ending_of_run import ending_of_error, ending_of_result
from harness.sweep.description.point import PREPARE, RUN
from harness.sweep.planning.command_points import CHECKPOINT, KEEP, OUTDIR, OUTPUT, STAGE, fill
from harness.sweep.planning.silence import Silence
from harness.sweep.state.attempts import End

if TYPE_CHECKING:
    from harness.run.request import RunRequest
    from harness.sweep.state.directory import SweepDirectory
    from harness.sweep.state.task import Task

CHECKPOINT_FILE = "m5.cpt"


def perform(directory: SweepDirectory, task: Task) -> End:
    """Make an attempt; whatever happens, how it ended is returned.

    The point's directory is made anew. Only a checkpoint that the description asks to keep is
    taken over from the attempt before.
    """
    checkpoint = ""
    try:
        checkpoint = _rescued(directory, task)
        with suppress(FileNotFoundError):
            shutil.rmtree(directory.place(task.point))
        os.chdir(directory.cwd)
        if task.point.kind == RUN:
            return _run(directory, task)
        return _launch(directory, task, checkpoint)
    except (HarnessError, KeyboardInterrupt, MemoryError, OSError) as error:
        return End(ending_of_error(error), type(error).__name__, str(error))
    except Exception:  # noqa: BLE001 - a bug in one point's code must not look like a lost process
        return End(Ending.CRASH, "internal error", traceback.format_exc())


def _run(directory: SweepDirectory, task: Task) -> End:
    from harness.run.pipeline import execute  # noqa: PLC0415 - commands need none of it

    finished = execute(run_request(directory, task), Silence())
    result = finished.result
    return End(ending_of_result(result), result.exit_cause, result.message)


def run_request(directory: SweepDirectory, task: Task) -> RunRequest:
    """Return the request of a point that is a run; the task's time limits the run's."""
    from harness.run.gem5_options import Gem5Options  # noqa: PLC0415 - as above
    from harness.run.request import RunRequest  # noqa: PLC0415
    from harness.run.spec import RunSpec  # noqa: PLC0415

    point = task.point
    plain = {**point.work["spec"], "timeout_s": float(task.resources.time_s)}
    binary = point.work["gem5"]
    return RunRequest(
        RunSpec.from_dict(plain, point.id),
        output=str(directory.place(point)),
        command_line=("sweep", directory.name, point.id),
        gem5=Gem5Options(binary=Path(binary) if binary else None),
    )


def _launch(directory: SweepDirectory, task: Task, checkpoint: str) -> End:
    from harness.run.launch.launch import launch  # noqa: PLC0415 - runs of harness need none of it
    from harness.run.launch.spec import LaunchSpec  # noqa: PLC0415

    work, point = task.point.work, task.point
    values = command_values(directory, task)
    argv = [fill(word, values) for word in work["argv"]]
    if point.kind == PREPARE and not _is_for_gem5(argv, work["cwd"]):
        argv = ["env", f"HARNESS_OUTDIR={{{OUTDIR}}}", *argv]  # any command will do for a stage
    if checkpoint:
        argv += [fill(word, {**values, CHECKPOINT: checkpoint}) for word in work["resume"]]
    directory.kept(point).mkdir(parents=True, exist_ok=True)
    spec = LaunchSpec(
        argv=tuple(argv),
        cwd=work["cwd"],
        environment={k: fill(v, values) for k, v in work["environment"].items()},
        timeout_s=task.resources.time_s,
        memory_bytes=task.resources.memory_bytes,
        no_progress_s=work["no_progress_s"],
        expect=tuple(work["expect"]),
        needs_stats=work["needs_stats"],
    )
    finished = launch(spec, str(directory.place(point)), Silence(), name=point.id)
    outcome = finished.outcome
    return End(outcome.ending, outcome.exit_cause, outcome.message)


def _is_for_gem5(argv: list[str], cwd: str) -> bool:
    """Tell whether `harness launch` finds gem5, or a place for its output, in a command."""
    from harness.run.launch.recognition import Kind, find_program, recognise  # noqa: PLC0415

    path = os.environ.get("PATH", "")
    kinds = (recognise(word, find_program(word, cwd, path)) for word in argv)
    is_known = any(kind not in {Kind.OTHER, Kind.NO_PROGRAM} for kind in kinds)
    return is_known or any(f"{{{OUTDIR}}}" in word for word in argv)


def command_values(directory: SweepDirectory, task: Task) -> dict[str, Any]:
    """Return what the placeholders of a point's command stand for."""
    point = task.point
    places = {OUTPUT: str(directory.place(point)), KEEP: str(directory.kept(point))}
    places[OUTDIR] = f"{{{OUTDIR}}}"
    stages = {
        f"{STAGE}{name}": str(directory.path / "prepare" / found)
        for name, found in point.work["stages"].items()
    }
    return {**point.work["values"], **places, **stages}


def _rescued(directory: SweepDirectory, task: Task) -> str:
    """Move the newest whole checkpoint of the attempt before to safety; return where one is."""
    pattern = task.point.work.get("checkpoint", "")
    if not pattern:
        return ""
    kept = directory.kept(task.point)
    found = [each for each in directory.place(task.point).glob(pattern) if _is_whole(each)]
    for each in sorted(found, key=_tick)[-1:]:
        kept.mkdir(parents=True, exist_ok=True)
        target = kept / each.name
        if not target.exists():
            each.replace(target)
    safe = sorted((each for each in kept.glob("*") if _is_whole(each)), key=_tick)
    return str(safe[-1]) if safe else ""


def _is_whole(folder: Path) -> bool:
    """gem5 writes m5.cpt last but for the memory's images, which it names."""
    try:
        text = (folder / CHECKPOINT_FILE).read_text(errors="replace")
    except OSError:
        return False
    images = [line.partition("=")[2] for line in text.splitlines() if line.startswith("filename=")]
    return all((folder / each).is_file() for each in images if each)


def _tick(folder: Path) -> tuple[int, str]:
    digits = folder.name.rpartition(".")[2]
    return (int(digits) if digits.isdigit() else 0, folder.name)
