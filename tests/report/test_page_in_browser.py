"""The HTML report as people see it: opened in a real browser, from disk, without a network."""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING, Any

import pytest

from tests.report import chromium
from tests.report import conftest as runs

if TYPE_CHECKING:
    from pathlib import Path

_SIZES = """
[...document.querySelectorAll('figure svg')].map(svg => {
  const box = svg.getBoundingClientRect();
  const marks = [...svg.querySelectorAll('path, use, image')].filter(each => {
    const own = each.getBoundingClientRect(); return own.width > 0 || own.height > 0; });
  return [svg.closest('figure').id, box.width, box.height, marks.length];
})"""
_OVERLAPS = """
[...document.querySelectorAll('main section, main figure')].filter(each =>
  each.scrollWidth > each.clientWidth + 1).map(each => each.id)"""
_TABLES = """
[...document.querySelectorAll('table')].map(table => [table.id, table.tBodies[0].rows.length,
  table.getBoundingClientRect().height])"""
_SORTED = """
(() => { const table = document.getElementById('runs-t');
  const names = [...table.tHead.rows[0].cells].map(cell => cell.textContent);
  const column = names.indexOf('latency');
  const values = () => [...table.tBodies[0].rows].map(row => row.cells[column].dataset.v ?? '');
  const button = table.tHead.rows[0].cells[column].querySelector('button');
  const found = [values()];
  button.click(); found.push(values());
  button.click(); found.push(values());
  return found; })()"""
_FILTERED = """
(() => { const field = document.querySelector('input.filter[data-table="runs-t"]');
  field.value = 'minerva acp'; field.dispatchEvent(new Event('input'));
  return [...document.getElementById('runs-t').tBodies[0].rows].filter(r => !r.hidden).length;
})()"""
_SMALLEST_TEXT_PX = 6.0
_TEXT = """
Math.min(...[...document.querySelectorAll('figure svg text')].map(each => {
  const matrix = each.getScreenCTM();
  return parseFloat(getComputedStyle(each).fontSize) * Math.hypot(matrix.a, matrix.b); }))"""


@pytest.fixture
def page(tmp_path: Path) -> Any:
    program = chromium.find_chromium()
    if program is None:
        pytest.skip("no browser: chromium is not installed (Debian: apt-get install chromium)")
    with chromium.browser(program, tmp_path / "profile") as opened:
        yield opened


def _write(tmp_path: Path, *places: Path) -> Path:
    output = tmp_path / "report.html"
    done = runs.harness("report", *map(str, places), "-o", str(output))
    assert done.returncode == 0, done.stderr
    return output


def _is_plain(png: bytes) -> bool:
    """Tell whether all pixels of a PNG have one colour."""
    place, data = 8, b""
    while place < len(png):
        length, kind = struct.unpack(">I4s", png[place : place + 8])
        data += png[place + 8 : place + 8 + length] if kind == b"IDAT" else b""
        place += 12 + length
    return len(set(zlib.decompress(data))) <= 3


@pytest.mark.slow
def test_a_sweeps_report_shows_figures_and_tables_that_sort(
    page: Any, sweep: Path, tmp_path: Path
) -> None:
    output = _write(tmp_path, sweep)
    page.open(output)

    sizes = {name: rest for name, *rest in page.evaluate(_SIZES)}
    assert {"plot-breakdown", "plot-sensitivity-accelerators", "plot-heat-map"} <= set(sizes)
    assert {"plot-pareto", "plot-roofline"} <= set(sizes)
    for name, (width, height, marks) in sizes.items():
        assert width > 300, name
        assert height > 100, name
        assert marks >= 6, name
    assert page.evaluate(_OVERLAPS) == []
    assert page.evaluate(_TEXT) > _SMALLEST_TEXT_PX

    tables = {name: rest for name, *rest in page.evaluate(_TABLES)}
    assert tables["runs-t"][0] == len(runs.POINTS)
    assert tables["failures-t"][0] == 1
    assert all(height > 20 for _, height in tables.values())

    before, up, down = page.evaluate(_SORTED)
    known = sorted(float(each) for each in before if each)
    assert [float(each) for each in up if each] == known
    assert [float(each) for each in down if each] == known[::-1]
    assert up[-1] == down[-1] == "", "the failed run has no latency and stays last"
    assert page.evaluate(_FILTERED) == 3

    assert page.problems == []
    asked = [url for url in page.urls if not url.startswith("data:")]
    assert asked == [output.resolve().as_uri()], "the page is one file"
    assert not _is_plain(page.screenshot())


@pytest.mark.slow
def test_a_runs_report_shows_its_time(page: Any, run: Path, tmp_path: Path) -> None:
    output = _write(tmp_path, run)
    page.open(output)

    sizes = {name: rest for name, *rest in page.evaluate(_SIZES)}
    assert set(sizes) == {"plot-operators", "plot-overview", "plot-roofline"}
    assert all(width > 300 and height > 100 for width, height, _ in sizes.values())
    assert page.evaluate(_OVERLAPS) == []
    assert page.evaluate("document.querySelectorAll('#operators-table tbody tr').length") == 6
    assert page.problems == []
    assert all(url.startswith(("file:", "data:")) for url in page.urls)
