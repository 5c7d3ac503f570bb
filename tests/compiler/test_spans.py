"""Tiles along an axis cover every output once and hold exactly what their windows see."""

from __future__ import annotations

from hypothesis import assume, given
from hypothesis import strategies as st

from harness.compiler.spans import Axis, Span


@st.composite
def axes(draw: st.DrawFn) -> Axis:
    window = draw(st.integers(1, 9))
    axis = Axis(
        extent=draw(st.integers(1, 80)),
        window=window,
        stride=draw(st.integers(1, 4)),
        pad_before=draw(st.integers(0, window - 1)),
        pad_after=draw(st.integers(0, window - 1)),
    )
    assume(axis.outputs > 0)
    return axis


def _assert_covers(axis: Axis, spans: tuple[Span, ...]) -> None:
    done = 0
    for span in spans:
        if span.out_count == 0:
            continue
        assert span.out_first == done
        begin = span.out_first * axis.stride - axis.pad_before
        assert span.first - span.pad_before == begin
        end = begin + (span.out_count - 1) * axis.stride + axis.window
        assert end <= span.first + span.count + span.pad_after
        assert 0 <= span.first < span.first + span.count <= axis.extent
        done += span.out_count
    assert done == axis.outputs


@given(axes(), st.integers(1, 80))
def test_cutting_by_outputs_covers_every_output_once(axis: Axis, count: int) -> None:
    assume(axis.extent >= axis.window)
    _assert_covers(axis, axis.spans_by_output(count))


@given(axes(), st.integers(0, 20))
def test_cutting_by_inputs_as_smaug_does_covers_every_output_once(axis: Axis, steps: int) -> None:
    assume(axis.pad_after <= axis.window // 2)
    _assert_covers(axis, axis.spans_by_input(axis.window + steps * axis.stride))
