"""Holds policy smaug against a table of tiling decisions (`harness validate tiling FILE.csv`).

Columns: id, op, input_shape_NHWC_or_NC, filter_rows_cols, num_ofmaps_or_neurons, stride_r_c,
padding, and the expected ones: dims_in, dims_weight, dims_out, tile_in, tile_weight, tile_out,
n_tiles_*, tiles_*, n_candidate_configs, kernel_invocations. An empty column is not checked. Rows
whose dims_in is FAIL must fail.
"""

from __future__ import annotations

import csv
import math
from collections import Counter
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from harness.base.errors import DoesNotFitError, ValidationError
from harness.compiler.limits import Limits, limits_of
from harness.compiler.matrix_plan import MatrixShape
from harness.compiler.smaug_conv import smaug_conv2d
from harness.compiler.smaug_matrix import smaug_mat_mul
from harness.compiler.smaug_search import Subject
from harness.compiler.smaug_window import (
    smaug_batch_norm,
    smaug_flat,
    smaug_pool2d,
    smaug_softmax,
)
from harness.compiler.spans import Axis
from harness.compiler.tile_plan import Region, Reuse, TilePlan
from harness.compiler.window_shape import ConvShape, PoolShape

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from harness.bridge.description import ModelDescription

FAIL = "FAIL"
ROLES = {"in": "input", "weight": "weights", "out": "output"}
_MULTISET = "multiset:"
_ANY = ("", "-", "n/a")
_POOLS = {
    "maxpool": "max_pool2d",
    "avgpool": "avg_pool2d",
    "max_pool": "max_pool2d",
    "avg_pool": "avg_pool2d",
}
_BINARY = {"EltwiseAdd": "add", "EltwiseMul": "mul", "add": "add", "mul": "mul"}


@dataclass(frozen=True, slots=True)
class Difference:
    """A column of a row that came out differently."""

    row: str
    column: str
    expected: str
    got: str


@dataclass(frozen=True, slots=True)
class ValidationReport:
    """What a table's comparison yields.

    Attributes:
        rows: Rows of the table.
        equal_rows: Rows without a difference.
        values: Columns compared, over all rows.
        differences: What differs.
        mean_error: Mean relative error of the numeric columns compared.
        worst_error: Largest relative error.
        totals: Sums per network, name of the total to expected and got.
        limited_columns: Columns that must be equal; empty: all. The others are only reported.
    """

    rows: int
    equal_rows: int
    values: int
    differences: tuple[Difference, ...]
    mean_error: float = 0.0
    worst_error: float = 0.0
    totals: Mapping[str, tuple[int, int]] | None = None
    limited_columns: tuple[str, ...] = ()

    @property
    def is_within(self) -> bool:
        """Whether nothing differs that must be equal."""
        limited = self.limited_columns
        return not any(not limited or each.column in limited for each in self.differences)


def read_rows(path: str | Path, required: Sequence[str]) -> list[dict[str, str]]:
    """Read a table.

    Raises:
        ValidationError: It cannot be read, or a column is missing.
    """
    try:
        with Path(path).open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            columns = reader.fieldnames or []
            rows = [{key: value or "" for key, value in row.items() if key} for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ValidationError("cannot read the table", where=str(path), got=str(error)) from error
    missing = [name for name in required if name not in columns]
    if missing:
        raise ValidationError(
            "the table lacks columns",
            where=str(path),
            expected=", ".join(required),
            got=f"no {', '.join(missing)}",
        )
    return rows


def validate_tiling(path: str | Path, description: ModelDescription) -> ValidationReport:
    """Compare policy smaug's decisions with a table.

    Args:
        path: The table.
        description: The accelerator that SMAUG's constants describe: vector_mac with its defaults.

    Raises:
        ValidationError: The table is malformed.
    """
    limits = limits_of(description, Reuse(), line_bytes=64)
    rows = read_rows(path, ("id", "op", "input_shape_NHWC_or_NC"))
    differences: list[Difference] = []
    errors: list[float] = []
    equal = 0
    for row in rows:
        got = tiling_columns(row, limits)
        compared = [name for name in got if row.get(name, "") not in _ANY]
        found = [
            Difference(row["id"], name, row[name], got[name])
            for name in compared
            if not _is_equal(row[name], got[name])
        ]
        errors.extend(_errors(row, got, compared))
        differences.extend(found)
        equal += not found
    return ValidationReport(
        rows=len(rows),
        equal_rows=equal,
        values=len(errors),
        differences=tuple(differences),
        mean_error=sum(errors) / len(errors) if errors else 0.0,
        worst_error=max(errors, default=0.0),
    )


def tiling_columns(row: Mapping[str, str], limits: Limits) -> dict[str, str]:
    """Return the columns that the tiler yields for a row's layer."""
    try:
        plan = _plan(row, limits)
    except DoesNotFitError:
        return {"dims_in": FAIL}
    columns = {"kernel_invocations": str(len(plan.commands))}
    if plan.candidates:
        columns["n_candidate_configs"] = str(plan.candidates)
    for short, role in _roles(plan).items():
        if role in plan.dims:
            columns[f"dims_{short}"] = plan.dims[role]
        columns[f"tile_{short}"] = _text(plan.shape[role])
        columns[f"n_tiles_{short}"] = str(len(plan.tiles[role]))
        columns[f"tiles_{short}"] = _runs(plan.tiles[role])
    if row.get("dims_in") == FAIL:
        columns["dims_in"] = plan.dims.get("input", "n/a")
    return columns


def _roles(plan: TilePlan) -> dict[str, str]:
    roles = {"weight": "other"} if "other" in plan.tiles else {}
    return {short: role for short, role in (ROLES | roles).items() if role in plan.tiles}


def _plan(row: Mapping[str, str], limits: Limits) -> TilePlan:
    op, subject = row["op"], Subject(row["op"], row["id"])
    shape = _numbers(row, "input_shape_NHWC_or_NC")
    if op == "conv":
        return smaug_conv2d(_conv(row, shape), limits, subject)
    if op == "fc":
        (neurons,) = _numbers(row, "num_ofmaps_or_neurons")
        return smaug_mat_mul(MatrixShape(shape[0], shape[1], neurons), limits, subject)
    if op in _POOLS:
        rows, columns = _numbers(row, "filter_rows_cols")
        axes = [Axis(shape[1 + i], (rows, columns)[i], s) for i, s in enumerate(_stride(row))]
        pool = PoolShape(shape[0], axes[0], axes[1], shape[3])
        return smaug_pool2d(_POOLS[op], pool, (rows, columns), limits, subject)
    if op == "batch_norm":
        return smaug_batch_norm(shape, limits, subject)
    if op == "softmax":
        return smaug_softmax(math.prod(shape[:-1]), shape[-1], limits, subject)
    return smaug_flat(_BINARY.get(op, op), shape, limits, is_binary=op in _BINARY)


def _conv(row: Mapping[str, str], shape: tuple[int, ...]) -> ConvShape:
    taps, stride = _numbers(row, "filter_rows_cols"), _stride(row)
    (kernels,) = _numbers(row, "num_ofmaps_or_neurons")
    axes = [
        smaug_axis(shape[1 + i], taps[i], stride[i], is_same=row["padding"] == "same")
        for i in range(2)
    ]
    return ConvShape(shape[0], axes[0], axes[1], shape[3], kernels, taps[0], taps[1])


def smaug_axis(extent: int, taps: int, stride: int, *, is_same: bool) -> Axis:
    """Return an axis padded as SMAUG pads: taps - 1 in all, the larger half in front."""
    total = taps - 1 if is_same else 0
    return Axis(extent, taps, stride, (total + 1) // 2, total // 2)


def _stride(row: Mapping[str, str]) -> tuple[int, ...]:
    return _numbers(row, "stride_r_c")


def _numbers(row: Mapping[str, str], column: str) -> tuple[int, ...]:
    parts = row.get(column, "").split("x")
    if not all(part.isascii() and part.isdigit() and int(part) for part in parts):
        raise ValidationError(
            f"column {column} is malformed",
            where=f"row {row['id']}",
            expected="numbers above 0 joined by x, such as 1x32x32x8",
            got=repr(row.get(column, "")),
        )
    return tuple(map(int, parts))


def _text(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape))


def _runs(regions: Sequence[Region]) -> str:
    return " ".join(
        f"{shape}*{len(list(run))}" for shape, run in groupby(_text(r.shape) for r in regions)
    )


def _is_equal(expected: str, got: str) -> bool:
    if expected.startswith(_MULTISET):
        return _counts(expected.removeprefix(_MULTISET)) == _counts(got)
    return expected == got


def _counts(runs: str) -> Counter[str]:
    counts: Counter[str] = Counter()
    for run in runs.split():
        shape, _, count = run.partition("*")
        counts[shape] += int(count) if count.isdigit() else 0
    return counts


def _errors(row: Mapping[str, str], got: Mapping[str, str], compared: Sequence[str]) -> list[float]:
    """Return the relative error of numbers, and 0 or 1 for everything else."""
    errors = []
    for name in compared:
        if row[name].isdigit() and got[name].isdigit() and int(row[name]):
            errors.append(abs(int(got[name]) - int(row[name])) / int(row[name]))
        else:
            errors.append(float(not _is_equal(row[name], got[name])))
    return errors
