"""Calibrations are overrides with their provenance; the shipped ones fit every shipped target."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from harness.base.errors import SpecError
from harness.target import list_calibrations, list_targets, load_target, read_calibration

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

DATA = Path(__import__("harness.target", fromlist=["x"]).__file__).parent / "data"


def test_all_kinds_of_gem5_runs_have_a_shipped_calibration() -> None:
    assert set(list_calibrations()) >= {"o3-se", "o3-fs", "timing-se", "timing-fs"}


@pytest.mark.parametrize("name", list_calibrations())
@pytest.mark.parametrize("target", list_targets())
def test_a_shipped_calibration_is_equal_to_its_settings(name: str, target: str) -> None:
    table = tomllib.loads((DATA / "calibrations" / f"{name}.toml").read_text(encoding="utf-8"))
    overrides = [f"{key}={value}" for key, value in table["set"].items()]

    assert load_target(target, read_calibration(name)) == load_target(target, overrides)


@pytest.mark.parametrize("name", list_calibrations())
def test_every_value_of_a_shipped_calibration_has_its_formula(name: str) -> None:
    table = tomllib.loads((DATA / "calibrations" / f"{name}.toml").read_text(encoding="utf-8"))

    assert {each["key"]: each["value"] for each in table["parameter"]} == table["set"]
    assert all(len(each["formula"]) > len("0: ") for each in table["parameter"])
    assert table["origin"]["gem5_version"].startswith("24.0")
    assert f"{table['origin']['cpu']}-{table['origin']['mode']}" == name


@pytest.mark.parametrize("target", list_targets())
def test_a_shipped_target_has_what_was_measured_with_linux(target: str) -> None:
    shipped = load_target(target)

    assert load_target(target, read_calibration("o3-fs")) == shipped
    assert load_target(target, read_calibration("o3-se")) != shipped


def test_a_file_of_ones_own_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('[set]\n"cpu.uncached_read" = "1 us"\n"dma.coherent" = true\n')

    target = load_target("smaug", read_calibration(path))

    assert target.cpu.uncached_read_ticks == 1_000_000
    assert target.dma.coherent


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("[sett]\n", "no calibration"),
        ("set = 3\n", "no calibration"),
        ("[set\n", "cannot read"),
        ('[set]\n"cpu.cores" = [1]\n', "no plain value"),
    ],
)
def test_another_file_is_refused(tmp_path: Path, text: str, what: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(SpecError, match=what):
        read_calibration(path)


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    with pytest.raises(SpecError) as caught:
        read_calibration("o4-fs")
    assert "o3-fs" in json.dumps(caught.value.expected)
