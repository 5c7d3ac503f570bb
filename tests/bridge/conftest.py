from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator


def _children() -> set[str]:
    return set(Path(f"/proc/self/task/{os.getpid()}/children").read_text().split())


def _open_files() -> set[str]:
    links = []
    for each in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):
            links.append(f"{each.name} -> {each.readlink()}")
    return {link for link in links if "pidfd" in link or "eventfd" in link or "socket" in link}


@pytest.fixture(autouse=True)
def nothing_left_behind(tmp_path: Path) -> Iterator[None]:
    """Fail a test that leaves a process, a socket or a bridge's folder behind."""
    processes, files = _children(), _open_files()
    yield
    assert _children() <= processes
    assert _open_files() <= files
    assert not list(tmp_path.glob("**/bridge-*"))


MODEL = '''
from dataclasses import dataclass, replace
import numpy as np
from harness.bridge.model import AcceleratorModel, parameter

class Doubler(AcceleratorModel):
    """Reads its input in pieces, doubles bytes, writes them; `trouble` misbehaves."""

    name = "doubler"

    @dataclass(frozen=True)
    class Parameters:
        piece_bytes: int = parameter(64, "Bytes per transfer.")
        trouble: str = parameter("", "What goes wrong.")

    def describe(self):
        return replace(super().describe(), units=("alu",))

    def execute(self, command, memory):
        getattr(self, "_" + (self.parameters.trouble or "nothing"))()
        size = command.operand("input").size_bytes
        step = self.parameters.piece_bytes
        loads = [memory.read("input", at, min(step, size - at)) for at in range(0, size, step)]
        for index, load in enumerate(loads):
            data = yield load
            work = self.compute(cycles=data.size, after=load)
            memory.write("output", data * np.uint8(2), index * step, after=work)
        self.count("bytes", size, unit="Byte", description="Bytes doubled.")

    def _nothing(self):
        pass

    def _raise(self):
        raise KeyError("no such tile")

    def _exit(self):
        import os
        print("about to leave", flush=True)
        os._exit(7)

    def _kill(self):
        import os, signal
        os.kill(os.getpid(), signal.SIGKILL)

    def _stop(self):
        import os, signal
        os.kill(os.getpid(), signal.SIGSTOP)

    def _hang(self):
        while True:
            pass

    def _slow(self):
        import time
        for _ in range(6):
            time.sleep(0.2)
            self.busy("still there")

    def save(self):
        return b"state"
'''


@pytest.fixture
def model_path(tmp_path: Path) -> Path:
    path = tmp_path / "doubler.py"
    path.write_text(MODEL)
    return path
