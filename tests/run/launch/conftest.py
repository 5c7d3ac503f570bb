"""A gem5 that anybody's script can drive, and launches around it."""

from __future__ import annotations

import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from harness.run.launch.launch import FinishedLaunch, launch
from harness.run.launch.spec import LaunchSpec

if TYPE_CHECKING:
    from collections.abc import Callable

FAKE = Path(__file__).with_name("any_gem5.py")


@pytest.fixture
def gem5(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program called gem5.opt, and an empty cache."""
    program = tmp_path / "bin" / "gem5.opt"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {sys.executable} {FAKE} "$@"\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    return program


@pytest.fixture
def run(gem5: Path, tmp_path: Path) -> Callable[..., FinishedLaunch]:
    """Launch a gem5 whose script is the given text."""

    def launched(
        text: str, *arguments: str, options: tuple[str, ...] = (), **fields: Any
    ) -> FinishedLaunch:
        script = tmp_path / "user.py"
        script.write_text(text)
        spec = LaunchSpec((str(gem5), *options, str(script), *arguments), **fields)
        return launch(spec, str(tmp_path / "run"), None)

    return launched
