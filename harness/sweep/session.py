"""One call for each thing that users do with a sweep; the command line is a thin layer on these."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.base.errors import SpecError
from harness.run.watch import watched
from harness.sweep.description.sweep import Sweep
from harness.sweep.description.toml_form import read_toml
from harness.sweep.drive import drive
from harness.sweep.planning.plan import make_plan
from harness.sweep.state.attempts import Pardon
from harness.sweep.state.directory import SWEEP_JSON, SweepDirectory
from harness.sweep.state.point_state import Phase
from harness.sweep.state.state_table import StateTable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from harness.run.ending import Ending
    from harness.sweep.description.point import Point
    from harness.sweep.drive import SweepProgress
    from harness.sweep.executors.interface import Executor

EXECUTORS = ("local", "slurm", "dry-run")
PYTHON_NAME = "sweep"
"""The name under which a Python description holds its sweep, or the function that makes it."""


def read_description(path: Path) -> Sweep:
    """Read a sweep from a .toml file, or from a .py file that defines `sweep`.

    Raises:
        SpecError: It is neither, or wrong.
    """
    if path.suffix == ".toml":
        return read_toml(path)
    if path.suffix != ".py" or not path.is_file():
        raise SpecError(
            "no such sweep",
            where=str(path),
            expected="a .toml file, a .py file, or a sweep's directory",
        )
    spec = importlib.util.spec_from_file_location(f"harness_sweep_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise SpecError("not a Python script", where=str(path))
    module = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(path.resolve().parent))
    try:
        spec.loader.exec_module(module)
        found = getattr(module, PYTHON_NAME, None)
        made = found() if callable(found) else found
    finally:
        sys.path.remove(str(path.resolve().parent))
    if not isinstance(made, Sweep):
        raise SpecError(
            f"the script's {PYTHON_NAME!r} is no Sweep", where=str(path), got=type(made).__name__
        )
    return made


def open_sweep(path: Path, output: Path | None = None) -> SweepDirectory:
    """Return the sweep that a path names: a directory, or a description that is planned into one.

    Raises:
        HarnessError: There is none, or a point of it cannot run.
    """
    if path.is_dir():
        if output is not None and output.absolute() != path.absolute():
            raise SpecError("--output is for descriptions; this is a sweep's directory")
        return SweepDirectory.open(path)
    if path.name == SWEEP_JSON:
        return SweepDirectory.open(path.parent)
    return planned(read_description(path), output)


def planned(sweep: Sweep, directory: str | Path | None = None) -> SweepDirectory:
    """Plan a sweep and make, or extend, its directory."""
    plan = make_plan(sweep)
    found = SweepDirectory(Path(directory) if directory else sweep.default_directory)
    found.install(plan)
    return found


def find_sweep(path: Path, output: Path | None = None) -> SweepDirectory:
    """Return a sweep that was begun, without planning anything.

    Raises:
        SpecError: There is none.
    """
    if path.suffix in {".toml", ".py"} and path.is_file():
        return SweepDirectory.open(output or read_description(path).default_directory)
    return SweepDirectory.open(path.parent if path.name == SWEEP_JSON else path)


def make_executor(name: str, directory: SweepDirectory, **options: Any) -> Executor:
    """Return an executor by its name.

    Raises:
        SpecError: There is none of that name, or it is not on this machine.
    """
    if name == "local":
        from harness.sweep.executors.local import LocalExecutor  # noqa: PLC0415 - one of them

        return LocalExecutor(directory, **options)
    if name in {"slurm", "dry-run"}:
        from harness.sweep.executors.slurm import SlurmExecutor  # noqa: PLC0415

        return SlurmExecutor(directory, is_dry=name == "dry-run", **options)
    raise SpecError(f"no executor {name!r}", expected=", ".join(EXECUTORS))


def run_sweep(
    sweep: Sweep | SweepDirectory,
    directory: str | Path | None = None,
    *,
    executor: str = "local",
    progress: SweepProgress | None = None,
    is_detached: bool = False,
    **options: Any,
) -> StateTable:
    """Do what is not done yet, and return the states of all points.

    Args:
        sweep: A description, or a sweep that was planned.
        directory: Where a description goes; None for sweeps/NAME.
        executor: "local", "slurm" or "dry-run".
        progress: Is told how it gets on; None for nobody.
        is_detached: Submit and leave; not for the local executor.
        options: The executor's: cores, memory_bytes.

    Raises:
        HarnessError: The sweep cannot begin.
        KeyboardInterrupt: The user ended it; the sweep can be continued.
    """
    from harness.sweep.progress import NoProgress  # noqa: PLC0415 - only where nobody is told

    found = planned(sweep, directory) if isinstance(sweep, Sweep) else sweep
    if executor == "slurm":
        options = {**options, "is_alone": is_detached}
    made = make_executor(executor, found, **options)
    if is_detached and not made.outlives_launcher:
        raise SpecError("the local executor's points end with it", way_out="leave out --detach")
    is_detached = is_detached or made.name == "dry-run"
    made.check(found.everything)
    table = StateTable(found, made.is_alive, made.is_queued)
    shown = progress or NoProgress()
    try:
        with watched():
            drive(table, made, shown, is_detached=is_detached)
    finally:
        shown.close()
    return table


def select(table: StateTable, ids: Sequence[str], classes: Iterable[Ending] = ()) -> list[Point]:
    """Return the points that a user means: by the beginnings of ids, by classes of ending, or all.

    Raises:
        SpecError: An id is no point's.
    """
    everything = table.directory.everything
    for each in ids:
        if not any(point.id.startswith(each) for point in everything):
            raise SpecError(f"the sweep has no point {each!r}", way_out="see harness sweep status")
    wanted = set(classes)
    return [
        point
        for point in everything
        if (not ids or any(point.id.startswith(each) for each in ids))
        and (not wanted or table.states[point.id].ending in wanted)
    ]


def retry(
    table: StateTable,
    ids: Sequence[str] = (),
    classes: Iterable[Ending] = (),
    pardon: Pardon | None = None,
) -> list[Point]:
    """Let failed and cancelled points be tried again at the next `run`; return them."""
    chosen = [
        point
        for point in select(table, ids, classes)
        if table.states[point.id].phase in {Phase.FAILED, Phase.CANCELLED}
    ]
    store = table.directory.store
    for point in chosen:
        attempts = table.states[point.id].attempts
        if attempts:
            store.pardon(point.id, attempts, pardon or Pardon())
        store.resume(point.id)
    table.refresh_all()
    return chosen


def cancel(table: StateTable, executor: Executor, ids: Sequence[str] = ()) -> list[Point]:
    """Leave unfinished points alone from now on, and end those that run; return them."""
    chosen = [each for each in select(table, ids) if not table.states[each.id].phase.is_final]
    for point in chosen:
        table.directory.store.cancel(point.id)
    executor.cancel([point.id for point in chosen])
    table.refresh_all()
    return chosen
