"""Where gem5 is in a command, and how its own arguments are read."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import pytest

from harness.base.errors import SpecError
from harness.run.launch.command import understand
from harness.run.launch.gem5_options import read_arguments
from harness.run.launch.recognition import Kind
from harness.run.launch.spec import LaunchSpec

if TYPE_CHECKING:
    from pathlib import Path

OUT = "/run/m5out"
OURS = [f"--outdir={OUT}", "--listener-mode=off"]


def _program(folder: Path, name: str, content: bytes) -> str:
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


@pytest.fixture
def script(tmp_path: Path) -> str:
    (tmp_path / "hello.py").write_text("")
    return "hello.py"


def _argv(folder: Path, *words: str, **fields: str) -> list[str]:
    spec = LaunchSpec(words, cwd=str(folder), **fields)  # type: ignore[arg-type]
    return understand(spec).argv(OUT)


def test_our_options_come_right_after_gem5(gem5: Path, tmp_path: Path, script: str) -> None:
    g = str(gem5)
    assert _argv(tmp_path, g, script, "-d", "x") == [g, *OURS, script, "-d", "x"]
    flags = ("--debug-flags=Exec", "--debug-file", "trace.gz")
    assert _argv(tmp_path, g, *flags, script) == [g, *OURS, *flags, script]
    wrapped = ("env", "A=b", g, script)
    assert _argv(tmp_path, *wrapped) == ["env", "A=b", g, *OURS, script]
    assert _argv(tmp_path, "nice", "-n", "5", g, script) == ["nice", "-n", "5", g, *OURS, script]
    assert _argv(tmp_path, g, "-m", "a.b", "-d", "y") == [g, *OURS, "-m", "a.b", "-d", "y"]
    assert _argv(tmp_path, g, "-c", "pass", "--x") == [g, *OURS, "-c", "pass", "--x"]


def test_the_users_own_listener_mode_stays(gem5: Path, tmp_path: Path, script: str) -> None:
    argv = _argv(tmp_path, str(gem5), "--listener-mode=on", script)
    assert argv == [str(gem5), OURS[0], "--listener-mode=on", script]


def test_a_gem5_of_any_name_is_known_by_what_is_in_it(tmp_path: Path, script: str) -> None:
    content = b"\x7fELF" + bytes(5000) + b"m5_exit instruction encountered"
    mine = _program(tmp_path, "X86_MESI", content)
    other = _program(tmp_path, "other", b"\x7fELF" + bytes(5000))
    assert _argv(tmp_path, other, mine, script) == [other, mine, *OURS, script]
    with pytest.raises(SpecError, match="no word of the command is a gem5") as caught:
        _argv(tmp_path, other, script)
    assert "--gem5-word" in caught.value.way_out


def test_a_script_around_gem5_passes_our_options_on(tmp_path: Path, script: str) -> None:
    text = b'#!/bin/sh\nexec /sims/gem5.opt "$@"\n'
    wrapper = _program(tmp_path, "run.sh", text)
    assert _argv(tmp_path, wrapper, script) == [wrapper, *OURS, script]
    assert understand(LaunchSpec((wrapper,), cwd=str(tmp_path))).kind is Kind.WRAPPER


def test_a_script_that_passes_nothing_on_is_refused_with_ways_out(tmp_path: Path) -> None:
    wrapper = _program(tmp_path, "run.sh", b"#!/bin/sh\ngem5.opt hello.py\n")
    with pytest.raises(SpecError, match="without passing on its arguments") as caught:
        _argv(tmp_path, wrapper)
    assert "{outdir}" in caught.value.way_out
    assert _argv(tmp_path, wrapper, gem5_word=wrapper) == [wrapper, *OURS]


def test_the_users_placeholder_says_where_the_folder_goes(tmp_path: Path) -> None:
    words = ("sh", "-c", "gem5.opt -d {outdir} x.py")
    assert _argv(tmp_path, *words) == ["sh", "-c", f"gem5.opt -d {OUT} x.py"]


def test_a_gem5_in_a_container_is_known_by_its_name(tmp_path: Path) -> None:
    words = ("sh", "exec", "image.sif", "/inside/gem5.fast", "/inside/x.py")
    assert _argv(tmp_path, *words)[4:6] == OURS


REFUSED = {
    "another output folder": (["-d", "out", "hello.py"], "chooses gem5's output folder"),
    "a glued one": (["-qdout", "hello.py"], "chooses gem5's output folder"),
    "a shortened one": (["--outd=out", "hello.py"], "chooses gem5's output folder"),
    "questions": (["--build-info"], "simulates nothing"),
    "a terminal": (["-i", "hello.py"], "needs a terminal"),
    "no script": (["-q"], "names no script"),
    "a missing script": (["nothing.py"], "gem5's script is no file"),
    "an unknown option's value": (["--fork-option", "3", "hello.py"], "gem5's script is no file"),
    "a missing value": (["--debug-flags"], "lacks its value"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_commands_that_cannot_work_are_refused(
    case: str, gem5: Path, tmp_path: Path, script: str
) -> None:
    words, message = REFUSED[case]
    assert script
    with pytest.raises(SpecError, match=message):
        _argv(tmp_path, str(gem5), *words)


def test_other_mistakes_are_refused(gem5: Path, tmp_path: Path, script: str) -> None:
    with pytest.raises(SpecError, match="there is no command"):
        LaunchSpec(())
    with pytest.raises(SpecError, match="no such program"):
        _argv(tmp_path, "gem5.nothing", script)
    with pytest.raises(SpecError, match="--gem5-word names no word"):
        _argv(tmp_path, str(gem5), script, gem5_word="gem5.fast")
    with pytest.raises(SpecError, match="folder does not exist"):
        LaunchSpec(("x",), cwd=str(tmp_path / "none"))
    with pytest.raises(SpecError, match="not a variable's name"):
        LaunchSpec(("x",), environment={"A B": "c"})
    with pytest.raises(SpecError, match="timeout_s: not a limit"):
        LaunchSpec(("x",), timeout_s=float("nan"))
    with pytest.raises(SpecError, match="unknown field 'argw'"):
        LaunchSpec.from_dict({"argw": ["x"]}, "here")


def test_arguments_are_read_as_gem5_reads_them() -> None:
    found = read_arguments(("-re", "--stats-f=s.gz", "-p", "a:b", "--debug-flags", "X", "s.py"))
    assert found.options == (
        ("redirect-stdout", ""),
        ("redirect-stderr", ""),
        ("stats-file", "s.gz"),
        ("path", "a:b"),
        ("debug-flags", "X"),
    )
    assert (found.program, found.script, found.arguments) == ("script", "s.py", ())
    module = read_arguments(("-qm", "gem5.utils.multisim", "cfg.py", "-l"))
    assert (module.program, module.script) == ("module", "gem5.utils.multisim")
    assert module.arguments == ("cfg.py", "-l")
    glued = read_arguments(("-cprint(1)", "x"))
    assert (glued.program, glued.script, glued.arguments) == ("command", "print(1)", ("x",))
    assert read_arguments(("--", "s.py", "--x")).arguments == ("--x",)
    assert read_arguments(("--mine=3", "s.py")).unknown == ("--mine=3",)
