"""Arguments and options that the commands of `harness stats` share."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Annotated, Optional

import typer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.stats.metrics.declarations import Metric


class Form(str, Enum):
    """How results are printed."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


class AbsentPolicy(str, Enum):
    """What stands for a name that one dump or run lacks."""

    ZERO = "zero"
    NAN = "nan"
    ERROR = "error"


File = Annotated[
    str, typer.Argument(metavar="FILE", help="Any gem5 stats.txt, also .gz, or a run's directory.")
]
Files = Annotated[
    list[str], typer.Argument(metavar="FILE...", help="stats.txt files or runs' directories.")
]
Patterns = Annotated[
    Optional[list[str]],  # noqa: UP045 - typer reads it at run time on Python 3.10
    typer.Argument(
        metavar="[PATTERN]...",
        help="Names, such as 'system.l2.*'; * matches dots and :: too. Default: all.",
    ),
]
DumpChoice = Annotated[
    str,
    typer.Option(
        "--dump",
        metavar="WHICH",
        help="first, last (the last complete one), all, a number from 0, or a range N..M.",
    ),
]
FormChoice = Annotated[
    Form, typer.Option("--format", "-f", help="Aligned text, or exact values for programs.")
]
AbsentChoice = Annotated[
    AbsentPolicy,
    typer.Option(
        "--absent",
        help="For a name that only others have: zero (gem5 hides zeros), nan, or an error.",
    ),
]
Stats = Annotated[
    Optional[list[str]],  # noqa: UP045 - see above
    typer.Option("--stat", "-s", metavar="PATTERN", help="A column for each name; repeatable."),
]
Metrics = Annotated[
    Optional[list[str]],  # noqa: UP045 - see above
    typer.Option(
        "--metric",
        "-m",
        metavar="NAME",
        help="A canonical metric (see `harness stats metrics`), or your own:"
        " 'name = a / b'; repeatable.",
    ),
]


def split_metrics(wanted: Sequence[str] | None) -> tuple[list[str], dict[str, Metric]]:
    """Return the names that were asked for, and all metrics, the user's own among them."""
    from harness.stats.metrics.evaluation import known_metrics, parse_metric  # noqa: PLC0415

    own = {text: parse_metric(text) for text in wanted or [] if "=" in text}
    names = [own[text].name if text in own else text for text in wanted or []]
    return names, known_metrics(own.values())
