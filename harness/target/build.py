"""Builds the frozen specs from plain data, from a file's form or from the resolved form."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from typing import Any, TypeVar, get_type_hints

from harness.base.errors import SpecError
from harness.target.quantities import Quantity, file_key

_Spec = TypeVar("_Spec")
_ReadLeaf = Callable[[Quantity, Any, str], Any]


def field_types(spec: Any) -> dict[str, Any]:
    """Return a spec's fields and their types, annotations included, in order."""
    return _field_types(spec)


@cache
def _field_types(spec: Any) -> dict[str, Any]:
    hints = get_type_hints(spec, include_extras=True)
    return {field.name: hints[field.name] for field in fields(spec)}


def quantity_of(kind: Any) -> Quantity | None:
    """Return a leaf's quantity; None for sections and free tables."""
    metadata = getattr(kind, "__metadata__", ())
    return metadata[0] if metadata and isinstance(metadata[0], Quantity) else None


def unknown_key(key: str, valid: Iterable[str], where: str, *, step: str = "") -> SpecError:
    """Return the error for a key nobody knows, with the valid ones and the closest."""
    names = list(valid)
    close = difflib.get_close_matches(step or key.rpartition(".")[2], names, n=1, cutoff=0.5)
    hint = f"did you mean {close[0]!r}?" if close else ""
    return SpecError(
        f"unknown key {key!r}", where=where, expected=f"one of {', '.join(names)}", way_out=hint
    )


def build_from_file(spec: type[_Spec], data: Mapping[str, Any], where: str) -> _Spec:
    """Build a spec from a TOML table: keys without unit, values with it."""
    return _build(spec, _attributes(spec, data, where), where, Quantity.parse)


def build_resolved(spec: type[_Spec], data: Mapping[str, Any], where: str) -> _Spec:
    """Build a spec from resolved data: attribute names, numbers in the name's unit."""
    for key in data:
        if key not in field_types(spec):
            raise unknown_key(key, field_types(spec), where)
    return _build(spec, data, where, _check)


def resolved_value(value: Any) -> Any:
    """Turn specs into plain data, field by field, in order."""
    if is_dataclass(value):
        return {field.name: resolved_value(getattr(value, field.name)) for field in fields(value)}
    return dict(value) if isinstance(value, dict) else value


def _check(quantity: Quantity, value: Any, key: str) -> Any:
    quantity.check(value, key)
    return float(value) if quantity.kind == "ratio" else value


def _attributes(spec: type[Any], data: Mapping[str, Any], where: str) -> dict[str, Any]:
    names = {file_key(name): name for name in field_types(spec)}
    found: dict[str, Any] = {}
    for key, value in data.items():
        attribute = names.get(key, key if key in field_types(spec) else None)
        if attribute is None:
            raise unknown_key(key, names, where)
        if attribute in found:
            raise SpecError(f"{key!r} is given twice", where=where, got=f"{key} and {attribute}")
        found[attribute] = value
    return found


def _build(spec: type[_Spec], attributes: Mapping[str, Any], where: str, read: _ReadLeaf) -> _Spec:
    values = {}
    optional = {field.name for field in fields(spec) if field.default is not MISSING}  # type: ignore[arg-type]
    for name, kind in field_types(spec).items():
        if name not in attributes and name in optional:
            continue
        if name not in attributes:
            raise SpecError(
                f"missing key {file_key(name)!r}",
                where=where,
                way_out="no hardware number has a default",
            )
        values[name] = _read_field(kind, attributes[name], f"{where}.{file_key(name)}", read)
    return spec(**values)


def _read_field(kind: Any, value: Any, key: str, read: _ReadLeaf) -> Any:
    quantity = quantity_of(kind)
    if quantity is not None:
        return read(quantity, value, key)
    if not isinstance(value, Mapping):
        raise SpecError(f"{key} is not a table", got=repr(value))
    if not is_dataclass(kind):
        return _free_table(value, key, kind.__metadata__[0])
    if read is _check:
        return build_resolved(kind, value, key)  # type: ignore[arg-type]
    return build_from_file(kind, value, key)  # type: ignore[arg-type]


def _free_table(value: Mapping[str, Any], key: str, form: str) -> dict[str, Any]:
    from harness.target.target import INTERFACES, OPERAND_CLASSES  # noqa: PLC0415 - declared there

    if form == "interfaces":
        for name, interface in value.items():
            if name not in OPERAND_CLASSES:
                raise unknown_key(name, OPERAND_CLASSES, key)
            Quantity("word", words=INTERFACES).check(interface, f"{key}.{name}")
        return dict(value)
    for name, parameter in value.items():
        if not isinstance(parameter, (int, float, str, bool)):
            raise SpecError(f"{key}.{name} is not a number, text or flag", got=repr(parameter))
    return dict(value)
