"""What users type for a workload, and what they hear if it is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.base.errors import GraphError, SpecError
from harness.graph import save_graph
from harness.run.config_files import config_ini, config_tree
from harness.run.reference import default_name, load_workload

if TYPE_CHECKING:
    from pathlib import Path

SCRIPT = """
from harness.graph import Graph, input_data, relu

def build():
    with Graph("tiny") as graph:
        relu(input_data((1, 8), dtype="fp16", layout="NC", name="x"), name="y")
    return graph

def number():
    return 3

def broken():
    raise RuntimeError("no data")
"""


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "net.py"
    path.write_text(SCRIPT)
    return path


def test_a_script_may_return_a_graph(script: Path) -> None:
    assert load_workload(str(script)).graph.name == "tiny"


def test_a_saved_graph_is_a_workload(script: Path, tmp_path: Path) -> None:
    save_graph(load_workload(f"{script}:build").graph, tmp_path / "saved")

    assert load_workload(str(tmp_path / "saved")).graph.name == "tiny"


def test_installed_names_and_siblings_of_theirs_are_found() -> None:
    assert load_workload("lenet5").input_count == 360
    assert load_workload("micro.relu").graph.name == "micro_relu"
    assert load_workload("workloads.micro:relu").graph.name == "micro_relu"


@pytest.mark.parametrize(
    ("suffix", "error", "message"),
    [
        (":bild", SpecError, "build, number, broken"),
        (":number", SpecError, "got: int"),
        (":broken", GraphError, r"net\.py:13"),
    ],
)
def test_a_wrong_script_is_named_with_its_line(
    script: Path, suffix: str, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        load_workload(f"{script}{suffix}")


def test_a_syntax_error_names_its_line(tmp_path: Path) -> None:
    (tmp_path / "bad.py").write_text("x = 1\ndef f(:\n")
    with pytest.raises(GraphError, match=r"bad\.py:2"):
        load_workload(str(tmp_path / "bad.py"))


def test_a_misspelt_name_gets_the_close_one() -> None:
    with pytest.raises(SpecError, match='did you mean "lenet5"'):
        load_workload("lenet")
    with pytest.raises(SpecError, match="no such workload script"):
        load_workload("nowhere.py")
    with pytest.raises(SpecError, match="no Python module"):
        load_workload("nowhere.net:build")


@pytest.mark.parametrize(
    ("reference", "name"),
    [
        ("lenet5", "lenet5"),
        ("a/b/net.py", "net"),
        ("a/b/net.py:other", "net-other"),
        ("workloads.micro:conv", "micro.conv"),
        ("../..", "run"),
    ],
)
def test_runs_are_named_after_their_workload(reference: str, name: str) -> None:
    assert default_name(reference) == name


def test_config_ini_has_a_section_per_component_with_sorted_keys() -> None:
    target = {"name": "t", "cpu": {"cores": 2, "clock_hz": 5}, "dma": {"coherent": False}}

    lines = config_ini(config_tree(target, {"threads": 1})).split("\n")

    assert "[system]" in lines
    assert "children=cpu dma" in lines
    start = lines.index("[system.cpu]")
    assert lines[start + 1 : start + 4] == ["clock_hz=5", "cores=2", "type=Cpu"]
    assert "coherent=false" in lines
