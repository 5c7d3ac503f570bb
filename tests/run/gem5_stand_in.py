"""A program that behaves like gem5, and what else a run on it needs, for several test files."""

from __future__ import annotations

import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from harness.run.config_scripts import CONFIGS_VARIABLE

if TYPE_CHECKING:
    import pytest

FAKE = Path(__file__).with_name("fake_gem5.py")


def make_stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make the program, a cache of its own, and a folder of scripts."""
    program = tmp_path / "bin" / "gem5.opt"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {sys.executable} {FAKE} "$@"\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv(CONFIGS_VARIABLE, str(_configs(tmp_path)))
    return program


def _configs(tmp_path: Path) -> Path:
    """Return a folder of scripts whose runtime "builds" by copying a file."""
    configs = tmp_path / "tree" / "gem5_configs"
    runtime = configs / "guest" / "runtime"
    runtime.mkdir(parents=True)
    for name in ("se.py", "fs.py"):
        (configs / name).write_text("")
    (runtime / "main.cc").write_text("int main() { return 0; }\n")
    (runtime / "CMakeLists.txt").write_text(
        "cmake_minimum_required(VERSION 3.13)\nproject(guest NONE)\n"
        "add_custom_target(harness_guest_runtime COMMAND ${CMAKE_COMMAND} -E copy"
        " ${CMAKE_CURRENT_SOURCE_DIR}/main.cc ${CMAKE_CURRENT_BINARY_DIR}/harness-runtime)\n"
    )
    return configs
