"""Puts a report together and writes it as one HTML file."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from harness import __version__
from harness.base.optional_package import require_package
from harness.report.costs import pareto_data
from harness.report.figures.drawing import inline_svg
from harness.report.figures.look import Look
from harness.report.page.dump_tables import dump_tables
from harness.report.page.provenance import provenance_table, validation_notes
from harness.report.page.run_tables import one_run_tables
from harness.report.page.study_tables import (
    configurations_table,
    failures_table,
    front_table,
    runs_table,
)
from harness.run.directory import TIMELINE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.report.analysis.study import Study
    from harness.report.figures.drawing import Plot
    from harness.report.page.content import PageTable
    from harness.report.plots import PlotOptions
    from harness.report.results.record import RunRecord

HERE = Path(__file__).parent


@dataclass(slots=True)
class Section:
    """One chapter of the page."""

    name: str
    title: str
    paragraphs: list[str] = field(default_factory=list)
    plots: list[tuple[Plot, str]] = field(default_factory=list)
    tables: list[PageTable] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    links: list[tuple[str, str]] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to show."""
        return not (self.paragraphs or self.plots or self.tables or self.links)


@dataclass(frozen=True, slots=True)
class Page:
    """All that the template shows."""

    title: str
    lead: str
    facts: list[tuple[str, str]]
    sections: list[Section]
    footer: str
    version: str = __version__

    def contents(self) -> list[tuple[str, str]]:
        """Return name and title of every section."""
        return [(section.name, section.title) for section in self.sections]


def render_page(page: Page) -> str:
    """Return the page's HTML.

    Raises:
        SpecError: jinja2 is not installed.
    """
    jinja2 = require_package("jinja2", "plots")
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    template = environment.from_string((HERE / "template.html.j2").read_text(encoding="utf-8"))
    style = (HERE / "style.css").read_text(encoding="utf-8")
    script = (HERE / "page.js").read_text(encoding="utf-8")
    return str(template.render(page=page, style=style, script=script)) + "\n"


def make_page(
    title: str,
    records: Sequence[RunRecord],
    study: Study | None,
    plots: Sequence[Plot],
    options: PlotOptions,
) -> Page:
    """Return the page of these runs."""
    sections = [
        _failures(records),
        _figures(plots),
        _tables(records, study, options),
        _timeline(records),
        _provenance(records),
    ]
    return Page(
        title,
        _lead(records, study),
        _facts(records, study),
        [section for section in sections if not section.is_empty],
        f"Written by harness {__version__}. Every number comes from the files of the runs"
        " (result.json, run.json, point.json, timeline.npy, stats.txt); 1 tick = 1 ps.",
    )


def _failures(records: Sequence[RunRecord]) -> Section:
    table = failures_table(records)
    return Section("failed", "Failures", tables=[] if table is None else [table])


def _figures(plots: Sequence[Plot]) -> Section:
    look = Look(is_inline=True)
    drawn = [(plot, inline_svg(plot, look)) for plot in plots]
    return Section("figures", "Figures", plots=drawn)


def _tables(records: Sequence[RunRecord], study: Study | None, options: PlotOptions) -> Section:
    section = Section("tables", "Tables")
    if len(records) == 1:
        section.tables += [*one_run_tables(records[0]), *dump_tables(records)]
        return section
    section.tables.append(runs_table(records))
    if study is not None:
        configurations = configurations_table(study)
        front = pareto_data(study, options.pareto)
        section.tables += [] if configurations is None else [configurations]
        section.tables += [] if front is None else [front_table(front)]
    section.tables += dump_tables(records)
    return section


def _timeline(records: Sequence[RunRecord]) -> Section:
    section = Section("timeline", "Timeline")
    with_timeline = [record for record in records if (record.found.path / TIMELINE).is_file()]
    if with_timeline:
        path = with_timeline[0].found.path
        section.paragraphs.append(
            "Every record of a run, to zoom into: this command writes a trace that Perfetto opens"
            " from disk, without any upload."
        )
        section.commands.append(f"harness timeline {path}")
        section.links.append(("Perfetto (opens in the browser)", "https://ui.perfetto.dev"))
    return section


def _provenance(records: Sequence[RunRecord]) -> Section:
    section = Section("sources", "Provenance")
    for backend, note in validation_notes(records):
        section.paragraphs.append(f"Backend {backend}: {note}.")
    if len(records) == 1:
        command = " ".join(records[0].manifest.get("command_line", ()))
        if command:
            section.paragraphs.append("This command made the run:")
            section.commands.append(f"harness {command}")
    table = provenance_table(records)
    section.tables += [table] if table.rows else []
    return section


def _lead(records: Sequence[RunRecord], study: Study | None) -> str:
    if len(records) == 1 and records[0].result is not None:
        from harness.report.run_report import heading  # noqa: PLC0415 - one run only

        return heading(records[0].result)
    good = sum(record.is_success for record in records)
    if len(records) == 1:
        return f"{records[0].found.path}, {records[0].found.kind.value}: {records[0].ending_text}."
    text = f"{len(records)} runs, {good} successful"
    if study is None:
        return text
    if study.axes:
        axes = "; ".join(
            f"{name}: {', '.join(map(str, values))}" for name, values in study.axes.items()
        )
        text += f". Varied: {axes}"
    workloads = ", ".join(filter(None, study.workloads))
    return f"{text}. Workloads: {workloads}." if workloads else f"{text}."


def _facts(records: Sequence[RunRecord], study: Study | None) -> list[tuple[str, str]]:
    from harness.report.page.facts import run_facts, study_facts  # noqa: PLC0415

    return run_facts(records[0]) if len(records) == 1 else study_facts(records, study)
