"""The lines that gem5's script prints while it runs, and what harness makes of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.compiler import compile_graph
from harness.compiler.program import Invoke
from harness.run.compilation import Plan
from harness.run.followed_file import FollowedFile
from harness.run.gem5.output import ModelCommand, Position, Stage, parse_line
from harness.run.gem5.place import ProgramPlaces
from harness.run.gem5.supervise import format_rate
from harness.run.reference import load_workload

if TYPE_CHECKING:
    from pathlib import Path


def test_lines_say_tick_step_inference_and_commands() -> None:
    assert parse_line("harness: tick 5 step 2 of 9 inference 1") == Position(5, 2, 9, 1)
    assert parse_line("harness: tick 5 step 0 of 9 inference 1 commands 7") == Position(
        5, 0, 9, 1, 7
    )
    assert parse_line("harness: tick 5") == Position(5)
    assert parse_line("harness: stage restoring") == Stage("restoring")
    assert parse_line("harness: start the model: A=b python -m x") == ModelCommand(
        "A=b python -m x"
    )


def test_other_lines_say_nothing() -> None:
    for line in ("", "gem5 version 24.0.0.1", "harness: tick soon", "xharness: tick 5"):
        assert parse_line(line) is None


def test_a_file_is_followed_line_by_line(tmp_path: Path) -> None:
    path = tmp_path / "out"
    followed = FollowedFile(path)
    assert followed.lines() == []
    path.write_bytes(b"one\ntw")
    assert followed.lines() == ["one"]
    with path.open("ab") as file:
        file.write(b"o\nthree\n")
    assert followed.lines() == ["two", "three"]
    assert followed.lines() == []


def test_ended_commands_tell_the_step_and_its_operator() -> None:
    plan = Plan()
    target = plan.load_target()
    graph = load_workload("lenet5").graph
    program = compile_graph(graph, target, plan.describe_model(target))
    places = ProgramPlaces(program)
    invokes = [i for i, step in enumerate(program.steps) if isinstance(step.action, Invoke)]

    assert places.step(Position(0, 0, 63, -1, 0)) == -1
    assert places.step(Position(0, 0, 63, 0, 0)) == invokes[0]
    assert places.operator(invokes[0]) == "conv0"
    assert places.step(Position(0, 0, 63, 0, len(invokes) - 1)) == invokes[-1]
    assert places.operator(invokes[-1]) == "fc1"
    assert places.step(Position(0, 0, 63, 0, len(invokes))) == len(program.steps) - 1
    assert places.step(Position(0, 4, 63, 0)) == 4, "a guest that marks steps is believed"


def test_rates_are_short() -> None:
    assert format_rate(1.234e9) == "1.23 G ticks/s"
    assert format_rate(12.0) == "12 ticks/s"
