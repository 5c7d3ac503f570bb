"""Finding the kernel's source and the tools that build it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from harness.base.errors import SpecError
from harness.run.guest import source, tools
from harness.run.guest.source import find_source, kernel_version

if TYPE_CHECKING:
    from pathlib import Path


def test_no_kernel_source_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HARNESS_KERNEL_SOURCE", raising=False)
    monkeypatch.setattr(source, "PACKAGES", tmp_path / "none")
    with pytest.raises(SpecError, match=r"apt-get install linux-source-6\.1"):
        find_source(None, tmp_path)


def test_the_newest_package_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HARNESS_KERNEL_SOURCE", raising=False)
    monkeypatch.setattr(source, "PACKAGES", tmp_path)
    for name in ("linux-source-6.9.tar.xz", "linux-source-6.10.tar.xz", "linux-source-6.1.deb"):
        (tmp_path / name).write_text(name)
    assert find_source(None, tmp_path).path.name == "linux-source-6.10.tar.xz"


def test_a_changed_tarball_gets_another_identity(tmp_path: Path) -> None:
    tarball = tmp_path / "linux.tar.xz"
    tarball.write_bytes(b"one")
    first = find_source(tarball, tmp_path).identity
    assert find_source(tarball, tmp_path).identity == first
    tarball.write_bytes(b"other")
    assert find_source(tarball, tmp_path).identity != first


def test_a_folder_that_is_no_kernel_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="no kernel source"):
        find_source(tmp_path, tmp_path)


def test_a_kernel_that_is_too_old_is_refused(tmp_path: Path) -> None:
    (tmp_path / "Makefile").write_text("VERSION = 4\nPATCHLEVEL = 19\nSUBLEVEL = 0\n")
    assert kernel_version(tmp_path / "Makefile") == (4, 19, 0)
    with pytest.raises(SpecError, match="too old"):
        find_source(tmp_path, tmp_path)


def test_missing_tools_are_named_with_their_packages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("make", "gcc", "ld", "bc", "awk", "patch", "tar", "xz"):
        program = tmp_path / name
        program.write_text("#!/bin/sh\nexit 0\n")
        program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(tools, "cross_prefix", lambda: "")
    with pytest.raises(SpecError, match=r"no flex, no bison\n") as caught:
        tools.require_tools()
    assert "install (Debian) flex bison or (Fedora) flex bison" in caught.value.way_out


def test_a_missing_header_is_named_with_its_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiler = tmp_path / "gcc"
    compiler.write_text('#!/bin/sh\nfor word; do test "$word" = -lelf && exit 1; done\nexit 0\n')
    compiler.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setattr(tools, "cross_prefix", lambda: "")
    assert "libelf-dev" in [tool.debian for tool in tools.missing_tools()]
