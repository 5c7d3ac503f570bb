"""What `harness doctor` says about gem5: precisely what is missing, and what to do."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from harness.base.errors import BackendError, SpecError
from harness.run.config_scripts import CONFIGS_VARIABLE, find_configs
from harness.run.gem5.probe import probe_gem5
from harness.run.gem5.requirements import Requirement, gem5_requirements
from harness.run.gem5.runtime import build_runtime
from harness.run.guest import tools
from tests.run.gem5_stand_in import make_stand_in


@pytest.fixture
def gem5(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    binary = make_stand_in(tmp_path, monkeypatch)
    monkeypatch.setenv("GEM5", str(binary))
    return binary


def found() -> dict[str, Requirement]:
    return {each.what: each for each in gem5_requirements()}


def test_a_complete_gem5_lacks_nothing(gem5: Path) -> None:
    looked_at = found()
    assert looked_at["gem5"].detail == f"24.0.0.1: {gem5}"
    assert looked_at["harness's gem5 extension"].is_here
    assert looked_at["gem5's instruction sets"].is_here


@pytest.mark.parametrize(
    ("probe", "what", "advice"),
    [
        ({"has_bridge": False}, "harness's gem5 extension", "EXTRAS="),
        ({"has_old_bridge": True}, "harness's gem5 extension", "older than these scripts"),
        ({"isas": ["arm"]}, "gem5's instruction sets", "build it for x86"),
        ({"kvm_isa": ""}, "KVM to boot Linux fast", "--boot atomic"),
    ],
)
@pytest.mark.usefixtures("gem5")
def test_each_missing_thing_is_named_with_what_to_do(
    monkeypatch: pytest.MonkeyPatch, probe: dict[str, object], what: str, advice: str
) -> None:
    monkeypatch.setenv("FAKE_PROBE", json.dumps(probe))
    looked_at = found()[what]
    assert not looked_at.is_here
    assert advice in looked_at.detail


@pytest.mark.usefixtures("gem5")
def test_missing_programs_for_the_disk_are_named_with_their_package(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tools, "_find_disk_tool", lambda _: None)
    looked_at = found()["guest's disk (full system)"]
    assert not looked_at.is_here
    assert looked_at.detail == "no mke2fs, debugfs; on Debian install e2fsprogs"


def test_no_gem5_is_one_line(monkeypatch: pytest.MonkeyPatch, gem5: Path) -> None:
    monkeypatch.setenv("GEM5", str(gem5.with_name("none")))
    looked_at = found()["gem5"]
    assert not looked_at.is_here
    assert "\n" not in looked_at.detail


def test_missing_scripts_are_an_error_with_a_way_out(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(CONFIGS_VARIABLE, str(tmp_path))
    with pytest.raises(SpecError, match="names no folder of gem5 scripts"):
        find_configs()
    monkeypatch.delenv(CONFIGS_VARIABLE)
    assert (find_configs() / "se.py").is_file(), "the source tree has them beside harness"


def test_a_gem5_that_does_not_answer_is_shown_with_its_words(gem5: Path) -> None:
    gem5.write_text("#!/bin/sh\necho 'libpython3.11.so.1.0: cannot open' >&2\nexit 127\n")
    with pytest.raises(BackendError, match="cannot open"):
        probe_gem5(gem5)


@pytest.mark.usefixtures("gem5")
def test_the_runtime_is_built_once_for_the_same_sources() -> None:
    configs = find_configs()
    first = build_runtime(configs)
    before = first.path.stat().st_mtime_ns
    assert build_runtime(configs) == first
    assert first.path.stat().st_mtime_ns == before
    (configs / "guest" / "runtime" / "main.cc").write_text("int main() { return 1; }\n")
    assert build_runtime(configs).path != first.path


@pytest.mark.usefixtures("gem5")
def test_a_runtime_that_does_not_build_says_where_its_log_is() -> None:
    configs = find_configs()
    lists = configs / "guest" / "runtime" / "CMakeLists.txt"
    lists.write_text(
        "cmake_minimum_required(VERSION 3.13)\nproject(guest NONE)\n"
        'message(FATAL_ERROR "static protobuf is missing; install it")\n'
    )
    with pytest.raises(BackendError, match="static protobuf is missing") as caught:
        build_runtime(configs)
    assert Path(caught.value.where).is_file()
    assert "libprotobuf-dev" in caught.value.way_out


@pytest.mark.usefixtures("gem5")
def test_missing_build_tools_are_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", os.fspath(tmp_path))
    with pytest.raises(SpecError, match="no cmake"):
        build_runtime(find_configs())
