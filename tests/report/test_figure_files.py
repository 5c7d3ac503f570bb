"""Figures for papers: exact widths, TrueType fonts, no dates, same bytes; and clear refusals."""

from __future__ import annotations

import re
import shutil
import zlib
from typing import TYPE_CHECKING

import pytest

from harness.base.errors import SpecError
from harness.report.analysis.study import WHOLE
from harness.report.figures.look import PHASE_STYLES, WIDTHS_IN
from harness.report.plots import PlotOptions, read_plot_options
from harness.report.report_files import Report
from harness.stats.phases import Phase

if TYPE_CHECKING:
    from pathlib import Path

POINTS_PER_INCH = 72


def files(place: Path, folder: Path, file_format: str, width: str) -> dict[str, bytes]:
    paths = Report([str(place)], PlotOptions()).write_plots(folder, file_format, width)
    return {path.name: path.read_bytes() for path in paths}


@pytest.mark.parametrize("width", list(WIDTHS_IN))
def test_pdf_figures_have_the_papers_width_and_truetype_fonts(
    run: Path, tmp_path: Path, width: str
) -> None:
    for name, data in files(run, tmp_path, "pdf", width).items():
        streams = re.findall(rb"stream\r?\n(.*?)\r?\nendstream", data, re.DOTALL)
        text = data + b"".join(
            zlib.decompressobj().decompress(each) for each in streams if each[:1] == b"x"
        )
        box = re.search(rb"/MediaBox \[ ?0 0 ([\d.]+)", text)
        assert box is not None, name
        assert float(box[1]) == pytest.approx(WIDTHS_IN[width] * POINTS_PER_INCH, abs=0.1)
        assert b"/Subtype /Type0" in text or b"/Subtype /TrueType" in text
        assert b"/Type3" not in text
        assert b"CreationDate" not in data


@pytest.mark.parametrize("file_format", ["pdf", "svg", "png"])
def test_same_runs_give_the_same_bytes(run: Path, tmp_path: Path, file_format: str) -> None:
    first = files(run, tmp_path / "a", file_format, "column")
    second = files(run, tmp_path / "b", file_format, "column")

    assert first == second
    assert all(len(data) > 2000 for data in first.values())


def test_the_page_does_not_depend_on_when_or_how_often_it_is_written(
    sweep: Path, tmp_path: Path
) -> None:
    texts = []
    for name in ("a.html", "b.html"):
        report = Report([str(sweep)], PlotOptions())
        report.write_page(tmp_path / name)
        texts.append((tmp_path / name).read_text())

    assert texts[0] == texts[1]
    identifiers = re.findall(r'\bid="([^"]+)"', texts[0])
    assert len(identifiers) == len(set(identifiers)), "identifiers of a page are unique"
    for reference in re.findall(r'(?:href|aria-labelledby)="#([^"]+)"|url\(#([^)]+)\)', texts[0]):
        assert "".join(reference) in identifiers
    assert not re.search(r'(?:src|href)="(?!#|data:|https://ui\.perfetto\.dev")', texts[0])


def test_every_phase_has_a_look_of_its_own() -> None:
    assert set(PHASE_STYLES) == {WHOLE, *(phase.label for phase in Phase)}
    assert len(set(PHASE_STYLES.values())) == len(Phase) + 1


def test_figures_name_what_was_left_out(sweep: Path) -> None:
    plots = {plot.name: plot for plot in Report([str(sweep)], PlotOptions()).plots}

    assert "no successful run" in plots["breakdown"].caption
    assert "no geometric mean: fewer than two" in plots["breakdown"].caption
    assert "interface=dma, accelerators=1" in plots["breakdown"].caption


def test_the_baseline_is_the_users_choice(sweep: Path) -> None:
    report = Report([str(sweep)], read_plot_options("interface=acp, accelerators=2", ""))
    assert report.study is not None

    assert report.study.full_label(report.study.baseline) == "interface=acp, accelerators=2"


@pytest.mark.parametrize(
    ("baseline", "pareto", "what"),
    [
        ("colour=red", "", "does not vary"),
        ("interface=usb", "", "no successful run"),
        ("interface", "", "not a choice"),
        ("", "latency", "two costs"),
        ("", "latency,beauty", "not a cost"),
    ],
)
def test_a_wrong_choice_is_one_clear_error(
    sweep: Path, baseline: str, pareto: str, what: str
) -> None:
    with pytest.raises(SpecError, match=what):
        Report([str(sweep)], read_plot_options(baseline, pareto))


def test_a_folder_without_runs_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="not a run directory"):
        Report([str(tmp_path)], PlotOptions())


def test_a_sweep_with_only_failures_still_has_a_page(sweep: Path, tmp_path: Path) -> None:
    place = tmp_path / "failed"
    shutil.copytree(sorted((sweep / "runs").iterdir())[-1], place / "runs" / "x")
    shutil.copy(sweep / "sweep.json", place / "sweep.json")
    report = Report([str(place)], PlotOptions())
    report.write_page(tmp_path / "page.html")
    text = (tmp_path / "page.html").read_text()

    assert report.plots == []
    assert "max tick" in text
    assert "the limit of simulated time is reached" in text
    with pytest.raises(SpecError, match="none of these runs"):
        report.write_plots(tmp_path / "plots", "pdf", "column")
