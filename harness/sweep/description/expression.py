"""Filters of a sweep: `where = "accelerators <= cores and interface != 'dma'"`.

An expression is parsed by Python and walked here; it can compare and compute, and reach nothing
besides the point's own values.
"""

from __future__ import annotations

import ast
import math
import operator
from typing import TYPE_CHECKING, Any

from harness.base.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_BINARY: Mapping[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
}
_UNARY: Mapping[type[ast.unaryop], Callable[[Any], Any]] = {
    ast.Not: operator.not_,
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
}
_COMPARE: Mapping[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.In: lambda item, places: item in places,
    ast.NotIn: lambda item, places: item not in places,
}
_FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "min": min,
    "max": max,
    "abs": abs,
    "len": len,
    "round": round,
    "log2": math.log2,
    "int": int,
}
_MOST_TEXT = 10_000
_ALLOWED = (
    f"names of the point's values, numbers, text, and, or, not, in, comparisons, + - * / // %, "
    f"{', '.join(_FUNCTIONS)}"
)


class Expression:
    """A parsed filter.

    Raises:
        SpecError: It is no expression, or one that could do more than compare and compute.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        if len(text) > _MOST_TEXT:
            raise SpecError("the filter is too long", expected=f"{_MOST_TEXT} characters")
        try:
            self._tree = ast.parse(text.strip(), mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            raise SpecError("the filter is no expression", got=text, expected=_ALLOWED) from error

    def holds(self, values: Mapping[str, Any]) -> bool:
        """Tell whether a point passes.

        Raises:
            SpecError: The expression names what the point has not, or its types do not fit.
        """
        try:
            return bool(self._value(self._tree, values))
        except (TypeError, ValueError, ArithmeticError, RecursionError) as error:
            raise SpecError(f"the filter fails: {error}", got=self.text) from error

    def _value(self, node: ast.expr, values: Mapping[str, Any]) -> Any:
        if isinstance(node, ast.Constant) and isinstance(node.value, int | float | str | bool):
            return node.value
        if isinstance(node, ast.Name | ast.Attribute):
            return self._named(node, values)
        if isinstance(node, ast.List | ast.Tuple | ast.Set):
            return [self._value(each, values) for each in node.elts]
        if isinstance(node, ast.BoolOp):
            return self._logic(node, values)
        return self._computed(node, values)

    def _computed(self, node: ast.expr, values: Mapping[str, Any]) -> Any:
        if isinstance(node, ast.BinOp) and type(node.op) in _BINARY:
            left, right = self._value(node.left, values), self._value(node.right, values)
            if isinstance(node.op, ast.Mult) and not _are_numbers(left, right):
                raise SpecError("the filter multiplies what is no number", got=self.text)
            return _BINARY[type(node.op)](left, right)
        if isinstance(node, ast.UnaryOp) and type(node.op) in _UNARY:
            return _UNARY[type(node.op)](self._value(node.operand, values))
        if isinstance(node, ast.Compare):
            return self._comparison(node, values)
        if isinstance(node, ast.IfExp):
            chosen = node.body if self._value(node.test, values) else node.orelse
            return self._value(chosen, values)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and not node.keywords:
            function = _FUNCTIONS.get(node.func.id)
            if function is not None:
                return function(*(self._value(each, values) for each in node.args))
        part = ast.unparse(node)
        raise SpecError("the filter holds what it may not", got=part, expected=_ALLOWED)

    def _logic(self, node: ast.BoolOp, values: Mapping[str, Any]) -> Any:
        is_and = isinstance(node.op, ast.And)
        result: Any = is_and
        for each in node.values:
            result = self._value(each, values)
            if bool(result) != is_and:
                break
        return result

    def _comparison(self, node: ast.Compare, values: Mapping[str, Any]) -> bool:
        left = self._value(node.left, values)
        for op, each in zip(node.ops, node.comparators, strict=True):
            if type(op) not in _COMPARE:
                raise SpecError("the filter holds what it may not", got=self.text)
            right = self._value(each, values)
            if not _COMPARE[type(op)](left, right):
                return False
            left = right
        return True

    def _named(self, node: ast.expr, values: Mapping[str, Any]) -> Any:
        name = ast.unparse(node)
        if name in values:
            return values[name]
        raise SpecError(
            f"the filter names {name!r}, which a point has not",
            expected=", ".join(sorted(values)),
            got=self.text,
        )


def _are_numbers(*values: Any) -> bool:
    return all(isinstance(each, int | float) for each in values)
