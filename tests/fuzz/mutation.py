"""Mutations of real inputs: small damage, blocks moved about, numbers at their limits."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random

NUMBERS = [
    value.to_bytes(width, "little")
    for width in (1, 2, 4, 8)
    for value in (0, 1, (1 << 8 * width) - 1, 1 << (8 * width - 1), (1 << (8 * width - 1)) - 1)
]
TEXTS = [
    b"-1",
    b"1e999",
    b"nan",
    b"null",
    b"[]",
    b"{}",
    b'""',
    b"99999999999999999999",
    b"\xff",
    b"\0",
]
MOST_BYTES = 1 << 16


def mutate(seed: bytes, dice: random.Random, others: list[bytes]) -> bytes:
    """Return a seed with one to eight changes."""
    data = bytearray(seed[:MOST_BYTES])
    for _ in range(1 << dice.randrange(4)):
        at = dice.randrange(len(data) + 1)
        kind = dice.randrange(8)
        if kind == 0 and data:
            data[at % len(data)] ^= 1 << dice.randrange(8)
        elif kind == 1 and data:
            data[at % len(data)] = dice.randrange(256)
        elif kind == 2:
            del data[at : at + dice.randrange(1, 40)]
        elif kind == 3:
            data[at:at] = data[at : at + dice.randrange(1, 100)]
        elif kind == 4:
            number = dice.choice(NUMBERS)
            data[at : at + len(number)] = number
        elif kind == 5:
            data[at : at + dice.randrange(6)] = dice.choice(TEXTS)
        elif kind == 6:
            other = dice.choice(others)
            begin = dice.randrange(len(other) + 1)
            data[at : at + dice.randrange(40)] = other[begin : begin + dice.randrange(40)]
        elif dice.random() < 0.1:
            del data[at:]
    return bytes(data)
