"""The extension compiles against the headers of every gem5 whose sources are at hand.

HARNESS_GEM5_TREES names checkouts of gem5, separated by colons. Nothing of gem5 is built: the
headers that a build would generate are made by gem5_headers.py, and the compiler checks syntax.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.gem5 import gem5_headers

ROOT = Path(__file__).resolve().parents[2]
EXTENSION = ROOT / "gem5_configs" / "simobjects"
SCHEMA = ROOT / "proto" / "harness" / "pb" / "bridge" / "v1" / "bridge.proto"
TREES = [Path(name) for name in os.environ.get("HARNESS_GEM5_TREES", "").split(":") if name]
SOURCES = sorted(EXTENSION.glob("*.cc"))
ROUNDS = 30  # headers that include each other are found one nesting deeper each round

pytestmark = [pytest.mark.gem5, pytest.mark.slow, pytest.mark.timeout(1800)]


@dataclass(frozen=True)
class Checkout:
    """Sources of a gem5, and the folder that its generated files are made in."""

    gem5: Path
    generated: Path

    def compiler(self) -> list[str]:
        """Warnings count in the extension's own files only: gem5's headers are system headers."""
        system = [
            self.generated,
            self.gem5 / "src",
            self.gem5 / "ext/pybind11/include",
            self.gem5 / "ext",
            self.gem5 / "include",
            Path(sysconfig.get_paths()["include"]),
        ]
        options = [f"-I{folder}" for folder in (EXTENSION, ROOT)]
        options += [f"-isystem{folder}" for folder in system]
        return ["g++", "-std=c++17", "-Wall", "-Werror", "-DTRACING_ON=1", *options]

    def generate(self, names: list[str]) -> None:
        script = str(Path(gem5_headers.__file__))
        folders = [str(self.gem5), str(EXTENSION), str(self.generated)]
        _run([sys.executable, script, *folders, *names])

    def missing(self) -> list[str]:
        """Return the generated headers that the sources include and that are not there yet."""
        everything = self.generated / "everything.cc"
        files = (*SOURCES, *self.exports())
        everything.write_text("".join(f'#include "{file}"\n' for file in files))
        rules = _run([*self.compiler(), "-M", "-MG", str(everything)])
        return sorted(set(gem5_headers.headers_among(rules.split())))

    def exports(self) -> list[Path]:
        """Return what a build makes of the extension's Python files."""
        return sorted((self.generated / "python").glob("*.cc"))

    def errors(self, *sources: Path) -> str:
        """Return what the compiler has to say against some sources."""
        command = [*self.compiler(), "-fsyntax-only"]
        runs = (_start([*command, str(source)]) for source in sources)
        return "\n".join(run.stderr for run in runs if run.returncode != 0)


def _start(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False)


def _run(command: list[str]) -> str:
    done = _start(command)
    assert done.returncode == 0, f"{' '.join(command[:4])} ...\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module", params=TREES or [None], ids=lambda tree: tree and tree.name)
def checkout(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """One gem5 of HARNESS_GEM5_TREES, with all that is generated for the extension."""
    if request.param is None:
        pytest.skip("HARNESS_GEM5_TREES names no sources of gem5 (PATH:PATH...)")
    for tool in ("g++", "protoc"):
        if shutil.which(tool) is None:
            pytest.skip(f"there is no {tool} on PATH")
    found = Checkout(request.param, tmp_path_factory.mktemp("generated"))
    _run(["protoc", f"-I{ROOT / 'proto'}", f"--cpp_out=lite:{found.generated}", str(SCHEMA)])
    declared = gem5_headers.Declarations(EXTENSION).modules
    found.generate([f"python/param_{name}.cc" for name in declared])
    for _ in range(ROUNDS):
        missing = found.missing()
        if not missing:
            return found
        found.generate(missing)
    pytest.fail(f"gem5 makes no such headers: {missing}")


def test_every_source_compiles(checkout: Checkout) -> None:
    assert checkout.errors(*SOURCES) == ""


def test_the_exports_to_python_compile(checkout: Checkout) -> None:
    probe = checkout.generated / "probe.cc"
    probe.write_text('#include "pybind11/stl.h"\n')
    if checkout.errors(probe):
        version = sysconfig.get_python_version()
        pytest.skip(f"the pybind11 of {checkout.gem5.name} does not know Python {version}")
    assert checkout.errors(*checkout.exports()) == ""
