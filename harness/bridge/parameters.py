"""Resolves what a target overrides of a model's declared parameters."""

from __future__ import annotations

import difflib
from dataclasses import MISSING, Field, fields
from typing import TYPE_CHECKING, Any

from harness.base.errors import HandshakeError

if TYPE_CHECKING:
    from collections.abc import Mapping


def resolve_parameters(declared: type[Any], overrides: Mapping[str, object]) -> Any:
    """Return an object of the declared dataclass with the overrides in place.

    Raises:
        HandshakeError: A parameter is unknown, missing, or of another type than its default.
    """
    by_name: dict[str, Field[Any]] = {each.name: each for each in fields(declared) if each.init}
    for name, value in overrides.items():
        if name not in by_name:
            raise _unknown(name, declared)
        _check_type(by_name[name], value)
    missing = [
        name
        for name, each in by_name.items()
        if each.default is MISSING and each.default_factory is MISSING and name not in overrides
    ]
    if missing:
        raise HandshakeError(f"the model's parameter {missing[0]} has no default; give its value")
    return declared(**overrides)


def _check_type(declared: Field[Any], value: object) -> None:
    default = declared.default
    if default is MISSING or default is None:
        return
    wanted = type(default)
    if wanted is float and type(value) is int:
        return
    if type(value) is not wanted:
        raise HandshakeError(
            f"the model's parameter {declared.name} has the wrong type",
            expected=f"{wanted.__name__}, such as {default!r}",
            got=repr(value),
        )


def _unknown(name: str, declared: type[Any]) -> HandshakeError:
    valid = [each.name for each in fields(declared) if each.init]
    close = difflib.get_close_matches(name, valid, n=1)
    return HandshakeError(
        f"the model has no parameter {name}",
        expected=", ".join(valid) or "no parameters at all",
        way_out=f"did you mean {close[0]}?" if close else "",
    )
