"""The run directory: where it is, what is in it, and how nothing of another run gets lost."""

from __future__ import annotations

import fcntl
import os
import shutil
import weakref
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from harness.base.disk_full import says_disk_full
from harness.base.errors import BackendError, InternalError, SpecError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

RUN_JSON = "run.json"
RESULT_JSON = "result.json"
STATS_TXT = "stats.txt"
GEM5_OUTPUT = "m5out"
"""gem5's output folder in a run's directory."""
TIMELINE = "timeline.npy"
INPUTS = "inputs"
MODEL_LOG = "model.log"
OWN_FILES = (
    *(RUN_JSON, RESULT_JSON, STATS_TXT, TIMELINE, "config.ini", "config.json"),
    *("graph.pb", "weights.bin", "program.pb", "program.bin", MODEL_LOG, "trace.json", INPUTS),
    *("inputs.bin", GEM5_OUTPUT, "status.json"),
)
"""What a run may leave in its directory; replacing an old run removes these only."""


@dataclass(frozen=True, slots=True)
class Layout:
    """What a kind of run leaves in its directory.

    Attributes:
        mark: The file by which a directory is known to be one of this kind.
        own_files: What the kind may leave; replacing an old run removes these only.
    """

    mark: str
    own_files: tuple[str, ...]


RUN_LAYOUT = Layout(RUN_JSON, OWN_FILES)


class RunDirectory:
    """A directory of one run; files appear in it whole or not at all.

    While the object lives, or until `release`, no other run can claim the directory.
    """

    def __init__(self, path: Path, layout: Layout = RUN_LAYOUT) -> None:
        self.path = path
        self._layout = layout
        self._made: list[Path] = []
        self._unlock: Callable[[], object] | None = None

    @classmethod
    def create(
        cls, output: str | None, name: str, *, force: bool = False, layout: Layout = RUN_LAYOUT
    ) -> RunDirectory:
        """Make the directory of a new run.

        Args:
            output: The user's choice; None chooses runs/<name>, runs/<name>-2, ...
            name: Name of the workload.
            force: An old run in `output` may be replaced.
            layout: The kind of run.

        Raises:
            SpecError: `output` holds files that are not a run's, or a run and no `force`, or
                another run is using it now.
        """
        try:
            if output is None:
                return cls._create_numbered(Path("runs"), name, layout)
            return cls._create_chosen(Path(output), layout, force=force)
        except OSError as error:
            raise SpecError(
                f"cannot make the run directory: {error.strerror}", where=str(output or "runs")
            ) from error

    @classmethod
    def _create_numbered(cls, parent: Path, name: str, layout: Layout) -> RunDirectory:
        for path in _numbered(parent, name):
            directory = cls(path, layout)
            with suppress(FileExistsError):
                directory._make(path)
                directory._claim()
                return directory
        raise InternalError("numbers never end")

    @classmethod
    def _create_chosen(cls, path: Path, layout: Layout, *, force: bool) -> RunDirectory:
        directory = cls(path, layout)
        if path.is_file():
            raise SpecError("--output names a file", where=str(path))
        if not path.exists():
            with suppress(FileExistsError):
                directory._make(path)
        directory._claim()
        if any(path.iterdir()):
            if not (path / layout.mark).is_file():
                raise SpecError(
                    "--output names a directory with files that are not a run's",
                    where=str(path),
                    way_out="choose an empty directory or a new one",
                )
            if not force:
                raise SpecError(
                    "--output already holds a run",
                    where=str(path),
                    way_out="choose another directory, or replace the run with --force",
                )
            directory.clear()
        return directory

    def _make(self, path: Path) -> None:
        missing = []
        for parent in path.parents:
            if parent.exists():
                break
            missing.append(parent)
        for parent in reversed(missing):
            parent.mkdir(exist_ok=True)
        path.mkdir(mode=0o755)
        self._made = [path, *missing]

    def _claim(self) -> None:
        """Lock the directory itself: no file is left, and the lock ends with the process."""
        descriptor = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY)
        self._unlock = weakref.finalize(self, os.close, descriptor)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            self.release()
            raise SpecError(
                "another run is using this directory",
                where=str(self.path),
                way_out="wait for it, or choose another directory with --output",
            ) from error
        except OSError:
            self.release()  # a file system without locks: nothing more can be done

    def release(self) -> None:
        """Let other runs have the directory."""
        if self._unlock is not None:
            self._unlock()

    def clear(self) -> None:
        """Remove what runs leave here, and nothing else."""
        for name in self._layout.own_files:
            found = self.path / name
            if found.is_dir():
                shutil.rmtree(found)
            else:
                found.unlink(missing_ok=True)

    def discard(self) -> None:
        """Undo `create`, for runs that never began: own files and directories made are removed."""
        with suppress(OSError):
            self.clear()
            for path in self._made:
                path.rmdir()

    def write(self, name: str, content: str | bytes) -> None:
        """Write a file whole or not at all.

        Raises:
            BackendError: The disk is full or the directory went away.
        """
        path = self.path / name
        try:
            path.parent.mkdir(exist_ok=True)
            write_whole(path, content)
        except OSError as error:
            raise disk_error(error, path) from error


def write_whole(path: Path, content: str | bytes) -> None:
    """Write a file whole or not at all.

    Raises:
        OSError: The operating system refuses; what was written is removed.
    """
    temporary = path.with_name(f".{path.name}.part")
    try:
        temporary.write_bytes(content.encode() if isinstance(content, str) else content)
        temporary.replace(path)
    except OSError:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise


def disk_error(error: OSError, path: Path) -> BackendError:
    """Say what the operating system refused, and what helps."""
    is_full = says_disk_full(error)
    return BackendError(
        "the disk is full" if is_full else f"cannot write: {error.strerror or error}",
        where=str(path),
        way_out="free some space, or choose another disk with --output" if is_full else "",
    )


def _numbered(parent: Path, name: str) -> Iterator[Path]:
    yield parent / name
    number = 2
    while True:
        yield parent / f"{name}-{number}"
        number += 1


def next_path(name: str) -> Path:
    """Return the directory that a run of this name would get now."""
    return next(path for path in _numbered(Path("runs"), name) if not path.exists())


def find_run(path: str | Path) -> Path:
    """Return the directory of a run from its path or its run.json's.

    Raises:
        SpecError: That is no run.
    """
    chosen = Path(path)
    directory = chosen.parent if chosen.name in {RUN_JSON, RESULT_JSON} else chosen
    if not (directory / RUN_JSON).is_file():
        raise SpecError(
            "not a run directory", where=str(path), expected=f"a directory with {RUN_JSON}"
        )
    return directory
