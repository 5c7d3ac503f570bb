"""stats.parquet beside every stats.txt: made when a query needs it, and anew when it is stale.

A parquet file carries the modification time of the stats.txt that it was made from: another time
means that it is stale. Runs need no pyarrow, and the bytes depend on the statistics only.
"""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING, Any

from harness.base.optional_package import require_package
from harness.report.results.views import STATS
from harness.run.cache import cache_directory
from harness.run.directory import disk_error
from harness.stats.export import write_parquet

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from harness.report.results.record import RunRecord


def stats_dataset(records: Sequence[RunRecord]) -> Any:
    """Return all statistics of all runs as one lazy dataset with the column `run`."""
    arrow, dataset = (
        require_package("pyarrow", "results"),
        require_package("pyarrow.dataset", "results"),
    )
    local = require_package("pyarrow.fs", "results").LocalFileSystem()
    kinds = {"VARCHAR": arrow.string(), "INTEGER": arrow.int32(), "DOUBLE": arrow.float64()}
    schema = arrow.schema([(column.name, kinds[column.type]) for column in STATS.columns])
    form = dataset.ParquetFileFormat()
    fragments = [
        form.make_fragment(
            str(fresh_parquet(record.stats).resolve()), local, dataset.field("run") == record.name
        )
        for record in records
        if record.stats is not None and record.stats.stat().st_size
    ]
    return dataset.FileSystemDataset(fragments, schema, form, local)


def fresh_parquet(stats: Path) -> Path:
    """Return a parquet file of a stats.txt: the one beside it, made anew if it is stale.

    Where that folder cannot be written, the file lies in the user's cache.

    Raises:
        StatsError: The statistics cannot be read.
        BackendError: The file can be written neither here nor there.
    """
    modified_ns = stats.stat().st_mtime_ns
    beside = stats.with_name(f"{stats.name.partition('.')[0]}.parquet")
    key = hashlib.sha256(str(stats.resolve()).encode()).hexdigest()[:24]
    places = [beside, cache_directory("stats") / f"{key}.parquet"]
    for place in places:
        if place.is_file() and place.stat().st_mtime_ns == modified_ns:
            return place
    try:
        return _make(stats, beside, modified_ns)
    except OSError:  # a folder of somebody else's, or a full disk
        return _make(stats, places[1], modified_ns)


def _make(stats: Path, place: Path, modified_ns: int) -> Path:
    place.parent.mkdir(parents=True, exist_ok=True)
    temporary = place.with_name(f".{place.name}.{os.getpid()}.part")
    try:
        write_parquet(stats, temporary)
        os.utime(temporary, ns=(modified_ns, modified_ns))
        temporary.replace(place)
    except OSError as error:
        if place.parent != stats.parent:
            raise disk_error(error, place) from error
        raise
    finally:
        temporary.unlink(missing_ok=True)
    return place
