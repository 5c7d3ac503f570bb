"""Statistics as a file of another format, chosen by its ending."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.base.errors import StatsError
from harness.stats.dump_choice import chosen_numbers
from harness.stats.export import write_csv, write_json, write_parquet
from harness.stats.reader import open_stats

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_ENDINGS = (".csv", ".json", ".parquet")


def export_statistics(source: str, output: Path, patterns: Sequence[str] | None, dump: str) -> int:
    """Write a file and return its number of rows.

    Raises:
        StatsError: The ending is not known, the statistics cannot be read, or the file not written.
    """
    if output.suffix not in _ENDINGS:
        raise StatsError(
            "the ending says the format", expected=", ".join(_ENDINGS), got=output.name
        )
    stats = open_stats(source)
    choice = {"patterns": patterns, "dumps": chosen_numbers(stats, dump)}
    try:
        if output.suffix == ".parquet":
            return write_parquet(stats, output, **choice)
        write = write_csv if output.suffix == ".csv" else write_json
        with output.open("w", encoding="utf-8", newline="") as stream:
            return write(stats, stream, **choice)
    except OSError as error:
        raise StatsError(f"cannot write: {error.strerror or error}", where=str(output)) from error
