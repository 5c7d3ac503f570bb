"""Repeats a launch from its directory, and says what came out differently."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from harness.base.errors import ExitCode, SpecError
from harness.run.directory import RESULT_JSON, write_whole
from harness.run.ending import Ending
from harness.run.launch.file_hashes import describe_file
from harness.run.launch.frozen import FrozenLaunch, read_launch
from harness.run.launch.launch import FinishedLaunch, launch
from harness.run.launch.outcome import read_outcome
from harness.run.launch.places import OUTDIR
from harness.run.launch.rerun_script import absent_variables

if TYPE_CHECKING:
    from typing import BinaryIO

    from harness.run.launch.outcome import LaunchOutcome
    from harness.run.prepared import Progress

_HOST_LINE = re.compile(rb"^(?:host\w+|host_\w+)\s.*\n", re.MULTILINE)
"""Statistics about the host: the only ones that may differ."""


def repeat(
    directory: str,
    output: str | None,
    progress: Progress | None,
    *,
    force: bool = False,
    takes_changes: bool = False,
    echo: BinaryIO | None = None,
) -> FinishedLaunch:
    """Run the command of an old launch again, in the environment that was frozen with it.

    Args:
        directory: The old launch's.
        output: As for `launch`.
        progress: As for `launch`.
        force: As for `launch`.
        takes_changes: Whether files that have changed since are taken as they are now.
        echo: As for `launch`.

    Returns:
        The new launch. Its outcome lists what came out differently; it is no success then.

    Raises:
        SpecError: That is no launch, or a file of it has changed.
    """
    frozen, old = read_launch(directory)
    before = read_outcome(old)
    if not takes_changes:
        _check_files(frozen)
    absent = tuple(dict.fromkeys((*frozen.spec.without, *absent_variables(frozen))))
    spec = replace(frozen.spec, environment=frozen.environment, without=absent)
    name = Path(old.absolute().name).name
    finished = launch(spec, output, progress, name=name, force=force, echo=echo)
    found = differences(before, finished.outcome, old / OUTDIR, finished.directory / OUTDIR)
    outcome = replace(finished.outcome, repeats=str(old.absolute()), differences=tuple(found))
    code = finished.exit_code
    if found and outcome.is_success:
        text = "the repeated launch came out differently\n    " + "\n    ".join(found)
        outcome = replace(outcome, ending=Ending.WRONG_OUTPUT, message=text)
        code = ExitCode.RUN_FAILED
    with suppress(OSError):
        write_whole(finished.directory / RESULT_JSON, outcome.to_json())
    return FinishedLaunch(finished.directory, code, outcome)


def _check_files(frozen: FrozenLaunch) -> None:
    for before in frozen.files:
        path = Path(str(before["path"]))
        now = describe_file(path) if path.is_file() else {}
        keys = ("sha256", "size_bytes", "mtime_ns")
        if any(before.get(key) != now.get(key) for key in keys):
            raise SpecError(
                f"the launch's {before['role']} is not what it was",
                where=str(path),
                expected=f"SHA-256 {before.get('sha256', 'unknown')}",
                got=f"SHA-256 {now.get('sha256', 'unknown')}" if now else "no such file",
                way_out="bring the old one back, or take the new one with --changed-files",
            )


def differences(before: LaunchOutcome, after: LaunchOutcome, old: Path, new: Path) -> list[str]:
    """Return what differs between two launches of the same command; the host's speed may."""
    pairs = (
        ("ending", before.ending.value, after.ending.value),
        ("exit cause", before.exit_cause, after.exit_cause),
        ("final tick", before.ticks, after.ticks),
        ("dumps", before.dumps, after.dumps),
    )
    found = [f"{what}: {first}, now {second}" for what, first, second in pairs if first != second]
    for name in before.stats:
        texts = [_simulated(folder / name) for folder in (old, new)]
        if texts[0] is not None and texts[0] != texts[1]:
            found.append(f"{name} differs: see harness compare")
    return found


def _simulated(path: Path) -> bytes | None:
    """Return the lines of a statistics file that do not depend on the host."""
    try:
        return _HOST_LINE.sub(b"", path.read_bytes())
    except OSError:
        return None
