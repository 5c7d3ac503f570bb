"""Metrics of one dump: the first formula that applies, its value, and its unit checked."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from harness.base.errors import StatsError
from harness.stats.metrics.declarations import METRICS, UNIT_TRAPS, Metric
from harness.stats.metrics.dimension import NUMBER, UNKNOWN, Dimension, dimension_of
from harness.stats.metrics.expression import Literal, Operation, Reference, parse_expression
from harness.stats.names import ELEMENT, NameFilter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from harness.stats.dump import Dump
    from harness.stats.metrics.expression import Expression
    from harness.stats.statistic import Statistic


@dataclass(frozen=True, slots=True)
class MetricValue:
    """A metric of one dump.

    Attributes:
        metric: What was asked for.
        value: Its number.
        unit: The metric's unit; for one that was declared without any, what the formula came to.
        formula: The alternative that applied; empty if none did, and the value is NaN.
        is_unit_checked: Whether all units were known and came to the metric's.
        names: The statistics that went in.
    """

    metric: Metric
    value: float
    unit: str
    formula: str
    is_unit_checked: bool
    names: tuple[str, ...]

    @property
    def is_there(self) -> bool:
        """Whether the dump has what the metric needs."""
        return bool(self.formula)


@dataclass(frozen=True, slots=True)
class _Quantity:
    value: float
    dimension: Dimension
    names: tuple[str, ...] = ()


class _AbsentError(Exception):
    """A formula needs a statistic that the dump does not have."""


def known_metrics(extra: Iterable[Metric] = ()) -> dict[str, Metric]:
    """Return the canonical metrics and others by name; a later one of the same name counts."""
    return {metric.name: metric for metric in (*METRICS, *extra)}


def parse_metric(text: str) -> Metric:
    """Read a metric from "name = expression" or "name [Unit] = expression".

    Without a unit, the expression's own is taken, whatever it is.

    Raises:
        StatsError: It is not of that form.
    """
    left, mark, formula = text.partition("=")
    name, _, unit = left.strip().partition(" ")
    if not mark or not name or not formula.strip():
        raise StatsError("this does not declare a metric", got=text, expected="name = expression")
    parse_expression(formula)
    return Metric(
        name, unit.strip(" []") or "Unspecified", (formula.strip(),), "declared by the user"
    )


def evaluate(
    dump: Dump, names: Sequence[str] = (), metrics: Mapping[str, Metric] | None = None
) -> list[MetricValue]:
    """Evaluate metrics over one dump.

    Args:
        dump: A whole dump, or one with the statistics that the metrics need.
        names: The metrics; empty: all.
        metrics: All that there are; None: the canonical ones.

    Raises:
        StatsError: There is no such metric, or its units do not come out.
    """
    metrics = metrics or known_metrics()
    for name in names:
        if name not in metrics:
            raise StatsError(f'no metric "{name}"', expected=", ".join(metrics))
    evaluator = _Evaluator(dump, metrics)
    return [evaluator.metric(metrics[name]) for name in names or metrics]


def evaluate_all(
    dump: Dump, metrics: Mapping[str, Metric] | None = None
) -> tuple[list[MetricValue], tuple[str, ...]]:
    """Evaluate every metric; one whose units do not come out does not hide the others.

    Returns:
        The values, and why others were refused.
    """
    metrics = metrics or known_metrics()
    evaluator = _Evaluator(dump, metrics)
    tried = [evaluator.try_metric(metric) for metric in metrics.values()]
    values = [each for each in tried if isinstance(each, MetricValue)]
    return values, tuple(each for each in tried if isinstance(each, str))


class _Evaluator:
    """Evaluation over one dump; patterns and metrics are resolved once."""

    def __init__(self, dump: Dump, metrics: Mapping[str, Metric]) -> None:
        self._dump = dump
        self._metrics = metrics
        self._matches: dict[str, list[str]] = {}
        self._values: dict[str, MetricValue] = {}
        self._open: list[str] = []

    def metric(self, metric: Metric) -> MetricValue:
        if metric.name in self._values:
            return self._values[metric.name]
        if metric.name in self._open:
            raise StatsError(f"metric {metric.name} is declared by itself", where=self._open[0])
        self._open.append(metric.name)
        try:
            value = self._first(metric)
        finally:
            self._open.pop()
        self._values[metric.name] = value
        return value

    def try_metric(self, metric: Metric) -> MetricValue | str:
        """Return a metric, or why it is refused."""
        try:
            return self.metric(metric)
        except StatsError as error:
            return f"{metric.name}: {error}".replace("\n ", ";")

    def _first(self, metric: Metric) -> MetricValue:
        for formula in metric.formulas:
            try:
                quantity = self._evaluate(parse_expression(formula))
            except _AbsentError:
                continue
            wanted = dimension_of(metric.unit)
            is_checked = wanted.is_known and quantity.dimension.is_known
            if is_checked and quantity.dimension != wanted:
                raise StatsError(
                    f"metric {metric.name} does not come out in its unit",
                    where=formula,
                    expected=metric.unit,
                    got=str(quantity.dimension),
                )
            unit = metric.unit if wanted.is_known else str(quantity.dimension)
            return MetricValue(metric, quantity.value, unit, formula, is_checked, quantity.names)
        return MetricValue(metric, math.nan, metric.unit, "", is_unit_checked=False, names=())

    def _evaluate(self, expression: Expression) -> _Quantity:
        if isinstance(expression, Literal):
            return _Quantity(expression.value, NUMBER)
        if isinstance(expression, Operation):
            return self._operation(expression)
        if len(expression.patterns) == 1 and expression.patterns[0].startswith("@"):
            return self._other(expression.patterns[0][1:])
        return self._reference(expression)

    def _other(self, name: str) -> _Quantity:
        if name not in self._metrics:
            raise StatsError(f'no metric "{name}"', expected=", ".join(self._metrics))
        value = self.metric(self._metrics[name])
        if not value.is_there:
            raise _AbsentError
        known = dimension_of(value.unit) if value.is_unit_checked else UNKNOWN
        return _Quantity(value.value, known, value.names)

    def _operation(self, operation: Operation) -> _Quantity:
        left, right = self._evaluate(operation.left), self._evaluate(operation.right)
        names = (*left.names, *right.names)
        if operation.operator in "*/":
            sign = 1 if operation.operator == "*" else -1
            dimension = left.dimension.times(right.dimension, sign)
        elif not left.names or not right.names:
            dimension = _unit_beside_nothing(left, right)
        else:
            dimension = left.dimension.plus(right.dimension, " ".join(names))
        return _Quantity(_OPERATIONS[operation.operator](left.value, right.value), dimension, names)

    def _reference(self, reference: Reference) -> _Quantity:
        names = list(dict.fromkeys(n for each in reference.patterns for n in self._matching(each)))
        if not names and reference.function == "optional":
            return _Quantity(0.0, UNKNOWN)
        if not names:
            raise _AbsentError
        if len(names) > 1 and reference.function == "only":
            raise StatsError(
                f"{'|'.join(reference.patterns)} matches {len(names)} statistics",
                got=", ".join(names[:4]) + (", ..." if len(names) > 4 else ""),
                way_out="say how they become one number: sum(...), mean(...), max(...), min(...)",
            )
        for name in names:
            _ = self._dump[name]  # refuses a name that stands there twice with different values
        quantities = [_quantity(self._dump.statistic(name)) for name in names]
        dimension = quantities[0].dimension
        for each in quantities[1:]:
            dimension = dimension.plus(each.dimension, ", ".join(names))
        values = [each.value for each in quantities]
        return _Quantity(_AGGREGATES[reference.function](values), dimension, tuple(names))

    def _matching(self, pattern: str) -> list[str]:
        """Return the names of a pattern; without "::" scalars, else vectors by their total."""
        if pattern not in self._matches:
            found = [name for name in filter(NameFilter([pattern]), self._dump) if "#" not in name]
            if ELEMENT not in pattern:
                found = [name for name in found if self._is_whole(name)]
            self._matches[pattern] = found
        return self._matches[pattern]

    def _is_whole(self, name: str) -> bool:
        base, mark, element = name.partition(ELEMENT)
        return not mark or (element == "total" and base not in self._dump)


def _quantity(statistic: Statistic) -> _Quantity:
    """Return a statistic's number in the unit that it claims."""
    for trap in UNIT_TRAPS:
        if fnmatchcase(statistic.name, trap.pattern) and trap.phrase in statistic.description:
            return _Quantity(statistic.value * trap.factor, dimension_of(trap.unit))
    return _Quantity(statistic.value, dimension_of(statistic.unit))


def _unit_beside_nothing(left: _Quantity, right: _Quantity) -> Dimension:
    """Return the unit of a sum of which one part is a number or an absent statistic."""
    return right.dimension if right.names else left.dimension


def _divide(left: float, right: float) -> float:
    if right:
        return left / right
    return math.nan if not left or math.isnan(left) else math.copysign(math.inf, left)


_OPERATIONS: Mapping[str, Callable[[float, float], float]] = {
    "+": lambda left, right: left + right,
    "-": lambda left, right: left - right,
    "*": lambda left, right: left * right,
    "/": _divide,
}
_AGGREGATES: Mapping[str, Callable[[Sequence[float]], float]] = {
    "sum": math.fsum,
    "optional": math.fsum,
    "mean": lambda values: math.fsum(values) / len(values),
    "max": max,
    "min": min,
    "only": lambda values: values[0],
}
