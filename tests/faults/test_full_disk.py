from __future__ import annotations

import contextlib
import os
import resource
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.faults.launched import COMMAND, Ended, Launched, check_one_message

if TYPE_CHECKING:
    from collections.abc import Iterator

LONGEST_RUN_S = 30.0
KIB = 1024
QUIET = ("run", "lenet5", "--quiet")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[object]:
    """Mounts file systems of a few KiB; they go away with the test."""
    mounted: list[Path] = []

    def mount(size_kib: int) -> Path:
        path = tmp_path / f"disk{len(mounted)}"
        path.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", f"size={size_kib}k", "harness-test", str(path)]
        with contextlib.suppress(OSError):
            done = subprocess.run(command, capture_output=True, check=False)
            if done.returncode == 0:
                mounted.append(path)
                return path
        pytest.skip("mounting a small tmpfs needs root")

    yield mount
    for path in mounted:
        subprocess.run(["umount", str(path)], check=True)


def _check(ended: Ended, *, has_began: bool | None = None) -> None:
    check_one_message(ended)
    assert ended.complaints == []
    assert ended.code == 1, ended.stderr
    assert "the disk is full" in ended.stderr or "cannot write" in ended.stderr
    assert "No space left" not in ended.stderr or "harness: error" in ended.stderr
    if has_began is not None:
        assert ended.run.exists() == has_began


# Files of lenet5: graph 1.2 MiB, program 1.2 MiB, then configuration, statistics, timeline.
@pytest.mark.parametrize("size_kib", [4, 16, 700, 1400, 2300])
def test_a_disk_that_fills_up_before_the_simulation_leaves_nothing(
    tmp_path: Path, small_disk: object, size_kib: int
) -> None:
    disk: Path = small_disk(size_kib)  # type: ignore[operator]
    launched = Launched(tmp_path / "work", *QUIET, "--output", str(disk / "run"))
    launched.run = disk / "run"
    _check(launched.end(LONGEST_RUN_S), has_began=False)
    assert list(disk.iterdir()) == []


def test_a_disk_that_fills_up_with_the_results_is_a_failed_run(
    tmp_path: Path, small_disk: object
) -> None:
    whole = Launched(tmp_path / "whole", *QUIET, "--output", str(tmp_path / "whole" / "run"))
    assert whole.end(LONGEST_RUN_S).code == 0
    sizes = {each.name: each.stat().st_size for each in whole.run.iterdir()}
    late = ("stats.txt", "result.json", "timeline.npy")
    pages = sum(-(-size // 4096) for name, size in sizes.items() if name not in late)
    disk: Path = small_disk((pages + 4) * 4)  # type: ignore[operator]
    launched = Launched(tmp_path / "work", *QUIET, "--output", str(disk / "run"))
    launched.run = disk / "run"
    _check(launched.end(LONGEST_RUN_S), has_began=True)
    assert not list((disk / "run").glob(".*"))


def test_a_recording_on_a_full_disk_is_a_failed_run(tmp_path: Path, small_disk: object) -> None:
    disk: Path = small_disk(256)  # type: ignore[operator]
    record = ("--record", str(disk / "trace"), "--output", str(tmp_path / "work" / "run"))
    launched = Launched(tmp_path / "work", *QUIET, *record)
    _check(launched.end(LONGEST_RUN_S), has_began=True)


@pytest.mark.parametrize("limit_kib", [0, 8, 600, 1170])
def test_a_limit_of_file_sizes_is_one_message(tmp_path: Path, limit_kib: int) -> None:
    done = subprocess.run(
        [*COMMAND, *QUIET, "--transport", "inproc", "--output", str(tmp_path / "run")],
        preexec_fn=lambda: resource.setrlimit(
            resource.RLIMIT_FSIZE, (limit_kib * KIB, limit_kib * KIB)
        ),
        capture_output=True,
        text=True,
        timeout=LONGEST_RUN_S,
        check=False,
        cwd=tmp_path,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )
    assert done.returncode == 1, done.stderr
    assert done.stderr.count("harness: error") == 1
    assert "the disk is full" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("arguments", [QUIET, ("list", "models"), ("show", "target", "smaug")])
def test_a_full_standard_output_is_no_traceback(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*COMMAND, *arguments],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            cwd=tmp_path,
            check=False,
        )
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.count("harness: error: the disk is full") == 1


@pytest.mark.parametrize("arguments", [QUIET, ("show", "graph", "lenet5")])
def test_a_reader_that_goes_away_is_no_traceback(
    tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    process = subprocess.Popen(
        [*COMMAND, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=tmp_path
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    message = process.stderr.read().decode()
    process.stderr.close()
    process.wait(LONGEST_RUN_S)
    assert "Traceback" not in message
    assert "Exception ignored" not in message
    assert "internal error" not in message
