from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from harness.cli.main import main
from harness.target.load import _DATA  # type: ignore[attr-defined]

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SMAUG = (_DATA / "targets" / "smaug.toml").read_text()
NETWORK = """
import numpy as np
from harness.graph import Graph, constant, conv2d, input_data, relu
from harness.run.workload import Workload

def build():
    with Graph("mine") as graph:
        x = input_data((1, 8, 8, 8), dtype="fp16", layout="NHWC", name="image")
        w = constant(np.ones((8, 3, 3, 8), np.float16), layout="NHWC", name="w")
        conv2d(x, w, padding="same", name="c")
    return Workload(graph=graph)
"""


@dataclass
class Said:
    code: int
    err: str

    def check(self, *texts: str, code: int = 2) -> None:
        assert self.code == code, self.err
        assert "Traceback" not in self.err
        assert "internal error" not in self.err
        for text in texts:
            assert text in self.err, f"{text!r} is not in:\n{self.err}"


@pytest.fixture
def say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Said]:
    monkeypatch.chdir(tmp_path)
    before = set(tmp_path.iterdir())

    def run(*arguments: str) -> Said:
        nonlocal before
        before |= set(tmp_path.iterdir())
        monkeypatch.setattr(sys, "argv", ["harness", *arguments])
        code = main()
        assert set(tmp_path.iterdir()) - before <= {tmp_path / "runs"}, "files left behind"
        assert not (tmp_path / "runs").exists() or not list((tmp_path / "runs").iterdir())
        return Said(code, capsys.readouterr().err)

    return run


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """A saved graph with its weights."""
    from harness.graph import save_graph
    from harness.run.reference import load_workload

    script = tmp_path / "saved_source.py"
    script.write_text(NETWORK)
    save_graph(load_workload(str(script)).graph, tmp_path / "saved")
    return tmp_path / "saved"


INPROC = ("--transport", "inproc", "--quiet")


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("graph.pb", lambda data: data[: len(data) // 2]),
        ("graph.pb", lambda _: b"\xff" * 64),
        ("graph.pb", lambda _: b""),
        ("graph.pb", lambda data: data[:40] + bytes([data[40] ^ 255]) + data[41:]),
        ("weights.bin", lambda data: data[:-1]),
        ("weights.bin", lambda data: bytes([data[0] ^ 1]) + data[1:]),
        ("weights.bin", lambda _: b""),
    ],
)
def test_a_damaged_graph_is_named(
    say: Callable[..., Said], saved: Path, name: str, damage: Callable[[bytes], bytes]
) -> None:
    path = saved / name
    path.write_bytes(damage(path.read_bytes()))
    for command in (("run", *INPROC), ("show", "graph"), ("compile",)):
        if command[0] == "compile":
            said = say("compile", str(saved), "-o", str(saved / "out"))
        else:
            said = say(*command, str(saved))
        said.check("saved")


@pytest.mark.parametrize("name", ["graph.pb", "weights.bin"])
def test_a_missing_or_unreadable_file_of_a_graph_is_named(
    say: Callable[..., Said], saved: Path, name: str
) -> None:
    (saved / name).unlink()
    say("run", str(saved), *INPROC).check("saved")
    (saved / name).mkdir()
    say("run", str(saved), *INPROC).check("saved")


@pytest.mark.parametrize("name", ["program.pb", "program.bin"])
@pytest.mark.parametrize("damage", ["cut", "junk", "empty", "flip", "missing"])
def test_a_damaged_program_is_named(
    say: Callable[..., Said], saved: Path, name: str, damage: str
) -> None:
    from harness.base.errors import CompileError
    from harness.compiler import load_program

    assert say("compile", str(saved), "-o", str(saved)).code == 0
    load_program(saved)
    path = saved / name
    data = path.read_bytes()
    changed = {
        "cut": data[: len(data) // 2],
        "junk": b"\xff" * 64,
        "empty": b"",
        "flip": data[:60] + bytes([data[60] ^ 255]) + data[61:],
    }
    path.unlink()
    if damage in changed:
        path.write_bytes(changed[damage])
    with pytest.raises(CompileError, match="saved"):
        load_program(saved)


TARGETS = {
    "empty": ("", "missing"),
    "syntax": ("[cpu\n", "TOML"),
    "not_utf8": (b'name = "\xff\xfe"\n', "TOML"),
    "no_unit": (SMAUG.replace('"2.5 GHz"', "2500000000", 1), "cpu"),
    "wrong_unit": (SMAUG.replace('"2.5 GHz"', '"2.5 ns"', 1), "GHz"),
    "wrong_type": (SMAUG.replace('"2.5 GHz"', "[1, 2]", 1), "cpu"),
    "unknown_key": (SMAUG.replace("[cpu]", "[cpu]\nclok = 1", 1), "clok"),
    "unknown_table": (SMAUG + "\n[gpu]\nx = 1\n", "gpu"),
    "negative": (SMAUG.replace('"2.5 GHz"', '"-1 GHz"', 1), "GHz"),
    "table_is_value": (SMAUG.replace("[cpu]", "[gpu]", 1), "cpu"),
    "huge": (SMAUG.replace('"2.5 GHz"', '"99999999999999999999 GHz"', 1), "clock"),
    "unknown_dram": (SMAUG.replace('set = "', 'set = "nope_', 1), "nope_"),
    "deep": ("a = " + "[" * 20000 + "]" * 20000, "TOML"),
}


@pytest.mark.parametrize("case", TARGETS)
def test_a_wrong_target_file_is_named_with_what_is_right(
    say: Callable[..., Said], tmp_path: Path, case: str
) -> None:
    content, text = TARGETS[case]
    path = tmp_path / "mine.toml"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    say("run", "minerva", "--target", "mine.toml", *INPROC).check("mine", text)


def test_a_missing_target_lists_the_shipped_ones(say: Callable[..., Said], tmp_path: Path) -> None:
    say("run", "minerva", "-t", "nope.toml", *INPROC).check("nope.toml", "smaug", "mobile")
    say("run", "minerva", "-t", "smuag", *INPROC).check("smuag", "smaug")
    (tmp_path / "folder.toml").mkdir()
    say("run", "minerva", "-t", "folder.toml", *INPROC).check("folder.toml")


@pytest.mark.parametrize(
    ("override", "texts"),
    [
        ("interfase=dma", ("interfase", "interface")),
        ("cpu.clok=1 GHz", ("clok", "clock")),
        ("interface=usb", ("usb", "dma", "acp", "cache")),
        ("accelerators=9", ("9", "8")),
        ("accelerators=0", ("0",)),
        ("accelerators=two", ("two",)),
        ("accelerators=1.5", ("1.5",)),
        ("coherent=maybe", ("maybe",)),
        ("cpu.clock=2500", ("2500", "GHz")),
        ("cpu=3", ("cpu",)),
        ("novalue", ("novalue", "key=value")),
        ("=3", ("key=value",)),
        ("l2.size=3 KiB", ("size",)),
        ("cpu.clock=nan GHz", ("nan",)),
        ("l2.associativity=99999999999999999999999", ("associativity",)),
        ("accelerator.parameters.pe_cout=4", ("pe_cout", "pe_count")),
        ("accelerator.parameters.pe_count=-4", ("pe_count",)),
        ("accelerator.parameters.pe_count=x", ("pe_count",)),
        ("dram=ddr9", ("ddr9", "ddr4_2400_8x8")),
        ("bus.width=\udcff", ("bus.width",)),
    ],
)
def test_a_wrong_override_is_refused_with_what_is_right(
    say: Callable[..., Said], override: str, texts: tuple[str, ...]
) -> None:
    said = say("run", "minerva", "--set", override, *INPROC)
    said.check(*texts, code=1 if "parameters" in override else 2)


SCRIPTS = {
    "syntax": ("def build(:\n", ("mine.py:1",)),
    "raises": (NETWORK + "\n\nraise ValueError('bad luck')\n", ("mine.py:14", "bad luck")),
    "raises_inside": (
        NETWORK.replace("    with Graph", "    [][1]\n    with Graph"),
        ("mine.py:7", "IndexError"),
    ),
    "import": ("import no_such_module\n", ("mine.py:1", "no_such_module")),
    "returns_none": (NETWORK.replace("return Workload(graph=graph)", "return None"), ("NoneType",)),
    "returns_class": (
        NETWORK.replace("return Workload(graph=graph)", "return Graph"),
        ("mine.py",),
    ),
    "no_build": (NETWORK.replace("def build", "def make"), ("build", "make")),
    "exits": ("import sys\nsys.exit(0)\n", ("mine.py:2", "SystemExit")),
    "shape": (NETWORK.replace("3, 3, 8)", "3, 3, 7)"), ("mine.py:10", "conv2d")),
    "argument": (NETWORK.replace("padding=", "pading="), ("mine.py:10", "pading")),
    "padding": (NETWORK.replace('"same"', '"some"'), ("mine.py:10", "some", "same")),
    "dtype": (NETWORK.replace('dtype="fp16"', 'dtype="fp17"'), ("mine.py:8", "fp17", "fp16")),
    "layout": (NETWORK.replace('layout="NHWC", name="image"', 'layout="HW"'), ("mine.py:8", "HW")),
    "empty_graph": (
        "from harness.graph import Graph\ndef build():\n    with Graph('g') as g:\n        pass\n"
        "    return g\n",
        ("g",),
    ),
    "inputs_raise": (
        NETWORK.replace("graph=graph", "graph=graph, inputs=lambda n: {}[n]"),
        ("mine.py:11", "KeyError"),
    ),
    "inputs_wrong_name": (
        NETWORK.replace("graph=graph", "graph=graph, inputs={'img': np.zeros(3)}"),
        ("img", "image"),
    ),
    "inputs_wrong_shape": (
        NETWORK.replace("graph=graph", "graph=graph, inputs={'image': np.zeros(3)}"),
        ("image", "(3,)"),
    ),
    "inputs_no_mapping": (
        NETWORK.replace("graph=graph", "graph=graph, inputs=lambda n: 3"),
        ("mine",),
    ),
    "inputs_no_array": (
        NETWORK.replace("graph=graph", "graph=graph, inputs={'image': 'x'}"),
        ("image",),
    ),
    "labels": (NETWORK.replace("graph=graph", "graph=graph, labels=['x']"), ("label",)),
    "recursion": ("def build():\n    return build()\n", ("mine.py:2", "RecursionError")),
    "not_utf8": (b"# \xff\xfe\ndef build(): pass\n", ("mine.py",)),
    "zero_byte": (b"x = 1\0\n", ("mine.py",)),
}


@pytest.mark.parametrize("case", SCRIPTS)
def test_an_error_in_a_workload_script_names_the_users_line(
    say: Callable[..., Said], tmp_path: Path, case: str
) -> None:
    content, texts = SCRIPTS[case]
    path = tmp_path / "mine.py"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    say("run", "mine.py", *INPROC).check(*texts)


def test_files_that_are_not_there_or_not_readable_are_named(
    say: Callable[..., Said], tmp_path: Path
) -> None:
    say("run", "nope.py", *INPROC).check("nope.py")
    say("run", "lenet6", *INPROC).check("lenet6", "lenet5")
    (tmp_path / "dir.py").mkdir()
    say("run", "dir.py", *INPROC).check("dir.py")
    say("run", "minerva", "--input", "nope.npy", *INPROC).check("nope.npy")
    (tmp_path / "junk.npy").write_bytes(b"\x93NUMPY\x01\x00\xff\xff junk")
    say("run", "minerva", "--input", "junk.npy", *INPROC).check("junk.npy")
    (tmp_path / "junk.npz").write_bytes(b"PK\x03\x04 junk")
    say("run", "minerva", "--input", "junk.npz", *INPROC).check("junk.npz")
    say("run", "minerva", "--input", "-3", *INPROC).check("-3")
    say("run", "minerva", "--input", "99999", *INPROC).check("99999")
    say("stats", "nope.txt").check("nope.txt")
    (tmp_path / "junk.gz").write_bytes(b"\x1f\x8b junk that is no gzip")
    say("stats", "junk.gz").check("junk.gz")
    say("compare", "nope", "nope2").check("nope")
    say("timeline", "nope", "-o", "x.json").check("nope")
    say("rerun", "nope").check("nope")
    for name in ("run.json", "result.json"):
        (tmp_path / name).write_bytes(b"\xff\xfe{")
    say("rerun", "run.json").check("run.json")
    say("compare", str(tmp_path), str(tmp_path)).check("json")
    say("timeline", str(tmp_path), "-o", "x.json").check()


@pytest.mark.skipif(os.geteuid() != 0, reason="without root, modes already protect files")
def test_a_directory_in_a_files_place_is_an_error_with_its_name(
    say: Callable[..., Said], tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("not a directory")
    say("run", "minerva", "--output", "file", *INPROC).check("file")
    say("run", "minerva", "--output", "file/below", *INPROC).check("file/below")
    say("run", "minerva", "--output", "/proc/nope/run", *INPROC).check("/proc/nope")
    say("run", "minerva", "--record", "nope/trace", *INPROC).check("nope/trace")
    (tmp_path / "folder").mkdir()
    say("run", "minerva", "--record", "folder", *INPROC).check("folder")
    say("run", "minerva", "--replay", "folder", *INPROC).check("folder")


def test_a_damaged_recording_is_named(say: Callable[..., Said], tmp_path: Path) -> None:
    trace = tmp_path / "a.trace"
    for content in (b"", b"junk", b"HBTRACE1", b"HBTRACE1\xff\xff\xff\xff", b"HBTRACE1" + bytes(8)):
        trace.write_bytes(content)
        say("run", "minerva", "--replay", "a.trace", *INPROC).check("a.trace", code=1)
        say("trace", "diff", "a.trace", "a.trace").check("a.trace", code=1)
        say("trace", "drive", "a.trace").check("a.trace", code=1)


@pytest.mark.parametrize(
    ("arguments", "texts"),
    [
        (("runn",), ("runn", "run")),
        (("run",), ("workload",)),
        (("run", "minerva", "--polcy", "smaug"), ("--polcy", "--policy")),
        (("run", "minerva", "--policy", "smuag"), ("smuag", "smaug", "traffic")),
        (("run", "minerva", "--model-mode", "fast"), ("fast", "kernel", "exact")),
        (("run", "minerva", "--transport", "tcp9"), ("tcp9", "ipc", "inproc")),
        (("run", "minerva", "--threads", "0"), ("threads", "0")),
        (("run", "minerva", "--threads", "99", *INPROC), ("threads", "99", "8")),
        (("run", "minerva", "--threads", "two"), ("--threads", "integer")),
        (("run", "minerva", "--repeat", "0"), ("repeat",)),
        (("run", "minerva", "--deadline", "0"), ("deadline",)),
        (("run", "minerva", "--deadline", "nan"), ("deadline", "nan")),
        (("run", "minerva", "--timeout", "nan"), ("timeout", "nan")),
        (("run", "minerva", "--timeout", "-1"), ("timeout", "-1")),
        (("run", "minerva", "--max-ticks", "-1"), ("max-ticks", "-1")),
        (("run", "minerva", "--max-ticks", "99999999999999999999", *INPROC), ("max-ticks",)),
        (("run", "minerva", "--seed", "99999999999999999999", *INPROC), ("seed",)),
        (("list", "modls"), ("modls", "models")),
        (("show", "grap", "minerva"), ("grap", "graph")),
        (("validate", "tilling", "x.csv"), ("tilling", "tiling")),
    ],
)
def test_a_misspelt_option_or_value_gets_the_valid_ones(
    say: Callable[..., Said], arguments: tuple[str, ...], texts: tuple[str, ...]
) -> None:
    say(*arguments).check(*texts)


MODELS = {
    "missing": (None, ("mine_model.py",)),
    "syntax": ("class (:\n", ("mine_model.py",)),
    "import": ("import no_such_module\n", ("no_such_module", "mine_model.py:1")),
    "no_class": ("x = 1\n", ("AcceleratorModel",)),
    "exits": ("import sys\nsys.exit(0)\n", ("mine_model.py:2",)),
    "init_raises": (
        "from harness.bridge.model import AcceleratorModel\n"
        "class M(AcceleratorModel):\n"
        "    def __init__(self, parameters):\n"
        "        raise ValueError('no luck')\n",
        ("no luck", "mine_model.py:4"),
    ),
    "describe_returns_nothing": (
        "from harness.bridge.model import AcceleratorModel\n"
        "class M(AcceleratorModel):\n"
        "    def describe(self):\n"
        "        return None\n",
        ("describe",),
    ),
    "binary_junk": (b"\x00\x01\x02", ("mine_model.py",)),
}


@pytest.mark.parametrize("transport", ["inproc", "ipc"])
@pytest.mark.parametrize("case", MODELS)
def test_a_wrong_model_is_named_with_its_line(
    say: Callable[..., Said], tmp_path: Path, case: str, transport: str
) -> None:
    content, texts = MODELS[case]
    if content is not None:
        data = content.encode() if isinstance(content, str) else content
        (tmp_path / "mine_model.py").write_bytes(data)
    options = ("--transport", transport, "--quiet", "--deadline", "20")
    said = say("run", "minerva", "-a", "mine_model.py", *options)
    said.check(*texts, code=said.code)
    assert said.code in (1, 2)


def test_a_program_that_is_no_model_is_named(say: Callable[..., Said], tmp_path: Path) -> None:
    program = tmp_path / "program"
    program.write_text("this is no program\n")
    program.chmod(0o755)
    say("run", "minerva", "-a", "./program", "--quiet").check("program", code=1)
    program.write_text("#!/bin/sh\necho I am no model; exit 3\n")
    said = say("run", "minerva", "-a", "./program", "--quiet")
    said.check("exit status 3", "I am no model", code=1)
    program.write_text("#!/no/such/interpreter\n")
    say("run", "minerva", "-a", "./program", "--quiet").check("program", code=1)
