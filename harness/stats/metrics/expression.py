"""Expressions over statistics: `1000 * sum(**.l2.demandMisses) / simInsts`.

An operator (`+ - * /`) stands between blanks, because names may contain these characters; a word is
a number or a pattern of names. Alternatives are joined by `|`; a pattern without "::" means the
scalar, or else the vector's `::total`. A pattern that matches several statistics needs one of the
functions; there is no silent sum.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.base.errors import StatsError
from harness.stats._scan import parse_number

if TYPE_CHECKING:
    from typing import TypeAlias

FUNCTIONS = ("sum", "mean", "max", "min", "only", "optional")
"""How several statistics become one number: `only`, the default, refuses several; `optional` is a
sum that is 0 if there are none, for counters that gem5 hides while they are zero."""

_TOKEN = re.compile(r"\s*(?:(\()|(\))|([^\s()]+))")
_OPEN = "("
_CLOSE = ")"
_OPERATORS = {"+": 1, "-": 1, "*": 2, "/": 2}


@dataclass(frozen=True, slots=True)
class Literal:
    """A number."""

    value: float


@dataclass(frozen=True, slots=True)
class Reference:
    """Statistics by pattern, and how they become one number."""

    patterns: tuple[str, ...]
    function: str


@dataclass(frozen=True, slots=True)
class Operation:
    """Two expressions and what is done with them."""

    operator: str
    left: Expression
    right: Expression


if TYPE_CHECKING:
    Expression: TypeAlias = Literal | Reference | Operation


def parse_expression(text: str) -> Expression:
    """Parse an expression.

    Raises:
        StatsError: It is not one.
    """
    parser = _Parser(text)
    expression = parser.expression(1)
    if parser.token is not None:
        raise parser.error(f'unexpected "{parser.token}"')
    return expression


class _Parser:
    """Precedence climbing over the tokens."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = [match[0].strip() for match in _TOKEN.finditer(text)]
        self._at = 0

    @property
    def token(self) -> str | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def error(self, what: str) -> StatsError:
        return StatsError(
            f"{what} in the expression",
            where=self._text,
            expected="numbers, patterns of names, sum(...), and + - * / between blanks",
        )

    def expression(self, level: int) -> Expression:
        left = self._operand()
        while self.token in _OPERATORS and _OPERATORS[self.token] >= level:
            operator = self._next()
            left = Operation(operator, left, self.expression(_OPERATORS[operator] + 1))
        return left

    def _next(self) -> str:
        token = self.token
        if token is None:
            raise self.error("something is missing at the end")
        self._at += 1
        return token

    def _operand(self) -> Expression:
        token = self._next()
        if token == _OPEN:
            inner = self.expression(1)
            self._close()
            return inner
        if token in {_CLOSE, *_OPERATORS}:
            raise self.error(f'unexpected "{token}"')
        if self.token == _OPEN:
            return self._call(token)
        number = parse_number(token)
        return Literal(number) if number is not None else Reference(_split(token), "only")

    def _call(self, function: str) -> Reference:
        if function not in FUNCTIONS:
            raise self.error(f'no function "{function}" (there are {", ".join(FUNCTIONS)})')
        self._next()
        patterns = _split(self._next())
        self._close()
        return Reference(patterns, function)

    def _close(self) -> None:
        if self._next() != _CLOSE:
            raise self.error("a parenthesis is missing")


def _split(token: str) -> tuple[str, ...]:
    return tuple(each for each in token.split("|") if each)
