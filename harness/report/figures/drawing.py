"""A figure with texts that appear over its parts, and its file forms.

The bytes depend on the figure only: no dates, no versions, no random identifiers.
"""

from __future__ import annotations

import html
import io
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from harness.base.optional_package import require_package

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from harness.report.figures.look import Look

FORMATS = ("pdf", "svg", "png")
_METADATA: dict[str, dict[str, None]] = {
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
    "svg": {"Date": None, "Creator": None},
    "png": {"Software": None},
}


@dataclass(slots=True)
class Drawing:
    """A matplotlib figure; `tips` are the texts by the group of the SVG that shows them."""

    figure: Any
    tips: dict[str, str] = field(default_factory=dict)

    def tip(self, artist: Any, text: str) -> None:
        """Show a text when the pointer rests on this part."""
        name = f"tip{len(self.tips)}"
        artist.set_gid(name)
        self.tips[name] = text


@dataclass(frozen=True, slots=True)
class Plot:
    """One figure of a report.

    Attributes:
        name: Stem of its file.
        title: Heading.
        caption: What it shows: normalisation, means, and what was left out.
        draw: Draws it on an empty figure with the given look.
    """

    name: str
    title: str
    caption: str
    draw: Callable[[Drawing, Look], None]


def render(plot: Plot, look: Look, file_format: str) -> bytes:
    """Draw a plot and return the file's bytes.

    Raises:
        SpecError: matplotlib is not installed.
    """
    matplotlib = require_package("matplotlib", "plots")
    figures = require_package("matplotlib.figure", "plots")
    with matplotlib.rc_context(look.settings()):
        drawing = Drawing(figures.Figure(layout="constrained"))
        plot.draw(drawing, look)
        stream = io.BytesIO()
        drawing.figure.savefig(stream, format=file_format, metadata=_METADATA[file_format])
    if file_format != "svg":
        return stream.getvalue()
    return _with_tips(stream.getvalue().decode(), drawing.tips).encode()


def inline_svg(plot: Plot, look: Look) -> str:
    """Return the plot as an element for a web page; its identifiers begin with its name.

    Only those that something refers to are kept: the others need not be unique.
    """
    text = render(plot, look, "svg").decode()
    text = text[text.index("<svg") :]
    text = re.sub(r'(?<= d=")[^"]+', _rounded, text)
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    used = {name for pair in re.findall(r'href="#([^"]+)"|url\(#([^)]+)\)', text) for name in pair}
    text = re.sub(
        r' \bid="([^"]+)"',
        lambda match: f' id="{plot.name}-{match[1]}"' if match[1] in used else "",
        text,
    )
    text = re.sub(r'href="#([^"]+)"', rf'href="#{plot.name}-\1"', text)
    text = text.replace("url(#", f"url(#{plot.name}-")
    label = html.escape(plot.title, quote=True)
    return text.replace("<svg", f'<svg role="img" aria-label="{label}"', 1)


def _rounded(path: re.Match[str]) -> str:
    """Leave two decimals of a path's coordinates, a fiftieth of a pixel: half the page's size."""
    return re.sub(r"(\.\d\d)\d+", r"\1", path[0]).replace("\n", "")


def write_plot(plot: Plot, look: Look, path: Path) -> None:
    """Write a plot's file; the suffix chooses the format."""
    data = render(plot, look, path.suffix.removeprefix("."))
    temporary = path.with_name(f".{path.name}.part")
    try:
        temporary.write_bytes(data)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _with_tips(text: str, tips: dict[str, str]) -> str:
    def with_title(match: re.Match[str]) -> str:
        tip = tips.get(match[1])
        return match[0] if tip is None else f"{match[0]}<title>{html.escape(tip)}</title>"

    return re.sub(r'<g id="(tip\d+)">', with_title, text)
