"""Notes how each simulation of a launched gem5 ended; Python imports it when it starts.

gem5's standard library does not print why a simulation ended, and ends with status 0 whatever the
cause. So `_m5.event.simulate`, which every script ends up in, is wrapped by a function that calls
it, and writes what it returned into a small file. Nothing is changed of what gem5 does, and no
failure of this module reaches the script. In a Python that is not gem5's it does nothing but load
the sitecustomize that it hides.
"""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

NOTES_VARIABLE = "HARNESS_LAUNCH_NOTES"
"""The folder of the notes, one file for each process of gem5."""
_MOST_CAUSES = 64
_OWN_FOLDER = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120 - few imports


class _Notes:
    """The file of one process; it is written anew at each exit event."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._pid = 0
        self._file = -1
        self._about = ""
        self.data: dict[str, Any] = {}

    def write(self, **changes: object) -> None:
        try:
            if self._pid != os.getpid():  # the first time, or after a fork
                self._begin()
            self.data.update(changes)
            text = (json.dumps(self.data)[:-1] + self._about).encode()
            os.pwrite(self._file, text, 0)
            os.ftruncate(self._file, len(text))
        except Exception:  # noqa: BLE001, S110 - the script must not notice
            pass

    def begin_again(self) -> None:
        """Have the next write look anew at what gem5 is."""
        if self._pid == os.getpid() and not self.data["is_fork"]:
            if self._file >= 0:
                os.close(self._file)
            self._pid, self._file = 0, -1

    def _begin(self) -> None:
        is_fork = self._pid != 0
        self._pid = os.getpid()
        self.data = {"pid": self._pid, "is_fork": is_fork, "exits": 0, "causes": {}}
        self._about = ", " + json.dumps(_about_gem5())[1:] + "\n"
        path = os.path.join(self._folder, "%d.json" % self._pid)  # noqa: PTH118, UP031
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
        self._file = os.open(path, flags, 0o644)


def _about_gem5() -> dict[str, Any]:
    """Return what gem5 knows of itself, as far as this version tells it."""
    found: dict[str, Any] = {"python": sys.version.split()[0]}
    options = getattr(sys.modules.get("m5"), "options", None)
    found["outdir"] = os.path.abspath(getattr(options, "outdir", "m5out"))  # noqa: PTH100
    core = sys.modules.get("_m5.core")
    defines = sys.modules.get("m5.defines") or sys.modules.get("m5.defines_module")
    found["version"] = str(
        getattr(core, "gem5Version", None) or getattr(defines, "gem5Version", "") or ""
    )
    found["compiled"] = str(
        getattr(core, "compileDate", None) or getattr(defines, "compileDate", "") or ""
    )
    built = getattr(defines, "buildEnv", {})
    plain = (bool, int, str)
    found["build"] = {str(key): built[key] for key in built if isinstance(built[key], plain)}
    return found


class _Watch:
    """A finder of modules that finds none, and so learns when `_m5.event` is there."""

    def __init__(self, notes: _Notes) -> None:
        self._notes = notes

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:  # noqa: ARG002 - its interface
        module: Any = sys.modules.get("_m5.event")
        if module is not None and hasattr(module, "simulate") and "m5" in sys.modules:
            if self in sys.meta_path:
                sys.meta_path.remove(self)
            module.simulate = _noting(module.simulate, self._notes)
            self._notes.write(state="loaded")


def _noting(simulate: Callable[..., Any], notes: _Notes) -> Callable[..., Any]:
    def noting_simulate(*arguments: object, **named: object) -> object:
        if not notes.data.get("exits"):
            notes.begin_again()  # by now gem5 has read its options
            notes.write(state="simulating")
        event = simulate(*arguments, **named)
        _note_event(notes, event)
        return event

    return noting_simulate


def _note_event(notes: _Notes, event: Any) -> None:
    try:
        cause, code = str(event.getCause()), int(event.getCode())
        tick = int(sys.modules["_m5.core"].curTick())
        if notes.data.get("pid") != os.getpid():
            notes.write()
        causes = notes.data["causes"]
        if cause in causes or len(causes) < _MOST_CAUSES:
            causes[cause] = causes.get(cause, 0) + 1
        exits = notes.data["exits"] + 1
    except Exception:  # noqa: BLE001 - an interface that we do not know
        return
    notes.write(state="exited", exits=exits, cause=cause, code=code, tick=tick)


def _load_hidden() -> None:
    """Load the sitecustomize that Python would have found without this one."""
    import importlib.machinery  # noqa: PLC0415 - only here
    import importlib.util  # noqa: PLC0415

    rest = [each for each in sys.path if os.path.abspath(each or ".") != _OWN_FOLDER]  # noqa: PTH100
    spec = importlib.machinery.PathFinder.find_spec("sitecustomize", rest)
    if spec is not None and spec.loader is not None:
        module = importlib.util.module_from_spec(spec)
        sys.modules["sitecustomize"] = module
        spec.loader.exec_module(module)


def _begin() -> None:
    folder = os.environ.get(NOTES_VARIABLE, "")
    if folder and "_m5" in sys.builtin_module_names:
        sys.meta_path.insert(0, _Watch(_Notes(folder)))
    sys.path[:] = [each for each in sys.path if os.path.abspath(each or ".") != _OWN_FOLDER]  # noqa: PTH100


if __name__ == "sitecustomize":
    _begin()
    _load_hidden()
