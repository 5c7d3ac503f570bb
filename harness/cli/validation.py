"""Finds the check behind `harness validate KIND`; the checks themselves belong to their layers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.base.errors import ValidationError

if TYPE_CHECKING:
    from pathlib import Path

    from harness.compiler.validate_tiling import ValidationReport

MOST_DIFFERENCES = 200
"""Differences printed; the count is always of all."""
REFERENCE_MODEL = "vector_mac"
"""The model that SMAUG's constants describe, with its defaults."""


def validate_file(kind: str, path: Path) -> tuple[bool, list[str]]:
    """Run a check on a file.

    Returns:
        Whether all rows are within the limits, and the lines to print.

    Raises:
        ValidationError: The file is missing or malformed.
    """
    if not path.is_file():
        raise ValidationError("no such validation file", where=str(path))
    checks = {"tiling": _tiling, "work": _work, "kernels": _kernels}
    return checks[kind](path)


def _kernels(path: Path) -> tuple[bool, list[str]]:
    from harness.run.validation.kernels import validate  # noqa: PLC0415

    report = validate(path)
    return report.is_within, report.lines()


def _tiling(path: Path) -> tuple[bool, list[str]]:
    from harness.compiler.validate_tiling import validate_tiling  # noqa: PLC0415
    from harness.run.compilation import describe_model  # noqa: PLC0415
    from harness.target import load_target  # noqa: PLC0415

    report = validate_tiling(path, describe_model(REFERENCE_MODEL, load_target()))
    return report.is_within, report_lines(report)


def _work(path: Path) -> tuple[bool, list[str]]:
    from harness.compiler.validate_work import validate_work  # noqa: PLC0415
    from harness.run.compilation import describe_model  # noqa: PLC0415
    from harness.target import load_target  # noqa: PLC0415

    target = load_target()
    report = validate_work(path, describe_model(REFERENCE_MODEL, target), target)
    return report.is_within, report_lines(report)


def report_lines(report: ValidationReport) -> list[str]:
    """Return the rows that differ, totals and errors as text."""
    lines = [
        f"{each.row}: {each.column}: expected {each.expected}, got {each.got}"
        for each in report.differences[:MOST_DIFFERENCES]
    ]
    left_out = len(report.differences) - len(lines)
    if left_out:
        lines.append(f"... and {left_out} more differences")
    for name, (expected, got) in (report.totals or {}).items():
        verdict = "equal" if expected == got else "DIFFERS"
        lines.append(f"{name}: {got} kernel invocations, expected {expected} ({verdict})")
    lines.append(
        f"{report.equal_rows} of {report.rows} rows equal, {report.values} values compared, "
        f"mean error {report.mean_error:.2%}, worst {report.worst_error:.2%}; "
        f"limit: equal {', '.join(report.limited_columns) or 'in every column'}"
    )
    lines.append("within the limits" if report.is_within else "OUTSIDE the limits")
    return lines
