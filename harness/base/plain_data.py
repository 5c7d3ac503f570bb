"""Dataclasses from the plain data of a JSON file, every value's type checked."""

from __future__ import annotations

import types
from dataclasses import fields, is_dataclass
from typing import Any, Union, get_args, get_origin, get_type_hints


def from_plain(kind: Any, data: Any, place: str = "") -> Any:
    """Return a value of type `kind` made of plain data; lists become tuples.

    Args:
        kind: A dataclass, `tuple[X, ...]`, `dict[str, X]`, `X | None`, int, float, str, bool, Any.
        data: What `json.loads` returned.
        place: Where in the file this is, for the message.

    Raises:
        TypeError: A value has another type, or a field is missing or unknown.
    """
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in {Union, types.UnionType}:
        inner = next(each for each in arguments if each is not type(None))
        return None if data is None else from_plain(inner, data, place)
    if is_dataclass(kind):
        return _object(kind, data, place)
    if origin is tuple:
        _check(data, list, place)
        return tuple(from_plain(arguments[0], each, f"{place}[]") for each in data)
    if origin is dict:
        _check(data, dict, place)
        return {key: from_plain(arguments[1], each, f"{place}.{key}") for key, each in data.items()}
    is_free = kind is Any or (kind is float and type(data) is int)
    if not is_free:
        _check(data, kind, place)
    return data


def _object(kind: Any, data: Any, place: str) -> Any:
    _check(data, dict, place)
    hints = get_type_hints(kind)
    odd = {each.name for each in fields(kind)} ^ set(data)
    if odd:
        raise TypeError(f"{place or 'the file'}: missing or unknown: {', '.join(sorted(odd))}")
    dot = f"{place}." if place else ""
    values = {name: from_plain(hints[name], each, f"{dot}{name}") for name, each in data.items()}
    return kind(**values)


def _check(data: Any, kind: type, place: str) -> None:
    if type(data) is not kind:
        raise TypeError(f"{place or 'the file'}: {type(data).__name__} in place of {kind.__name__}")
