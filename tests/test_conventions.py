"""Habits that ruff and mypy cannot hold: sizes, argument defaults, what the repository may say."""

from __future__ import annotations

import ast
import statistics
import subprocess
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("harness", "accel_models", "workloads", "gem5_configs")
PYTHON_FILE_LINES = 400
CPP_FILE_LINES = 500
FUNCTION_LINES = 60
CLASS_LINES = 250


@cache
def _files(*suffixes: str) -> tuple[Path, ...]:
    found = (path for package in PACKAGES for path in (ROOT / package).rglob("*"))
    return tuple(sorted(path for path in found if path.suffix in suffixes))


@cache
def _trees() -> tuple[tuple[Path, ast.Module], ...]:
    return tuple((path, ast.parse(path.read_text())) for path in _files(".py"))


def _functions() -> list[tuple[str, int]]:
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return [
        (f"{path.relative_to(ROOT)}:{node.lineno} {node.name}", _code_lines(node))
        for path, tree in _trees()
        for node in ast.walk(tree)
        if isinstance(node, kinds)
    ]


def _code_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    start = node.body[0].lineno
    if ast.get_docstring(node) is not None:
        start = node.body[1].lineno if len(node.body) > 1 else (node.end_lineno or start) + 1
    return (node.end_lineno or start) - start + 1


def _called_defaults(tree: ast.Module) -> list[int]:
    """Calls and f-strings in argument defaults run once, at import: almost always a mistake."""
    return [
        default.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        for default in (*node.args.defaults, *node.args.kw_defaults)
        for part in ([] if default is None else ast.walk(default))
        if isinstance(part, ast.Call | ast.JoinedStr)
    ]


@pytest.mark.parametrize("text", ["def f(x=str(g())): ...", "def f(*, x=f'{y}'): ..."])
def test_the_default_check_catches_calls_and_f_strings(text: str) -> None:
    assert _called_defaults(ast.parse(text))


def test_no_argument_default_is_computed_at_import() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}"
        for path, tree in _trees()
        for line in _called_defaults(tree)
    ]
    assert found == []


def test_functions_are_short() -> None:
    functions = _functions()
    assert [entry for entry in functions if entry[1] > FUNCTION_LINES] == []
    lengths = sorted(length for _, length in functions)
    assert statistics.median(lengths) <= 8
    assert lengths[len(lengths) * 9 // 10] <= 30


def test_files_are_short() -> None:
    limits = {".py": PYTHON_FILE_LINES, ".cc": CPP_FILE_LINES, ".hh": CPP_FILE_LINES}
    sizes = [(str(p.relative_to(ROOT)), len(p.read_text().splitlines())) for p in _files(*limits)]
    assert [(name, n) for name, n in sizes if n > limits[Path(name).suffix]] == []


def test_classes_are_short() -> None:
    found = [
        (f"{path.relative_to(ROOT)}:{node.lineno} {node.name}", node.end_lineno - node.lineno)
        for path, tree in _trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef) and (node.end_lineno or 0) - node.lineno > CLASS_LINES
    ]
    assert found == []


def test_no_module_has_a_name_that_says_nothing() -> None:
    banned = {"utils", "helpers", "common", "misc", "manager", "handler"}
    assert [p for p in _files(".py", ".cc", ".hh") if p.stem.lower() in banned] == []


def test_every_package_says_what_it_owns() -> None:
    inits = [(path, tree) for path, tree in _trees() if path.name == "__init__.py"]
    assert [str(path) for path, tree in inits if not ast.get_docstring(tree)] == []


def test_cpp_files_carry_the_licence() -> None:
    line = "// SPDX-License-Identifier: BSD-3-Clause"
    assert [p for p in _files(".cc", ".hh") if not p.read_text().startswith(line)] == []


def test_the_repository_names_no_machine() -> None:
    words = ["/work" + "/", "/opt" + "/", "pypi" + ".org", "/root" + "/"]
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    texts = [path for path in listed if not path.endswith((".npz", ".png", ".bin", ".trace"))]
    found = [
        (path, word)
        for path in texts
        for word in words
        if (ROOT / path).is_file() and word in (ROOT / path).read_text(errors="replace")
    ]
    assert found == []
