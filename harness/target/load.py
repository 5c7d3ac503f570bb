"""Loads targets from TOML, applies `--set` overrides, resolves the DRAM data set."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.base.errors import SpecError
from harness.target.build import (
    build_from_file,
    field_types,
    quantity_of,
    unknown_key,
)
from harness.target.quantities import Quantity, file_key
from harness.target.soc import DramSpec
from harness.target.target import Target

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_DATA = Path(__file__).parent / "data"

ALIASES: Mapping[str, str] = {
    "interface": "accelerator.interface",
    "accelerators": "accelerator.count",
    "coherent": "dma.coherent",
    "dram": "dram.set",
    "cores": "cpu.cores",
    "wait": "driver.wait",
    "memory": "driver.memory",
}
"""Short names that `--set` takes for the fields set most often."""


def list_targets() -> tuple[str, ...]:
    """Return the names of the shipped targets."""
    return _names("targets")


def load_target(name_or_path: str | Path = "smaug", overrides: Sequence[str] = ()) -> Target:
    """Load a target and override fields of it.

    Args:
        name_or_path: A shipped target's name or a TOML file.
        overrides: "key=value" each; dotted keys or the short names of `ALIASES`.

    Returns:
        The resolved target.

    Raises:
        SpecError: The file is not TOML, a key is unknown or missing, a unit is missing.
    """
    path = _find(str(name_or_path), "targets", "target")
    try:
        return _resolve(path, overrides)
    except SpecError as error:
        if error.where:
            raise
        parts = {"expected": error.expected, "got": error.got, "way_out": error.way_out}
        where = ", ".join([str(path), *(f"--set {override!a}" for override in overrides)])
        raise SpecError(error.what, where=where, **parts) from error


def _resolve(path: Path, overrides: Sequence[str]) -> Target:
    table = _read_toml(path)
    table.setdefault("name", path.stem)
    for override in overrides:
        _apply(table, override)
    _resolve_dram(table, path)
    accelerator = table.get("accelerator")
    if isinstance(accelerator, dict):
        accelerator.setdefault("parameters", {})
        accelerator.setdefault("interfaces", {})
    return build_from_file(Target, table, path.stem)


def _names(folder: str) -> tuple[str, ...]:
    return tuple(sorted(path.stem for path in (_DATA / folder).glob("*.toml")))


def _find(name: str, folder: str, kind: str) -> Path:
    if name in _names(folder):
        return _DATA / folder / f"{name}.toml"
    path = Path(name)
    if path.suffix == ".toml" and path.is_file():
        return path
    raise SpecError(
        f"no {kind} {name!r}",
        expected=f"one of {', '.join(_names(folder))}, or the path of a .toml file",
        way_out=str(unknown_key(name, _names(folder), "").way_out),
    )


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:  # TOMLDecodeError is a ValueError
        raise SpecError("cannot read the file as TOML", where=str(path), got=str(error)) from error


def _resolve_dram(table: dict[str, Any], target_path: Path) -> None:
    section = table.get("dram")
    if not isinstance(section, dict) or "set" not in section:
        return
    name = section["set"]
    if not isinstance(name, str):
        raise SpecError("dram.set is not a name", where=str(target_path), got=repr(name))
    sibling = target_path.parent / name
    path = (
        sibling
        if sibling.suffix == ".toml" and sibling.is_file()
        else _find(name, "dram", "DRAM set")
    )
    dram = {"name": path.stem, **_read_toml(path)}
    dram.update({key: value for key, value in section.items() if key != "set"})
    table["dram"] = dram


def _apply(table: dict[str, Any], override: str) -> None:
    key, separator, text = override.partition("=")
    key = ALIASES.get(key.strip(), key.strip())
    if not separator or not key:
        raise SpecError("an override is not key=value", got=repr(override))
    steps = key.split(".")
    quantity = _quantity_at(steps, key)
    section = table
    for step in steps[:-1]:
        section = section.setdefault(step, {})
        if not isinstance(section, dict):
            raise SpecError(f"{step!r} is not a table", where=f"--set {override}")
    section[_existing_name(section, steps[-1])] = _parse_text(text.strip(), quantity)


def _existing_name(section: Mapping[str, Any], key: str) -> str:
    """Return the name under which the file has the field: with or without its unit's suffix."""
    for name in section:
        if file_key(name) == file_key(key):
            return name
    return key


def _quantity_at(steps: Sequence[str], key: str) -> Quantity | None:
    """Return what the field `key` may hold; None for a model's own parameters."""
    spec: Any = Target
    for index, step in enumerate(steps):
        types = field_types(spec)
        names = {**{file_key(name): name for name in types}, **{name: name for name in types}}
        valid = list(dict.fromkeys(file_key(name) for name in types))
        if spec is DramSpec and step == "set":
            return Quantity("text")
        if step not in names:
            known = list(dict.fromkeys([*valid, *(ALIASES if spec is Target else ())]))
            raise unknown_key(key, known, "--set", step=step)
        kind = types[names[step]]
        quantity = quantity_of(kind)
        is_last = index == len(steps) - 1
        if quantity is not None and is_last:
            return quantity
        if quantity is None and getattr(kind, "__metadata__", None) and index == len(steps) - 2:
            return Quantity("text") if kind.__metadata__[0] == "interfaces" else None
        if quantity is not None or is_last:
            inner = "" if quantity else f"{key}.<field>"
            raise SpecError(f"{key!r} does not name a field", where="--set", expected=inner)
        spec = kind
    raise SpecError(f"{key!r} does not name a field", where="--set")


def _parse_text(text: str, quantity: Quantity | None) -> Any:
    """Turn the text of an override into the value that TOML would have given."""
    if quantity is not None and quantity.kind not in ("count", "ratio", "flag"):
        return text.strip("\"'")
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
