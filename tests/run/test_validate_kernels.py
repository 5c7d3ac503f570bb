"""Rows of measured cycles against models, through the bridge."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.base.errors import ValidationError
from harness.run.validation.kernel_rows import command_of_row, filling_command
from harness.run.validation.kernels import KernelReport, KernelRow, KernelTotal, validate

MEASURED = Path(__file__).parents[1] / "accel_models" / "data" / "measured_kernels.csv"
HEADER = (
    "network,invocation,kernel,cycles_total,cycles_upsampled,idle_fu_cycles,avg_power_mW,params"
)
FC = "smv_matrix_multiply_transpose_nc_vec_fxp"


def test_vector_mac_reproduces_measured_invocations() -> None:
    report = validate(MEASURED, "vector_mac")
    assert report.is_within
    assert report.worst_error < 0.01, report.lines()
    assert [total.name for total in report.networks] == ["Minerva", "LeNet5", "CNN10"]


def test_rows_that_are_off_are_listed_with_expected_and_got(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    parameters = "a=1x256 b=10x256 res=1x16 acc=0 rdI=1 rdW=1 send=1 act=0"
    path.write_text(f"{HEADER}\nMinerva,24,{FC},4507,0,2703,1,{parameters}\n")
    report = validate(path, "vector_mac")
    assert not report.is_within
    assert len(report.differing) == 1
    assert report.differing[0].expected_cycles == 4507 - 2703
    assert "expected 1804 cycles" in report.lines()[0]


def test_total_beyond_its_limit_fails_even_if_each_row_passes() -> None:
    row = KernelRow("net", 0, FC, "", 100, 104)
    total = KernelTotal("net", 1, 100, 104, 0.04)
    assert not KernelReport((row,), (total,), ()).is_within
    assert KernelReport((row,), (), ()).is_within


def test_invocation_that_reuses_scratchpads_gets_them_filled_first() -> None:
    command = command_of_row(FC, "a=1x64 b=8x64 res=1x8 acc=1 rdI=0 rdW=1 send=0 act=1")
    filling = filling_command(command)
    assert filling is not None
    assert filling.attributes["accumulate"] == 0
    assert filling.operand("input").is_read
    assert filling_command(filling) is None


def test_same_padding_of_an_even_kernel_comes_before_the_image() -> None:
    command = command_of_row(
        "smv_conv3d_nhwc_vec_fxp",
        "in=8x8x240 w=16x2x2x240 out=8x8x16 stride=1 acc=0 rdI=1 rdW=1 send=1 act=3",
    )
    pads = [command.attributes[f"pad_{side}"] for side in ("top", "bottom", "left", "right")]
    assert pads == [1, 0, 1, 0]


@pytest.mark.parametrize(
    "row",
    [
        "n,0,smv_fft,9,0,1,1,in=1",
        f"n,0,{FC},9,0,1,1,a=1x8",
        f"n,0,{FC},9,0,x,1,a=1x8",
        f"n,0,{FC}",
        f"n,0,{FC},9,0,1,1,a=1x8 b=99999x99999 res=1x8 acc=0",
    ],
)
def test_malformed_rows_name_their_place(tmp_path: Path, row: str) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(f"{HEADER}\n{row}\n")
    with pytest.raises(ValidationError) as caught:
        validate(path, "vector_mac")
    assert "rows.csv:2" in caught.value.where


def test_empty_and_missing_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(f"{HEADER}\n")
    with pytest.raises(ValidationError, match="no rows"):
        validate(path, "vector_mac")
    with pytest.raises(ValidationError, match="cannot read"):
        validate(tmp_path / "absent.csv", "vector_mac")


def test_command_line_finds_the_check() -> None:
    from harness.cli.validation import validate_file

    is_within, lines = validate_file("kernels", MEASURED)
    assert is_within
    assert lines[-1].startswith("passed: 13 rows")
