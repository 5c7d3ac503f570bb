"""The printable form of a target: the table a file would hold, with units."""

from __future__ import annotations

from typing import Any

from harness.target.build import field_types, quantity_of
from harness.target.quantities import file_key
from harness.target.target import Target


def format_target(target: Target) -> str:
    """Write a resolved target as text that `load_target` reads back as TOML."""
    lines: list[str] = []
    sections: list[str] = []
    for name, kind in field_types(Target).items():
        value = getattr(target, name)
        quantity = quantity_of(kind)
        if quantity is not None:
            lines.append(f"{file_key(name)} = {_literal(quantity.format(value), quantity.kind)}")
        else:
            sections.extend(_section(name, value))
    return "\n".join([*lines, *sections]) + "\n"


def _section(name: str, spec: Any) -> list[str]:
    lines = ["", f"[{name}]"]
    tables: list[str] = []
    for field, kind in field_types(type(spec)).items():
        value = getattr(spec, field)
        quantity = quantity_of(kind)
        if quantity is not None:
            lines.append(f"{file_key(field)} = {_literal(quantity.format(value), quantity.kind)}")
        elif value:
            tables.extend(["", f"[{name}.{field}]"])
            tables.extend(f"{key} = {_free_literal(item)}" for key, item in value.items())
    return lines + tables


def _literal(text: str, kind: str) -> str:
    return text if kind in ("count", "ratio", "flag") else _quoted(text)


def _free_literal(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, (int, float)) else _quoted(str(value))


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
