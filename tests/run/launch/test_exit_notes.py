"""The module that gem5's Python loads, and what it writes."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from harness.run.launch import notes
from harness.run.launch.notes import noting_variables, read_simulations

if TYPE_CHECKING:
    from collections.abc import Iterator

MODULE = Path(notes.__file__).with_name("in_gem5") / "sitecustomize.py"


class _Event:
    def __init__(self, cause: str, code: int = 0) -> None:
        self._cause, self._code = cause, code

    def getCause(self) -> str:  # noqa: N802 - gem5's name
        return self._cause

    def getCode(self) -> int:  # noqa: N802
        return self._code


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Any]:
    """The module among the modules of a gem5 whose simulate() returns what a test wants."""
    event = ModuleType("_m5.event")
    event.causes = []  # type: ignore[attr-defined]
    event.simulate = lambda *_: event.causes.pop(0)  # type: ignore[attr-defined]
    core = SimpleNamespace(gem5Version="25.1", compileDate="today", curTick=lambda: 900)
    m5 = SimpleNamespace(options=SimpleNamespace(outdir=str(tmp_path / "m5out")))
    defines = SimpleNamespace(buildEnv={"PROTOCOL": "CHI", "USE_X86_ISA": True, "odd": object()})
    found = {"_m5.event": event, "_m5.core": core, "m5": m5, "m5.defines": defines}
    for name, each in found.items():
        monkeypatch.setitem(sys.modules, name, each)  # type: ignore[arg-type]
    spec = importlib.util.spec_from_file_location("noting", MODULE)
    assert spec is not None
    assert spec.loader is not None
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    (tmp_path / notes.NOTES_FOLDER).mkdir()
    loaded.folder = str(tmp_path / notes.NOTES_FOLDER)  # type: ignore[attr-defined]
    loaded.event = event  # type: ignore[attr-defined]
    yield loaded
    sys.meta_path[:] = [each for each in sys.meta_path if type(each).__name__ != "_Watch"]


def _watch(module: Any) -> None:
    watch = module._Watch(module._Notes(module.folder))
    sys.meta_path.insert(0, watch)
    assert watch.find_spec("anything") is None
    assert watch not in sys.meta_path


def test_a_script_that_never_simulates_is_known(module: Any, tmp_path: Path) -> None:
    _watch(module)
    (found,) = read_simulations(tmp_path)
    assert (found.is_used, found.exits) == (False, 0)


def test_each_exit_is_noted_and_returned_unchanged(module: Any, tmp_path: Path) -> None:
    _watch(module)
    events = [_Event("workbegin"), _Event("workend"), _Event("m5_fail instruction encountered", 4)]
    module.event.causes = list(events)
    assert [module.event.simulate(7) for _ in events] == events
    (found,) = read_simulations(tmp_path)
    assert (found.cause, found.code, found.tick) == ("m5_fail instruction encountered", 4, 900)
    assert (found.exits, len(found.causes)) == (3, 3)
    assert found.outdir == str(tmp_path / "m5out")
    assert (found.gem5["version"], found.gem5["compiled"]) == ("25.1", "today")
    assert found.build == {"PROTOCOL": "CHI", "USE_X86_ISA": True}


def test_a_simulation_that_does_not_return_is_noted_as_such(module: Any, tmp_path: Path) -> None:
    _watch(module)
    with pytest.raises(IndexError):  # what gem5 raises is the script's
        module.event.simulate()
    (found,) = read_simulations(tmp_path)
    assert (found.is_simulating, found.exits) == (True, 0)


def test_an_interface_that_is_not_known_disturbs_nothing(module: Any, tmp_path: Path) -> None:
    _watch(module)
    module.event.causes = ["a later version's event"]
    assert module.event.simulate() == "a later version's event"
    assert read_simulations(tmp_path)[0].exits == 0


def test_notes_that_cannot_be_written_disturb_nothing(module: Any) -> None:
    module.folder = "/nowhere/at/all"
    _watch(module)
    module.event.causes = [_Event("workend")]
    assert module.event.simulate().getCause() == "workend"


def test_a_fork_has_a_note_of_its_own(module: Any, tmp_path: Path) -> None:
    _watch(module)
    module.event.causes = [_Event("checkpoint"), _Event("workend")]
    module.event.simulate()
    pid = os.fork()
    if not pid:
        module.event.simulate()
        os._exit(0)
    os.waitpid(pid, 0)
    first, fork = read_simulations(tmp_path)
    assert (first.is_fork, first.cause) == (False, "checkpoint")
    assert (fork.is_fork, fork.cause) == (True, "workend")


def test_the_users_own_sitecustomize_is_loaded_and_other_pythons_are_left_alone(
    tmp_path: Path,
) -> None:
    users = tmp_path / "users"
    users.mkdir()
    (users / "sitecustomize.py").write_text("import sys\nsys.users_own = True\n")
    (tmp_path / notes.NOTES_FOLDER).mkdir()
    code = "import json, sys; print(json.dumps([sys.users_own, sys.path, len(sys.meta_path)]))"
    plain = {**os.environ, "PYTHONPATH": str(users)}
    told = []
    for environment in (plain, {**plain, **noting_variables(tmp_path, plain)}):
        argv = [sys.executable, "-c", code]
        done = subprocess.run(argv, env=environment, capture_output=True, check=True)
        assert not done.stderr
        told.append(json.loads(done.stdout))
    assert told[0] == told[1]
    assert not list((tmp_path / notes.NOTES_FOLDER).iterdir())


def test_a_note_that_was_cut_off_is_no_evidence(tmp_path: Path) -> None:
    folder = tmp_path / notes.NOTES_FOLDER
    folder.mkdir()
    (folder / "12.json").write_text('{"pid": 12, "outd')
    assert read_simulations(tmp_path) == ()
