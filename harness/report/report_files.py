"""Writes a report: one HTML file, and its figures as files for papers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.base.errors import SpecError
from harness.report.analysis.study import make_study
from harness.report.figures.drawing import FORMATS, write_plot
from harness.report.figures.look import WIDTHS_IN, Look
from harness.report.page.render import make_page, render_page
from harness.report.plots import choose_plots
from harness.report.results.collection import count_waiting, find_runs
from harness.report.results.record import read_record
from harness.run.directory import disk_error

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from harness.report.analysis.study import Study
    from harness.report.figures.drawing import Plot
    from harness.report.plots import PlotOptions
    from harness.report.results.record import RunRecord


class Report:
    """Runs, their figures, and the files made of them."""

    def __init__(self, places: Sequence[str], options: PlotOptions) -> None:
        self.records: list[RunRecord] = [read_record(found) for found in find_runs(places)]
        self.waiting = count_waiting(places)
        self.study: Study | None = make_study(self.records, options.baseline)
        self.plots: list[Plot] = choose_plots(self.records, self.study, options)
        self._places = places
        self._options = options

    def write_page(self, output: Path, title: str = "") -> None:
        """Write the HTML file, whole or not at all.

        Raises:
            BackendError: It cannot be written.
        """
        page = make_page(
            title or self._title(), self.records, self.study, self.plots, self._options
        )
        if self.waiting:
            page.facts.append(("not ended yet", f"{self.waiting:,}"))
        _write(output, render_page(page))

    def write_plots(self, folder: Path, file_format: str, width: str) -> list[Path]:
        """Write every figure as a file; return their paths.

        Raises:
            SpecError: The format or the width is unknown, or there is nothing to draw.
            BackendError: A file cannot be written.
        """
        _check_choice("format", file_format, FORMATS)
        _check_choice("width", width, tuple(WIDTHS_IN))
        if not self.plots:
            raise SpecError("none of these runs has numbers for a figure", got=str(self._places[0]))
        paths = [folder / f"{plot.name}.{file_format}" for plot in self.plots]
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for plot, path in zip(self.plots, paths, strict=True):
                write_plot(plot, Look(WIDTHS_IN[width]), path)
        except OSError as error:
            raise disk_error(error, folder) from error
        return paths

    def _title(self) -> str:
        sweeps = dict.fromkeys(each.found.sweep for each in self.records if each.found.sweep)
        if sweeps:
            return f"Sweep {', '.join(sweeps)}"
        if len(self.records) == 1:
            return f"Run {self.records[0].name}"
        return f"{len(self.records)} runs"


def _write(path: Path, text: str) -> None:
    temporary = path.with_name(f".{path.name}.part")
    try:
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise disk_error(error, path) from error


def _check_choice(option: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise SpecError(f"--{option}: unknown value", expected=" or ".join(choices), got=value)
