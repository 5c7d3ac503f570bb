"""Targets: shipped ones load, every mistake is refused with what would have been right."""

from __future__ import annotations

from pathlib import Path

import pytest

import harness.target as target_package
from harness.base.errors import SpecError
from harness.base.units import TICKS_PER_SECOND
from harness.target import Target, format_target, list_targets, load_target


@pytest.mark.parametrize("name", ["smaug", "mobile"])
def test_a_shipped_target_survives_json_and_text(name: str, tmp_path: Path) -> None:
    target = load_target(name)
    (tmp_path / "copy.toml").write_text(format_target(target))

    assert Target.from_json(target.to_json()) == target
    assert load_target(tmp_path / "copy.toml") == target


def test_the_default_is_smaugs_baseline() -> None:
    target = load_target()

    assert (target.name, target.cpu.cores, target.cpu.clock_hz) == ("smaug", 8, 2_500_000_000)
    assert (target.l2.size_bytes, target.l2.associativity) == (2 * 1024 * 1024, 16)
    assert target.dram.name == "lpddr4_3200_2x16"
    assert (target.accelerator.count, target.accelerator.clock_hz) == (1, 1_000_000_000)
    assert not target.dma.coherent


@pytest.mark.parametrize(
    ("dram", "peak_bytes_per_second"),
    [("lpddr4_3200_2x16", 3200e6 * 4), ("ddr4_2400_8x8", 2400e6 * 8)],
)
def test_a_dram_sets_burst_time_is_its_data_rate(dram: str, peak_bytes_per_second: float) -> None:
    part = load_target("smaug", [f"dram={dram}"]).dram
    rate = part.burst_bytes * TICKS_PER_SECOND / part.tBURST_ticks * part.channels

    assert rate == pytest.approx(peak_bytes_per_second, rel=1e-3)
    assert part.tRAS_ticks >= part.tRCD_ticks + part.tBURST_ticks


def test_overrides_set_any_field_and_short_names_work() -> None:
    target = load_target(
        "smaug",
        [
            "interface=acp",
            "accelerators=4",
            "coherent=true",
            "l2.size_bytes=1 MiB",
            "dram.tCL=20 ns",
            "accelerator.parameters.pe_count=16",
            "accelerator.interfaces.weights=dma",
        ],
    )

    assert target.accelerator.interface_of("input") == "acp"
    assert target.accelerator.interface_of("weights") == "dma"
    assert (target.accelerator.count, target.dma.coherent) == (4, True)
    assert (target.l2.size_bytes, target.dram.tCL_ticks) == (1 << 20, 20_000)
    assert target.accelerator.parameters == {"pe_count": 16}


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("l2.siz=1 MiB", "did you mean 'size'"),
        ("cpuu.cores=3", "did you mean 'cpu'"),
        ("l2.size=1", "B, KiB, MiB, GiB"),
        ("cpu.clock=2.5", "GHz"),
        ("dma.coherent=yes", "true or false"),
        ("accelerators=9", "at most 8"),
        ("accelerators=0", "at least 1"),
        ("interface=pcie", "dma, acp, cache"),
        ("memory=malloc", "dma, pinned"),
        ("accelerator.tlb_entries=-1", "at least 0"),
        ("accelerator.interfaces.bias=dma", "input, weights, output"),
        ("dram=ddr9", "ddr4_2400_8x8"),
        ("cpu=3", "cpu.<field>"),
        ("cpu.clock=3 GHz", "whole number of picoseconds"),
        ("l2.size=3 MiB", "power of two"),
        ("line=48 B", "power of two"),
        ("cpu.cycles_per_instruction=0", "more than 0"),
        ("nonsense", "key=value"),
    ],
)
def test_a_wrong_override_says_what_is_right(override: str, message: str) -> None:
    with pytest.raises(SpecError) as caught:
        load_target("smaug", [override])
    assert message in str(caught.value)


def test_pinned_memory_needs_a_tlb() -> None:
    assert load_target("smaug", ["memory=pinned"]).driver.memory == "pinned"
    with pytest.raises(SpecError) as caught:
        load_target("smaug", ["memory=pinned", "accelerator.tlb_entries=0"])
    assert "no TLB" in str(caught.value)
    assert "accelerator.tlb_entries of at least 1" in str(caught.value)


def test_a_file_that_does_not_name_pinned_memory_has_none(tmp_path: Path) -> None:
    shipped = Path(target_package.__file__).parent / "data" / "targets" / "smaug.toml"
    lines = shipped.read_text().splitlines(keepends=True)
    without = [line for line in lines if not line.startswith(("tlb_entries", "memory"))]
    path = tmp_path / "own.toml"
    path.write_text("".join(without))
    target = load_target(path)
    assert (target.driver.memory, target.accelerator.tlb_entries) == ("dma", 0)
    old = target.to_dict()
    del old["driver"]["memory"], old["accelerator"]["tlb_entries"]
    assert Target.from_dict(old) == target


def test_an_unknown_target_lists_the_shipped_ones() -> None:
    with pytest.raises(SpecError, match="mobile, smaug"):
        load_target("smog")
    assert list_targets() == ("mobile", "smaug")


@pytest.mark.parametrize("text", ["name = ", "colour = 'red'", "[cpu]\ncores = 1\n", "\x00"])
def test_a_malformed_file_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "bad.toml"
    path.write_text(text)
    with pytest.raises(SpecError):
        load_target(path)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"name": 3}', '{"colour": "red"}'])
def test_malformed_json_is_refused(text: str) -> None:
    with pytest.raises(SpecError):
        Target.from_json(text)


def test_every_value_of_a_data_file_has_its_source_beside_it() -> None:
    folder = Path(__import__("harness.target", fromlist=["x"]).__file__).parent / "data"
    for path in sorted(folder.rglob("*.toml")):
        if path.parent.name == "calibrations":
            continue  # their sources are tables: test_calibration.py
        for line in path.read_text().splitlines():
            is_value = "=" in line and not line.startswith(("#", "name", "description"))
            assert not is_value or "#" in line or "set =" in line, f"{path.name}: {line}"
