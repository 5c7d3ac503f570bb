"""Run directories: numbered, refused, replaced, never half written."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from harness.base.errors import BackendError, SpecError
from harness.run.directory import RunDirectory, find_run


def test_runs_are_numbered_and_never_overwritten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    paths = [RunDirectory.create(None, "lenet5").path for _ in range(3)]

    assert [str(path) for path in paths] == ["runs/lenet5", "runs/lenet5-2", "runs/lenet5-3"]


def test_a_directory_with_foreign_files_is_refused_even_with_force(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")

    with pytest.raises(SpecError, match="not a run's"):
        RunDirectory.create(str(tmp_path), "lenet5", force=True)


def test_an_old_run_is_replaced_with_force_only_and_other_files_stay(tmp_path: Path) -> None:
    for name in ("run.json", "stats.txt", "notes.md"):
        (tmp_path / name).write_text("{}")

    with pytest.raises(SpecError, match="--force"):
        RunDirectory.create(str(tmp_path), "lenet5")
    RunDirectory.create(str(tmp_path), "lenet5", force=True)

    assert [path.name for path in tmp_path.iterdir()] == ["notes.md"]


def test_an_empty_directory_of_the_user_is_taken_and_kept(tmp_path: Path) -> None:
    directory = RunDirectory.create(str(tmp_path), "lenet5")
    directory.write("run.json", "{}")

    directory.discard()

    assert tmp_path.is_dir()
    assert not list(tmp_path.iterdir())


def test_discarding_removes_the_directories_that_were_made(tmp_path: Path) -> None:
    directory = RunDirectory.create(str(tmp_path / "a" / "b"), "lenet5")
    directory.write("inputs/0.npy", b"x")

    directory.discard()

    assert not (tmp_path / "a").exists()


def test_a_full_disk_leaves_the_old_file_and_no_temporary(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = RunDirectory(tmp_path)
    directory.write("stats.txt", "old")

    def full(path: Path, data: bytes) -> int:
        with path.open("wb") as stream:
            stream.write(data[:1])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(BackendError, match="disk is full"):
        directory.write("stats.txt", "new")

    assert [path.name for path in tmp_path.iterdir()] == ["stats.txt"]
    assert (tmp_path / "stats.txt").read_text() == "old"


def test_a_run_is_found_by_its_directory_or_its_run_json(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text("{}")

    assert find_run(tmp_path) == find_run(tmp_path / "run.json") == tmp_path
    with pytest.raises(SpecError, match="not a run directory"):
        find_run(tmp_path / "elsewhere")
