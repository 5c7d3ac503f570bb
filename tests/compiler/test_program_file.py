"""Programs on disk are byte-stable, and anything malformed is a CompileError."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from harness import graph as h
from harness.base.errors import CompileError
from harness.compiler import Program, compile_graph, format_program, load_program, save_program
from harness.compiler.program import Invoke, Step, Window
from harness.compiler.program_check import check_program
from harness.target import load_target

if TYPE_CHECKING:
    from pathlib import Path

    from harness.bridge.description import ModelDescription


@pytest.fixture
def program(description: ModelDescription) -> Program:
    with h.Graph("small") as graph:
        x = h.input_data((1, 30, 30, 32), dtype="fp16", layout="NHWC", name="x")
        weights = h.constant(np.ones((20, 3, 3, 32), np.float16), layout="NHWC", name="w")
        h.flatten(h.conv2d(x, weights, name="conv"))
    return compile_graph(graph, load_target("smaug"), description, policy="smaug")


def test_a_program_survives_the_disk_byte_for_byte(program: Program, tmp_path: Path) -> None:
    save_program(program, tmp_path / "one")
    loaded = load_program(tmp_path / "one")
    save_program(loaded, tmp_path / "two")

    assert loaded == program
    for name in ("program.pb", "program.bin"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    assert format_program(loaded) == format_program(program)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CompileError, match="cannot read"):
        load_program(tmp_path)


def test_changed_weights_are_refused(program: Program, tmp_path: Path) -> None:
    save_program(program, tmp_path)
    path = tmp_path / "program.bin"
    path.write_bytes(path.read_bytes()[:-1] + b"\x01")

    with pytest.raises(CompileError, match="weights"):
        load_program(tmp_path)


def test_damaged_files_are_refused_or_harmless(program: Program, tmp_path: Path) -> None:
    """Every damage ends in a CompileError or in a program that passes all checks."""
    save_program(program, tmp_path)
    path = tmp_path / "program.pb"
    good, rng = path.read_bytes(), random.Random(5)
    refused = 0
    for _ in range(300):
        bad = bytearray(good)
        for _ in range(rng.randint(1, 4)):
            bad[rng.randrange(len(bad))] = rng.randrange(256)
        if rng.random() < 0.3:
            del bad[rng.randrange(len(bad)) :]
        path.write_bytes(bytes(bad))
        try:
            check_program(load_program(tmp_path), "again")
        except CompileError:
            refused += 1
    assert refused > 100


def test_an_address_outside_its_window_is_refused(program: Program) -> None:
    tiny = tuple(replace(window, size_bytes=64) for window in program.windows)
    with pytest.raises(CompileError, match="end is not valid"):
        check_program(replace(program, windows=tiny), "here")


def test_a_write_to_the_weights_is_refused(program: Program) -> None:
    closed = tuple(
        Window(window.name, window.size_bytes, is_writable=False, initial=window.initial)
        for window in program.windows
    )
    with pytest.raises(CompileError, match="window is not valid"):
        check_program(replace(program, windows=closed), "here")


def test_a_step_that_waits_for_itself_is_refused(program: Program) -> None:
    steps = tuple(replace(step, depends_on=(index,)) for index, step in enumerate(program.steps))
    with pytest.raises(CompileError, match="dependences"):
        check_program(replace(program, steps=steps), "here")


def test_a_work_item_out_of_order_is_refused(program: Program) -> None:
    steps = tuple(
        Step(step.operator, replace(step.action, item=step.action.item + 5), step.depends_on)
        if isinstance(step.action, Invoke)
        else step
        for step in program.steps
    )
    with pytest.raises(CompileError, match="work item"):
        check_program(replace(program, steps=steps), "here")
