"""Looks that all figures share: widths of papers, fonts, colours and hatches.

Colours are those of Okabe and Ito ("Color Universal Design", 2008) and of Paul Tol's schemes (SRON
technical note EPS/TN/09-002), which people with colour vision deficiencies can tell apart; hatches
keep neighbours apart on a grey print.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.stats.phases import Phase

if TYPE_CHECKING:
    from collections.abc import Mapping

PAGE_IN = 7.0
COLUMN_IN = 3.3
WIDTHS_IN = {"page": PAGE_IN, "column": COLUMN_IN}
"""Text width of a page with two columns, and of one column (ACM and IEEE templates)."""

INK = "#222222"
PALE = "#c8c8c8"
GRID = "#dddddd"
EDGE = "#333333"

PHASE_STYLES: Mapping[str, tuple[str, str]] = {
    Phase.COMPUTE.label: ("#0072b2", ""),
    Phase.TRANSFER.label: ("#d55e00", ""),
    Phase.FLUSH.label: ("#e69f00", "////"),
    Phase.INVALIDATE.label: ("#f0d9a0", "xxxx"),
    Phase.LOAD.label: ("#bbbbbb", "...."),
    Phase.DISPATCH.label: ("#009e73", ""),
    Phase.REORDER.label: ("#117733", "\\\\\\\\"),
    Phase.PREPARE.label: ("#66ccaa", "||||"),
    Phase.FINALIZE.label: ("#a8d8b9", "----"),
    Phase.DRIVER.label: ("#882255", ""),
    Phase.INTERRUPT.label: ("#cc79a7", "\\\\\\\\"),
    Phase.CPU_OP.label: ("#f0e442", ""),
    Phase.OS.label: ("#56b4e9", "++++"),
    Phase.IDLE.label: ("#f4f4f4", ""),
    "simulated time": ("#5b7c99", ""),
}
"""Colour and hatch by phase: blue for the accelerator, orange for data movement, the rest for the
CPU's software."""

SERIES_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#882255", "#e69f00", "#56b4e9")
SERIES_MARKERS = ("o", "s", "^", "D", "v", "P")
SERIES_LINES = ("-", "--", "-.", ":", (0, (5, 1)), (0, (1, 1)))


@dataclass(frozen=True, slots=True)
class Look:
    """How large a figure is and what for.

    Attributes:
        width_in: Width in inches.
        is_inline: Drawn into a web page: text stays text, for people who search or listen.
    """

    width_in: float = PAGE_IN
    is_inline: bool = False

    @property
    def is_narrow(self) -> bool:
        """Whether it fills one column."""
        return self.width_in < 5

    @property
    def font_pt(self) -> float:
        """Size of ordinary text."""
        return 7.0 if self.is_narrow else 8.0

    def settings(self) -> dict[str, Any]:
        """Return matplotlib's settings."""
        size = self.font_pt
        return {
            "font.family": "DejaVu Sans",  # comes with matplotlib: the same everywhere
            "font.size": size,
            "axes.titlesize": size,
            "axes.labelsize": size,
            "xtick.labelsize": size - 1,
            "ytick.labelsize": size - 1,
            "legend.fontsize": size - 1,
            "legend.frameon": False,
            "legend.handlelength": 1.6,
            "legend.columnspacing": 1.2,
            "text.color": INK,
            "axes.labelcolor": INK,
            "xtick.color": INK,
            "ytick.color": INK,
            "axes.edgecolor": INK,
            "axes.linewidth": 0.6,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.axisbelow": True,
            "grid.color": GRID,
            "grid.linewidth": 0.5,
            "hatch.linewidth": 0.5,
            "lines.linewidth": 1.2,
            "lines.markersize": 4,
            "xtick.major.width": 0.6,
            "ytick.major.width": 0.6,
            "pdf.fonttype": 42,  # TrueType: publishers refuse Type 3
            "ps.fonttype": 42,
            "svg.fonttype": "none" if self.is_inline else "path",
            "svg.hashsalt": "harness",
            "savefig.dpi": 300,
            "path.simplify": True,
        }


def series_style(index: int) -> dict[str, Any]:
    """Return colour, marker and dashes of the index-th series: each alone tells it apart."""
    return {
        "color": SERIES_COLOURS[index % len(SERIES_COLOURS)],
        "marker": SERIES_MARKERS[index % len(SERIES_MARKERS)],
        "linestyle": SERIES_LINES[index % len(SERIES_LINES)],
    }
