"""Policy smaug decides as SMAUG does, and stops where SMAUG stops."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.base.errors import DoesNotFitError, ValidationError
from harness.compiler.limits import Limits
from harness.compiler.smaug_conv import smaug_conv2d
from harness.compiler.smaug_search import Subject
from harness.compiler.validate_tiling import smaug_axis, validate_tiling
from harness.compiler.validate_work import validate_work
from harness.compiler.window_shape import ConvShape
from harness.target import load_target

if TYPE_CHECKING:
    from harness.bridge.description import ModelDescription

DATA = Path(__file__).parent / "data"


def _conv(extent: int, channels: int, kernels: int, taps: int) -> ConvShape:
    axis = smaug_axis(extent, taps, 1, is_same=True)
    return ConvShape(1, axis, axis, channels, kernels, taps, taps)


def test_tiling_decisions_equal_smaugs_own_expectations(description: ModelDescription) -> None:
    report = validate_tiling(DATA / "tiling_excerpt.csv", description)

    assert (report.differences, report.equal_rows) == ((), 12)
    assert report.worst_error == 0


def test_a_wrong_expectation_is_reported(description: ModelDescription, tmp_path: Path) -> None:
    text = (DATA / "tiling_excerpt.csv").read_text().replace("1x16x64x16*2", "1x16x64x16*3")
    (tmp_path / "wrong.csv").write_text(text)

    report = validate_tiling(tmp_path / "wrong.csv", description)

    assert [(each.row, each.column) for each in report.differences] == [("conv_ut02", "tiles_in")]
    assert report.equal_rows == 11


def test_compiled_layers_do_the_work_that_smaug_measured(description: ModelDescription) -> None:
    report = validate_work(DATA / "work_excerpt.csv", description, load_target("smaug"))

    assert report.differences == ()
    assert report.totals == {"Minerva": (25, 25), "LeNet5": (55, 55)}


def test_other_work_is_reported_with_its_error(
    description: ModelDescription, tmp_path: Path
) -> None:
    text = (DATA / "work_excerpt.csv").read_text().replace(",402976,", ",805952,")
    (tmp_path / "wrong.csv").write_text(text)

    report = validate_work(tmp_path / "wrong.csv", description, load_target("smaug"))

    assert [each.column for each in report.differences] == ["bytes_loaded_by_accel"]
    assert report.worst_error == 0.5


@pytest.mark.parametrize("text", ["", "id,op\n", "id,op,input_shape_NHWC_or_NC\nx,conv,1x-2\n"])
def test_a_malformed_table_is_refused(
    text: str, description: ModelDescription, tmp_path: Path
) -> None:
    (tmp_path / "bad.csv").write_text(text)
    with pytest.raises(ValidationError):
        validate_tiling(tmp_path / "bad.csv", description)


def test_the_widest_convolution_fits_and_one_column_more_does_not() -> None:
    capacity = Limits().input_elements
    widest = capacity // (3 * 32)  # three rows of 32 channels

    assert smaug_conv2d(_conv(widest, 64, 8, 3), Limits(), Subject("conv2d", "wide")).commands
    with pytest.raises(DoesNotFitError, match=r"needs 32832 B .* has 32768 B") as caught:
        smaug_conv2d(_conv(widest + 1, 64, 8, 3), Limits(), Subject("conv2d", "wide", "net.py:7"))
    assert caught.value.where == "net.py:7"
    assert "traffic" in caught.value.way_out
