"""From a network and a target to a `Program`: fusion, layouts, tiling, memory, schedule.

This package knows what a model says of itself, never a model; what a step costs is not its concern.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from harness.compiler.compile import PassResult, compile_graph
    from harness.compiler.program import Program
    from harness.compiler.program_file import load_program, save_program
    from harness.compiler.program_text import format_program

_HOMES = {
    "PassResult": "compile",
    "Program": "program",
    "compile_graph": "compile",
    "format_program": "program_text",
    "load_program": "program_file",
    "save_program": "program_file",
}

__all__ = [
    "PassResult",
    "Program",
    "compile_graph",
    "format_program",
    "load_program",
    "save_program",
]


def __getattr__(name: str) -> Any:
    """Import on first use: reading a program must not load the tilers."""
    if name not in _HOMES:
        raise AttributeError(name)
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
