"""gem5_configs/soc/run_file.py; it needs no gem5."""

from __future__ import annotations

import importlib.util
import json
import runpy
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from harness.target.load import load_target

if TYPE_CHECKING:
    from types import ModuleType

_PATH = Path(__file__).resolve().parents[2] / "gem5_configs" / "soc" / "run_file.py"


@pytest.fixture(scope="module")
def run_file() -> ModuleType:
    spec = importlib.util.spec_from_file_location("run_file_of_gem5", _PATH)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _description() -> dict[str, Any]:
    gem5 = {
        "mode": "se",
        "cpu": "o3",
        "threads": 2,
        "model": {"argv": ["model"], "mode": "kernel"},
        "memory_bytes": 1 << 29,
    }
    return {"target": load_target("mobile").to_dict(), "gem5": gem5, "versions": {"other": "1"}}


def _read(run_file: ModuleType, folder: Path, data: Any) -> Any:
    path = folder / "run.json"
    path.write_text(json.dumps(data))
    return run_file.read_run_file(path)


def _problems(run_file: ModuleType, folder: Path, data: Any) -> list[str]:
    with pytest.raises(run_file.RunFileError) as caught:
        _read(run_file, folder, data)
    return [line.strip() for line in str(caught.value).splitlines()[1:]]


def test_arguments_do_not_depend_on_where_a_run_lies(run_file: ModuleType, tmp_path: Path) -> None:
    module = runpy.run_path(str(_PATH.with_name("runtime_arguments.py")))
    words = []
    for folder in (tmp_path / "a", tmp_path / "another"):
        folder.mkdir()
        data = _description()
        data["gem5"] |= {"arguments": ["--threads", "2"], "files": {"inputs": "inputs.bin"}}
        words.append(module["runtime_arguments"](_read(run_file, folder, data)))
    assert words[0] == words[1] == ["--threads", "2", "--inputs", "inputs.bin"]


def test_every_shipped_target_has_the_fields_that_the_board_reads(
    run_file: ModuleType, tmp_path: Path
) -> None:
    for name in ("smaug", "mobile"):
        data = _description() | {"target": load_target(name).to_dict()}
        run = _read(run_file, tmp_path, data)
        assert run.target.dram.tCK_ticks == load_target(name).dram.tCK_ticks
        assert run.target.cpu.cores == load_target(name).cpu.cores


def test_values_come_out_as_attributes_and_what_is_left_out_has_its_default(
    run_file: ModuleType, tmp_path: Path
) -> None:
    run = _read(run_file, tmp_path, _description())
    assert (run.gem5.cpu, run.gem5.threads, run.gem5.model.argv) == ("o3", 2, ["model"])
    assert (run.gem5.arguments, run.gem5.guest.kernel, run.gem5.model.deadline_s) == ([], "", 60.0)
    assert run.gem5.guest.disk_bytes == 0
    assert run.gem5.fast_forward is True
    assert run.directory == tmp_path.resolve()


def test_every_missing_field_is_named_at_once(run_file: ModuleType, tmp_path: Path) -> None:
    data = _description()
    del data["target"]["dram"]["tRFC_ticks"]
    del data["target"]["bus"]
    del data["gem5"]["model"]["argv"]
    assert _problems(run_file, tmp_path, data) == [
        "target.bus is missing",
        "target.dram.tRFC_ticks is missing",
        "gem5.model.argv is missing",
    ]


@pytest.mark.parametrize(
    ("field", "value", "problem"),
    [
        ("cpu", "minor", "gem5.cpu is 'minor', not one of atomic, timing, o3"),
        ("threads", "4", "gem5.threads is '4', not a whole number, 0 or more"),
        ("threads", True, "gem5.threads is True, not a whole number, 0 or more"),
        ("memory_bytes", -1, "gem5.memory_bytes is -1, not a whole number, 0 or more"),
        ("progress_ticks", 0, "gem5.progress_ticks is 0, not a whole number above 0"),
        ("model", [], "gem5.model is not an object"),
        ("fast_forward", 1, "gem5.fast_forward is 1, not true or false"),
    ],
)
def test_a_wrong_value_is_named_with_what_is_right(
    run_file: ModuleType, tmp_path: Path, field: str, value: Any, problem: str
) -> None:
    data = _description()
    data["gem5"][field] = value
    assert _problems(run_file, tmp_path, data) == [problem]


@pytest.mark.parametrize("text", ["", "{", "[]", "3"])
def test_a_file_that_is_no_object_is_refused(
    run_file: ModuleType, tmp_path: Path, text: str
) -> None:
    path = tmp_path / "run.json"
    path.write_text(text)
    with pytest.raises(run_file.RunFileError, match=r"run\.json"):
        run_file.read_run_file(path)


def test_a_file_that_is_not_there_is_refused(run_file: ModuleType, tmp_path: Path) -> None:
    with pytest.raises(run_file.RunFileError, match="No such file"):
        run_file.read_run_file(tmp_path / "run.json")


def test_files_that_are_missing_are_named(run_file: ModuleType, tmp_path: Path) -> None:
    run = _read(run_file, tmp_path, _description())
    (tmp_path / "there").write_text("")
    with pytest.raises(run_file.RunFileError) as caught:
        run_file.require_files(run, {"a": "there", "b": "", "c": "gone"})
    assert "b is empty" in str(caught.value)
    assert "c: no such file" in str(caught.value)
    assert "a" not in str(caught.value).partition(": ")[2].split("; ")[0].split(" ")[0]


def test_relative_paths_start_at_the_file(run_file: ModuleType, tmp_path: Path) -> None:
    run = _read(run_file, tmp_path, _description())
    assert run_file.file_of(run, "program.pb") == str(tmp_path.resolve() / "program.pb")
    assert run_file.file_of(run, "/elsewhere/x") == "/elsewhere/x"
    assert run_file.file_of(run, "") == ""
