"""Stacked bars by phase, relative to a baseline, geometric mean last."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.report.analysis.normalised import fastest_configuration
from harness.report.figures.look import EDGE, PALE, PHASE_STYLES
from harness.report.figures.panels import legend_columns

if TYPE_CHECKING:
    from harness.report.analysis.normalised import NormalisedBars
    from harness.report.analysis.study import Configuration, Study
    from harness.report.figures.drawing import Drawing
    from harness.report.figures.look import Look

GAP = 1.0
"""Between groups, in bars."""
BAR = 0.82
MOST_LABELLED = 40
"""With more bars, numbers above them would touch."""
TALL = 3.0
"""Bars above this many baselines are cut, and their height is written on them."""
MEAN_NAME = "geomean"
BASELINE_NAME = "baseline"
FASTEST_NAME = "fastest"


def draw_bars(drawing: Drawing, look: Look, bars: NormalisedBars, study: Study) -> None:
    """Draw one group of bars per workload, then the geometric means."""
    figure = drawing.figure
    groups = len(bars.workloads) + bool(bars.means)
    count = groups * len(bars.configurations)
    figure.set_size_inches(look.width_in, 2.9 if look.is_narrow else 3.4)
    axes = figure.subplots()
    top = _limit(bars)
    labels = _bar_labels(bars, study)
    places: list[tuple[float, str]] = []
    centres = []
    for group, workload in enumerate(bars.workloads):
        begin = group * (len(bars.configurations) + GAP)
        for index, configuration in enumerate(bars.configurations):
            if (workload, configuration) in bars.stacks:
                name = f"{workload}: {study.full_label(configuration)}"
                stack = bars.stacks[workload, configuration]
                _draw_stack(drawing, axes, begin + index, stack, name)
                _write_height(axes, begin + index, sum(stack.values()), top, count)
            places.append((begin + index, labels[configuration]))
        centres.append((begin + (len(bars.configurations) - 1) / 2, workload))
    if bars.means:
        begin = len(bars.workloads) * (len(bars.configurations) + GAP)
        for index, configuration in enumerate(bars.configurations):
            _draw_mean(drawing, axes, begin + index, bars, configuration)
            _write_height(axes, begin + index, bars.means[configuration], top, count)
            places.append((begin + index, labels[configuration]))
        name = f"{MEAN_NAME} of {len(bars.mean_workloads)}"
        centres.append((begin + (len(bars.configurations) - 1) / 2, name))
    _label(axes, look, places, centres, top)
    axes.set_xlabel(_explanation(labels, study))
    _legend(figure, look, bars)


def _bar_labels(bars: NormalisedBars, study: Study) -> dict[Configuration, str]:
    """Name bars by what differs from the baseline where that is one thing, else by all values.

    The fastest configuration, if it alone differs in more, is called so.
    """
    differences = {
        each: [
            f"{name} = {own}"
            for name, own, base in zip(study.axes, each, study.baseline, strict=True)
            if own != base
        ]
        for each in bars.configurations
    }
    far = [each for each, own in differences.items() if len(own) > 1]
    if far not in ([], [fastest_configuration(study)]):
        return {each: study.label(each) for each in bars.configurations}
    named = {each: ", ".join(own) or BASELINE_NAME for each, own in differences.items()}
    return {**named, **dict.fromkeys(far, FASTEST_NAME)}


def _explanation(labels: dict[Configuration, str], study: Study) -> str:
    """Return what the labels leave open."""
    special = [each for each in labels if labels[each] in {BASELINE_NAME, FASTEST_NAME}]
    if not special:
        return ", ".join(study.axes)
    return "\n".join(f"{labels[each]}: {study.full_label(each)}" for each in special)


def _limit(bars: NormalisedBars) -> float:
    highest = max(sum(stack.values()) for stack in bars.stacks.values())
    return min(highest, TALL) * 1.12


def _draw_stack(drawing: Drawing, axes: Any, x: float, stack: Any, name: str) -> None:
    bottom = 0.0
    whole = sum(stack.values())
    for phase, (colour, hatch) in PHASE_STYLES.items():
        part = stack.get(phase, 0.0)
        if part:
            (bar,) = axes.bar(
                x, part, BAR, bottom, color=colour, hatch=hatch, edgecolor=EDGE, linewidth=0.3
            )
            share = f"{part / whole * 100:.1f} % of this bar"
            drawing.tip(bar, f"{name}\n{phase}: {part:.4f} of the baseline, {share}")
            bottom += part


def _draw_mean(
    drawing: Drawing, axes: Any, x: float, bars: NormalisedBars, configuration: Configuration
) -> None:
    mean = bars.means[configuration]
    (bar,) = axes.bar(x, mean, BAR, color=PALE, edgecolor=EDGE, linewidth=0.3)
    over = ", ".join(bars.mean_workloads)
    drawing.tip(bar, f"geometric mean over {over}: {mean:.4f} of the baseline")


def _write_height(axes: Any, x: float, height: float, top: float, count: int) -> None:
    is_cut = height > top
    if not is_cut and count > MOST_LABELLED:
        return
    size = "x-small" if count <= MOST_LABELLED / 2 else "xx-small"
    y = top * 0.985 if is_cut else height + top * 0.012
    axes.text(
        *(x, y, f"{height:.2f}"),
        ha="center",
        va="top" if is_cut else "bottom",
        rotation=90 if count > MOST_LABELLED / 2 or is_cut else 0,
        fontsize=size,
        bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.4},
    )


def _label(
    axes: Any,
    look: Look,
    places: list[tuple[float, str]],
    centres: list[tuple[float, str]],
    top: float,
) -> None:
    axes.set_ylim(0, top)
    axes.set_xlim(places[0][0] - 0.8, places[-1][0] + 0.8)
    axes.set_xticks([x for x, _ in places], [text for _, text in places])
    is_long = len(places) > 6 or max(len(text) for _, text in places) > 60 / len(places)
    axes.tick_params(axis="x", length=0, rotation=90 if is_long else 0)
    axes.axhline(1.0, color=EDGE, linewidth=0.6, linestyle=(0, (4, 3)), zorder=0.9)
    axes.grid(axis="y")
    axes.set_ylabel("latency / baseline")
    for x, text in centres:
        axes.annotate(
            text,
            (x, 1.0),
            xycoords=("data", "axes fraction"),
            xytext=(0, 3),
            textcoords="offset points",
            ha="center",
            va="bottom",
            fontsize=look.font_pt,
            fontweight="bold",
        )


def _legend(figure: Any, look: Look, bars: NormalisedBars) -> None:
    from matplotlib.patches import Patch  # noqa: PLC0415 - an extra

    handles = [
        Patch(
            facecolor=PHASE_STYLES[phase][0],
            hatch=PHASE_STYLES[phase][1],
            edgecolor=EDGE,
            linewidth=0.3,
            label=phase,
        )
        for phase in bars.phases()
    ]
    columns = legend_columns(len(handles), look)
    figure.legend(handles=handles, loc="outside upper center", ncols=columns)
