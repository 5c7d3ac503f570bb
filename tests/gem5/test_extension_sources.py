"""The extension's SConscript names what lies beside it; no gem5 is needed to see that."""

from __future__ import annotations

import ast
from pathlib import Path

from tests.gem5 import gem5_headers

EXTENSION = Path(__file__).resolve().parents[2] / "gem5_configs" / "simobjects"


def _classes(file: Path) -> set[str]:
    return {
        node.name for node in ast.parse(file.read_text()).body if isinstance(node, ast.ClassDef)
    }


def test_every_simobject_is_declared_in_its_file() -> None:
    declared = gem5_headers.Declarations(EXTENSION)
    written = {
        name: f"m5.objects.{file.stem}"
        for file in EXTENSION.glob("*.py")
        for name in _classes(file)
    }
    assert written
    assert declared.modules == written


def test_every_source_is_built() -> None:
    script = (EXTENSION / "SConscript").read_text()
    assert [
        p.stem for p in EXTENSION.glob("*.cc") if f"'{p.stem}'" not in script.replace(".cc'", "'")
    ] == []
