"""The command descriptor, as the driver writes it into the ring (`proto/README.md` section 6)."""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from harness.base.errors import ProtocolError

if TYPE_CHECKING:
    from collections.abc import Mapping

MAGIC = 0x314D4348
"""The bytes "HCM1"."""

ALIGNMENT_BYTES = 64
MAXIMUM_OPERANDS = 16
MAXIMUM_ATTRIBUTES = 64
MAXIMUM_RANK = 6
MAXIMUM_ITEM = (1 << 32) - 1
_LEAST_INTEGER, _LARGEST_INTEGER = -(1 << 63), (1 << 63) - 1

DTYPE_CODES: Mapping[str, int] = {
    "fp32": 1,
    "fp16": 2,
    "bf16": 3,
    "int8": 4,
    "uint8": 5,
    "int32": 6,
    "int64": 7,
    "bool": 8,
}
DTYPE_BYTES: Mapping[str, int] = {
    "fp32": 4,
    "fp16": 2,
    "bf16": 2,
    "int8": 1,
    "uint8": 1,
    "int32": 4,
    "int64": 8,
    "bool": 1,
}
_DTYPE_NAMES = {code: name for name, code in DTYPE_CODES.items()}

_HEADER = struct.Struct("<IIIHH16s")
_OPERAND = struct.Struct("<QQBBBB12s6I8s")
_INTEGER = struct.Struct("<23sBq")
_REAL = struct.Struct("<23sBd")
_NO_PADDING = bytes(ALIGNMENT_BYTES)
_READ, _WRITE = 1, 2
_TYPE_INTEGER, _TYPE_REAL = 0, 1


@dataclass(frozen=True, slots=True)
class Operand:
    """One tensor of a command, dense in its storage shape.

    Attributes:
        name: Role: "input", "weights", "bias", "output", ...
        address: Device address of the first byte.
        size_bytes: Size, padding included.
        dtype: Name of the element type.
        shape: Elements per dimension, padding of the last one included.
        interface: 1 dma, 2 acp, 3 cache, 4 direct.
        is_read: The model may read it.
        is_written: The model may write it.
    """

    name: str
    address: int
    size_bytes: int
    dtype: str
    shape: tuple[int, ...]
    interface: int
    is_read: bool
    is_written: bool


@dataclass(frozen=True, slots=True)
class Command:
    """What an accelerator is told to do: a kernel, its operands and its numbers.

    Attributes:
        kernel: "conv2d", "mat_mul", ...
        item: Work item that the command belongs to.
        operands: At most 16.
        attributes: Whole numbers or reals by name, at most 64.
    """

    kernel: str
    item: int
    operands: tuple[Operand, ...]
    attributes: Mapping[str, int | float] = field(default_factory=dict)

    def operand(self, name: str) -> Operand:
        """Return the operand of this role.

        Raises:
            ProtocolError: The command has none.
        """
        for operand in self.operands:
            if operand.name == name:
                return operand
        raise ProtocolError(
            f'command "{self.kernel}" has no operand "{name}"',
            expected=", ".join(operand.name for operand in self.operands) or "no operand",
        )

    def has_operand(self, name: str) -> bool:
        """Return whether the command has an operand of this role."""
        return any(operand.name == name for operand in self.operands)


def encode_command(command: Command) -> bytes:
    """Encode a command as its descriptor.

    Raises:
        ProtocolError: A name, a count or a number does not fit its field.
    """
    check_command(command)
    operands = b"".join(_encode_operand(operand) for operand in command.operands)
    attributes = b"".join(_encode_attribute(*pair) for pair in command.attributes.items())
    used_bytes = _HEADER.size + len(operands) + len(attributes)
    total_bytes = -(-used_bytes // ALIGNMENT_BYTES) * ALIGNMENT_BYTES
    header = _HEADER.pack(
        MAGIC,
        total_bytes,
        command.item,
        len(command.operands),
        len(command.attributes),
        command.kernel.encode(),
    )
    return b"".join((header, operands, attributes, bytes(total_bytes - used_bytes)))


def check_command(command: Command) -> None:
    """Check what a descriptor cannot hold or a reader would refuse.

    Raises:
        ProtocolError: A name, a count or a number does not fit, or a name comes twice.
    """
    _check_name(command.kernel, 16, "kernel")
    if not 0 <= command.item <= MAXIMUM_ITEM:
        raise ProtocolError("work item does not fit 32 bits", got=str(command.item))
    _check_count(len(command.operands), MAXIMUM_OPERANDS, "operands")
    _check_count(len(command.attributes), MAXIMUM_ATTRIBUTES, "attributes")
    if len({operand.name for operand in command.operands}) != len(command.operands):
        raise ProtocolError("two operands have the same name", where=f'command "{command.kernel}"')
    for operand in command.operands:
        _check_operand(operand)
    for name, value in command.attributes.items():
        _check_name(name, 23, "attribute")
        if isinstance(value, int) and not _LEAST_INTEGER <= value <= _LARGEST_INTEGER:
            raise ProtocolError(f'attribute "{name}" does not fit 64 bits', got=str(value))


def _check_operand(operand: Operand) -> None:
    _check_name(operand.name, 12, "operand")
    problem = ""
    if not 0 <= operand.address < 1 << 64:
        problem = f"address {operand.address}"
    elif not 0 < operand.size_bytes < 1 << 40:
        problem = f"size of {operand.size_bytes} bytes"
    elif operand.dtype not in DTYPE_CODES:
        problem = f'dtype "{operand.dtype}"'
    elif operand.interface not in {1, 2, 3, 4}:
        problem = f"interface {operand.interface}"
    elif len(operand.shape) > MAXIMUM_RANK:
        problem = f"rank {len(operand.shape)}"
    elif any(not 0 < extent < 1 << 32 for extent in operand.shape):
        problem = f"shape {operand.shape}"
    if problem:
        raise ProtocolError(f'operand "{operand.name}" is malformed', got=problem)
    dense_bytes = math.prod(operand.shape) * DTYPE_BYTES[operand.dtype]
    if dense_bytes > operand.size_bytes:
        raise ProtocolError(
            f'operand "{operand.name}" is smaller than its shape',
            expected=f"{dense_bytes} bytes for {operand.shape} of {operand.dtype}",
            got=f"{operand.size_bytes} bytes",
        )


def _check_count(count: int, maximum: int, what: str) -> None:
    if count > maximum:
        raise ProtocolError(f"too many {what}", expected=f"at most {maximum}", got=str(count))


@lru_cache(maxsize=1024)  # a program uses a few dozen names, thousands of times
def _check_name(name: str, maximum_bytes: int, what: str) -> None:
    if not name or len(name) > maximum_bytes or not name.isascii() or not name.isprintable():
        raise ProtocolError(
            f"the name of this {what} does not fit its field",
            expected=f"1 to {maximum_bytes} printable ASCII characters",
            got=repr(name),
        )


def _encode_operand(operand: Operand) -> bytes:
    return _OPERAND.pack(
        operand.address,
        operand.size_bytes,
        operand.interface,
        operand.is_read * _READ | operand.is_written * _WRITE,
        DTYPE_CODES[operand.dtype],
        len(operand.shape),
        operand.name.encode(),
        *operand.shape,
        *(0,) * (MAXIMUM_RANK - len(operand.shape)),
        b"",
    )


def _encode_attribute(name: str, value: float) -> bytes:
    if isinstance(value, int):
        return _INTEGER.pack(name.encode(), _TYPE_INTEGER, value)
    return _REAL.pack(name.encode(), _TYPE_REAL, value)


def decode_command(descriptor: bytes | bytearray | memoryview) -> Command:
    """Decode a descriptor.

    Raises:
        ProtocolError: It is truncated, malformed, or holds what v1 does not know.
    """
    view = memoryview(descriptor)
    item, operand_count, attribute_count, kernel = _decode_header(view)
    first_attribute = _HEADER.size + operand_count * _OPERAND.size
    end = first_attribute + attribute_count * _INTEGER.size
    operands = tuple(
        _decode_operand(view, _HEADER.size + index * _OPERAND.size)
        for index in range(operand_count)
    )
    attributes = dict(
        _decode_attribute(view, first_attribute + index * _INTEGER.size)
        for index in range(attribute_count)
    )
    if len(attributes) != attribute_count:
        raise ProtocolError("two attributes of the descriptor have the same name")
    if view[end:] != _NO_PADDING[: len(view) - end]:
        raise ProtocolError("the descriptor's padding is not zero")
    command = Command(kernel, item, operands, attributes)
    check_command(command)
    return command


def _decode_header(view: memoryview) -> tuple[int, int, int, str]:
    if len(view) < _HEADER.size:
        raise ProtocolError(
            "descriptor is truncated",
            expected=f"{_HEADER.size} bytes of header",
            got=f"{len(view)} bytes",
        )
    magic, total_bytes, item, operands, attributes, kernel = _HEADER.unpack_from(view)
    if magic != MAGIC:
        raise ProtocolError("not a descriptor", expected=f"{MAGIC:#x}", got=f"{magic:#x}")
    _check_count(operands, MAXIMUM_OPERANDS, "operands")
    _check_count(attributes, MAXIMUM_ATTRIBUTES, "attributes")
    used_bytes = _HEADER.size + operands * _OPERAND.size + attributes * _INTEGER.size
    aligned_bytes = -(-used_bytes // ALIGNMENT_BYTES) * ALIGNMENT_BYTES
    if total_bytes != aligned_bytes or total_bytes != len(view):
        raise ProtocolError(
            "descriptor has the wrong length",
            expected=f"{aligned_bytes} bytes for {operands} operands, {attributes} attributes",
            got=f"{total_bytes} in the header, {len(view)} in all",
        )
    return item, operands, attributes, _decode_name(kernel)


@lru_cache(maxsize=1024)
def _decode_name(field_bytes: bytes) -> str:
    name, _, padding = field_bytes.partition(b"\0")
    if padding.strip(b"\0") or not name.isascii():
        raise ProtocolError("a name is not zero-padded ASCII", got=repr(field_bytes))
    return name.decode("ascii")


def _decode_operand(view: memoryview, offset: int) -> Operand:
    address, size_bytes, interface, access, dtype, rank, name, *rest = _OPERAND.unpack_from(
        view, offset
    )
    shape, zeros = rest[:MAXIMUM_RANK], rest[MAXIMUM_RANK]
    name = _decode_name(name)
    if dtype not in _DTYPE_NAMES or rank > MAXIMUM_RANK or access > (_READ | _WRITE):
        raise ProtocolError(
            f'operand "{name}" is malformed', got=f"dtype {dtype}, rank {rank}, access {access}"
        )
    if any(shape[rank:]) or any(zeros):
        raise ProtocolError(f'operand "{name}" has bytes set that must be zero')
    return Operand(
        name=name,
        address=address,
        size_bytes=size_bytes,
        dtype=_DTYPE_NAMES[dtype],
        shape=tuple(shape[:rank]),
        interface=interface,
        is_read=bool(access & _READ),
        is_written=bool(access & _WRITE),
    )


def _decode_attribute(view: memoryview, offset: int) -> tuple[str, int | float]:
    name, type_code, integer = _INTEGER.unpack_from(view, offset)
    name = _decode_name(name)
    if type_code == _TYPE_INTEGER:
        return name, integer
    if type_code == _TYPE_REAL:
        return name, _REAL.unpack_from(view, offset)[2]
    raise ProtocolError(f'attribute "{name}" has an unknown type', got=str(type_code))
