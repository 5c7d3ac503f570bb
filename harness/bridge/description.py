"""What a model says of itself in HelloAck (`proto/README.md` section 7)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import cast

from harness.base.errors import HandshakeError

MAXIMUM_UNITS = 256
"""A node names its unit in one byte."""


@dataclass(frozen=True, slots=True)
class Scratchpad:
    """A memory inside the accelerator."""

    name: str
    size_bytes: int
    element_bytes: int


@dataclass(frozen=True, slots=True)
class ModelDescription:
    """What a model can do; the compiler tiles and fuses by it.

    Attributes:
        model: Name, such as "vector_mac".
        version: The model's version.
        kernels: Kernel name to limits (empty if there are none).
        dtypes: Names of element types that operands may have.
        layouts: Kernel name to the layout of its 4-D activations.
        channel_alignment: Elements to which the last dimension of every operand is padded.
        scratchpads: Memories inside the accelerator.
        units: Names of the units that COMPUTE nodes occupy; the index is the unit's number.
        activations: Activations that conv2d, mat_mul and batch_norm can fuse.
        parameters: All parameters with their resolved values.
    """

    model: str
    version: str
    kernels: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    dtypes: tuple[str, ...] = ("fp16",)
    layouts: Mapping[str, str] = field(default_factory=dict)
    channel_alignment: int = 1
    scratchpads: tuple[Scratchpad, ...] = ()
    units: tuple[str, ...] = ()
    activations: tuple[str, ...] = ()
    parameters: Mapping[str, object] = field(default_factory=dict)

    def to_json(self) -> str:
        """Return the description as canonical JSON."""
        return canonical_json({name: _plain(getattr(self, name)) for name in self.__slots__})

    @classmethod
    def from_json(cls, text: str) -> ModelDescription:
        """Parse and check a description.

        Raises:
            HandshakeError: It is not JSON, or a field is missing, unknown or of the wrong type.
        """
        try:
            values = json.loads(text, parse_constant=_refuse_constant)
        except (ValueError, RecursionError) as error:
            raise HandshakeError(f"the model's description is not JSON: {error}") from error
        if not isinstance(values, dict) or set(values) != set(_CHECKS):
            got = sorted(values) if isinstance(values, dict) else type(values).__name__
            raise HandshakeError(
                "the model's description has other fields than v1",
                expected=", ".join(sorted(_CHECKS)),
                got=str(got),
            )
        for name, (is_right, meaning) in _CHECKS.items():
            if not is_right(values[name]):
                raise HandshakeError(
                    f'the model\'s description has a wrong "{name}"',
                    expected=meaning,
                    got=repr(values[name])[:200],
                )
        for name in ("dtypes", "units", "activations"):
            values[name] = tuple(values[name])
        values["scratchpads"] = tuple(Scratchpad(**each) for each in values["scratchpads"])
        return cls(**cast("dict[str, object]", values))  # type: ignore[arg-type]

    def parameters_sha256(self) -> str:
        """Return the hash of the resolved parameters, 64 lower-case hexadecimal digits."""
        return hashlib.sha256(canonical_json(_plain(self.parameters)).encode()).hexdigest()


def canonical_json(value: object) -> str:
    """Return JSON whose bytes depend on the value only: sorted keys, no spaces, ASCII, no NaN."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def _refuse_constant(text: str) -> object:
    raise ValueError(f"{text} is not JSON")


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, (tuple, list)):
        return [_plain(each) for each in value]
    return asdict(value) if isinstance(value, Scratchpad) else value


def _is_name(value: object) -> bool:
    return isinstance(value, str) and value != ""


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _is_names(value: object) -> bool:
    is_list = isinstance(value, list) and all(map(_is_name, value))
    return is_list and len(set(cast("list[str]", value))) == len(cast("list[str]", value))


def _is_units(value: object) -> bool:
    return _is_names(value) and len(cast("list[str]", value)) <= MAXIMUM_UNITS


def _is_map_of(is_right: Callable[[object], bool]) -> Callable[[object], bool]:
    def check(value: object) -> bool:
        return isinstance(value, dict) and all(map(is_right, value.values()))

    return check


def _is_scratchpad(value: object) -> bool:
    return (
        isinstance(value, dict)
        and set(value) == {"name", "size_bytes", "element_bytes"}
        and _is_name(value["name"])
        and _is_count(value["size_bytes"])
        and _is_count(value["element_bytes"])
    )


def _is_scratchpads(value: object) -> bool:
    return isinstance(value, list) and all(map(_is_scratchpad, value))


_CHECKS: Mapping[str, tuple[Callable[[object], bool], str]] = {
    "model": (_is_name, "a name"),
    "version": (_is_name, "a version"),
    "kernels": (_is_map_of(lambda limits: isinstance(limits, dict)), "kernel to object of limits"),
    "dtypes": (_is_names, "a list of names"),
    "layouts": (_is_map_of(_is_name), "kernel to layout"),
    "channel_alignment": (_is_count, "a positive whole number"),
    "scratchpads": (_is_scratchpads, "a list of {name, size_bytes, element_bytes}"),
    "units": (_is_units, f"a list of at most {MAXIMUM_UNITS} names"),
    "activations": (_is_names, "a list of names"),
    "parameters": (lambda value: isinstance(value, dict), "an object"),
}
