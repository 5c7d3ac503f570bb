"""The guest's disk, made by e2fsprogs and read by them."""

from __future__ import annotations

import os
import re
import subprocess
from typing import TYPE_CHECKING

import pytest

from harness.base.errors import BackendError, SpecError
from harness.run.guest import disk, tools
from harness.run.guest.disk import CAPACITY_BYTES, DISK_BYTES, DiskFile, make_disk
from harness.run.guest.keeping import clean, kept_folders
from tests.listeners import Listener

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(
    bool(tools.missing_disk_tools()), reason="mke2fs or debugfs is missing (Debian: e2fsprogs)"
)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "harness" / "guest"


@pytest.fixture
def files(tmp_path: Path) -> list[DiskFile]:
    (tmp_path / 'a "b" c').write_bytes(b"--threads\n1\n")
    (tmp_path / "program").write_bytes(bytes(range(256)) * 20_000)
    (tmp_path / "program").chmod(0o600)
    (tmp_path / "none").touch()
    return [
        DiskFile("runtime", tmp_path / "program", is_program=True),
        DiskFile("arguments", tmp_path / 'a "b" c'),
        DiskFile("empty", tmp_path / "none"),
    ]


def debugfs(image: Path, request: str) -> str:
    command = [tools.disk_tool("debugfs"), "-R", request, str(image)]
    return subprocess.run(command, capture_output=True, check=True, text=True).stdout


def read_back(image: Path, name: str, folder: Path) -> bytes:
    debugfs(image, f"dump {name} {folder / 'back'}")
    return (folder / "back").read_bytes()


def test_a_disk_holds_what_was_put_on_it(files: list[DiskFile], tmp_path: Path) -> None:
    image = make_disk(files).path
    for each in files:
        assert read_back(image, each.name, tmp_path) == each.source.read_bytes()
    names = re.findall(r"/\d{6}/0/0/(\w+)/", debugfs(image, "ls -p"))
    assert set(names) == {"runtime", "arguments", "empty"}
    assert "Mode:  0755" in debugfs(image, "stat runtime")
    assert "Mode:  0644" in debugfs(image, "stat arguments")


def test_a_disk_is_a_whole_file_system_of_its_fixed_size_that_takes_little(
    files: list[DiskFile],
) -> None:
    image = make_disk(files).path
    status = image.stat()
    assert status.st_size == DISK_BYTES
    contents = sum(each.source.stat().st_size for each in files)
    assert status.st_blocks * 512 < contents + (DISK_BYTES - CAPACITY_BYTES)
    check = [tools.disk_tool("debugfs").replace("debugfs", "e2fsck"), "-f", "-n", str(image)]
    assert subprocess.run(check, capture_output=True, check=False).returncode == 0


def test_the_same_files_give_the_same_bytes_at_any_time(
    files: list[DiskFile], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = make_disk(files)
    before = subprocess.run(
        ["sha256sum", str(first.path)], capture_output=True, check=True
    ).stdout.split()[0]
    clean(Listener())
    for each in files:
        os.utime(each.source, (10**9, 10**9))
    monkeypatch.setenv("TZ", "Pacific/Auckland")
    second = make_disk(list(reversed(files)))
    after = subprocess.run(
        ["sha256sum", str(second.path)], capture_output=True, check=True
    ).stdout.split()[0]
    assert (first.key, before) == (second.key, after)


def test_a_disk_is_made_once_and_named_by_what_is_on_it(
    files: list[DiskFile], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = make_disk(files)
    with monkeypatch.context() as patch:
        patch.setattr(disk, "run_step", lambda *_: pytest.fail("made again"))
        assert make_disk(files) == first
    files[1].source.write_bytes(b"--threads\n2\n")
    second = make_disk(files)
    assert second.key != first.key
    assert second.path.parent != first.path.parent
    assert {folder.path for folder in kept_folders()} == {first.path.parent, second.path.parent}
    assert all(folder.is_whole for folder in kept_folders())


def test_of_many_disks_those_go_that_were_not_used_for_the_longest_time(
    files: list[DiskFile], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk, "KEPT_DISKS", 2)
    disks = []
    for number in range(3):
        files[1].source.write_text(f"{number}\n")
        if number == 2:  # the first is used again, the second is not
            files[1].source.write_text("0\n")
            make_disk(files)
            files[1].source.write_text("2\n")
        disks.append(make_disk(files))
        os.utime(disks[-1].path.parent, (number, number))
    assert [each.path.is_file() for each in disks] == [True, False, True]


def test_what_does_not_fit_is_one_error_with_a_way_out(
    files: list[DiskFile], tmp_path: Path, cache: Path
) -> None:
    large = tmp_path / "weights"
    with large.open("wb") as file:
        file.truncate(CAPACITY_BYTES)
    with pytest.raises(SpecError, match="do not fit on the guest's disk") as caught:
        make_disk([*files, DiskFile("program.bin", large)])
    assert str(CAPACITY_BYTES) in caught.value.expected
    assert "program.bin the largest" in caught.value.got
    assert "--mode se" in caught.value.way_out
    assert not cache.exists() or not list(cache.iterdir())


def test_a_full_disk_takes_as_much_as_is_promised(tmp_path: Path) -> None:
    large = tmp_path / "weights"
    with large.open("wb") as file:
        file.truncate(CAPACITY_BYTES)
        file.seek(CAPACITY_BYTES - 1)
        file.write(b"\1")
    image = make_disk([DiskFile("program.bin", large)]).path
    assert f"Size: {CAPACITY_BYTES}" in debugfs(image, "stat program.bin")


def test_a_missing_program_is_named_with_its_package(
    files: list[DiskFile], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tools, "_find_disk_tool", lambda _: None)
    with pytest.raises(SpecError, match="no mke2fs") as caught:
        make_disk(files)
    assert "e2fsprogs" in caught.value.way_out
    assert kept_folders() == []


def test_a_file_that_did_not_reach_the_disk_is_noticed(
    files: list[DiskFile], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk, "_fill", lambda _: ["write /none runtime\n"])
    with pytest.raises(BackendError, match="lacks runtime"):
        make_disk(files)
    assert kept_folders() == []
