"""Makes the headers that a build of gem5 would generate, for syntax checks against its sources.

Run as a script, once per gem5, since a process can only import one m5:

    python gem5_headers.py GEM5 EXTENSION OUTPUT params/A.hh enums/B.hh debug/C.hh config/d.hh ...

Parameter structs and enums come from the scripts of that gem5, so they are what its build makes.
Options of the build (config/) are all off: they decide nothing that the extension uses.
"""

from __future__ import annotations

import collections
import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import inspect
import re
import runpy
import sys
import types
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_CALL = re.compile(r"""\bSimObject\(\s*['"]([\w/]+)\.py['"](.*?)\)""", re.DOTALL)
_NAMES = re.compile(r"\b(sim_objects|enums)\s*=\s*\[(.*?)\]", re.DOTALL)
_SCRIPTS = {
    "params": "sim_object_param_struct_hh.py",
    "enums": "enum_hh.py",
    "python": "sim_object_param_struct_cc.py",
}


class Declarations:
    """What the SConscript files of some folders declare: modules of m5.objects and their names."""

    def __init__(self, *folders: Path) -> None:
        self.files: dict[str, Path] = {}
        self.modules: dict[str, str] = {}
        for folder in folders:
            for script in sorted(folder.rglob("SConscript")):
                self._add(script)

    def _add(self, script: Path) -> None:
        for path, arguments in _CALL.findall(script.read_text()):
            module = "m5.objects." + path.rsplit("/", 1)[-1]
            self.files[module] = script.parent / f"{path}.py"
            for _, names in _NAMES.findall(arguments):
                for name in re.findall(r"\w+", names):
                    self.modules[name] = module


class ObjectFinder(importlib.abc.MetaPathFinder):
    """Finds m5.objects.X where the sources have it."""

    def __init__(self, declarations: Declarations) -> None:
        self._declarations = declarations

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: types.ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        del path, target
        file = self._declarations.files.get(fullname)
        return file and importlib.util.spec_from_file_location(fullname, file)


class LazyClasses(dict[str, Any]):
    """gem5's table of SimObjects; a build imports them all, here those that are asked for."""

    def __init__(self, content: dict[str, Any], declarations: Declarations) -> None:
        super().__init__(content)
        self._declarations = declarations

    def __missing__(self, name: str) -> Any:
        importlib.import_module(self._declarations.modules[name])
        return self[name]


def _module(name: str, **content: Any) -> None:
    module = types.ModuleType(name)
    module.__dict__.update(content)
    sys.modules[name] = module


def prepare(gem5: Path, declarations: Declarations) -> None:
    """Make m5 and m5.objects importable outside gem5."""
    sys.path[:0] = [str(gem5 / "build_tools"), str(gem5 / "src/python")]
    sys.meta_path.insert(0, ObjectFinder(declarations))
    if not hasattr(inspect, "getargspec"):  # gem5 before v23 asks for it; Python 3.11 lacks it
        inspect.getargspec = lambda function: inspect.getfullargspec(function)[:4]  # type: ignore[attr-defined]
    options = collections.defaultdict(bool)
    _module("m5.defines", buildEnv=options)
    _module("importer", install=lambda: None)  # what gem5's own interpreter imports with

    def lookup(name: str) -> Any:
        if name not in declarations.modules:
            raise AttributeError(name)
        return getattr(importlib.import_module(declarations.modules[name]), name)

    _module("m5.objects", __path__=[], __getattr__=lookup)
    objects = importlib.import_module("m5.SimObject")
    objects.allClasses = LazyClasses(objects.allClasses, declarations)  # type: ignore[attr-defined]


def _run(script: Path, *arguments: str) -> None:
    sys.argv = [str(script), *arguments]
    runpy.run_path(str(script), run_name="__main__")


def write_header(gem5: Path, declarations: Declarations, output: Path, name: str) -> None:
    """Write one generated file, like params/System.hh; python/param_X.cc exports X to Python."""
    path = output / name
    path.parent.mkdir(parents=True, exist_ok=True)
    kind, stem = path.parent.name, path.stem.removeprefix("param_")
    if kind == "debug":
        _run(gem5 / "build_tools/debugflaghh.py", str(path), stem, "", "False", "")
    elif kind == "config":
        path.write_text(f"#define {stem.upper()} 0\n")
    elif stem in declarations.modules:
        switches = ["True"] if kind == "python" else []  # built with Python
        _run(
            gem5 / "build_tools" / _SCRIPTS[kind], declarations.modules[stem], str(path), *switches
        )


def headers_among(words: Sequence[str]) -> Iterator[str]:
    """Yield the generated headers among the prerequisites of a make rule."""
    return (word for word in words if re.fullmatch(r"(params|enums|debug|config)/\w+\.hh", word))


def main() -> None:
    """Write the headers that the command line names."""
    gem5, extension, output = (Path(argument) for argument in sys.argv[1:4])
    names = sys.argv[4:]
    declarations = Declarations(gem5 / "src", extension)
    prepare(gem5, declarations)
    for name in names:
        write_header(gem5, declarations, output, name)


if __name__ == "__main__":
    main()
