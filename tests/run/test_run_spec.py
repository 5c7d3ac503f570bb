"""RunSpec and run.json: what decides a run survives the trip through its file."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.base.errors import SpecError
from harness.run.manifest import InputFile, Manifest, read_manifest
from harness.run.request import RunRequest, repeat_request
from harness.run.spec import RunSpec

if TYPE_CHECKING:
    from pathlib import Path

TEXT = st.text(st.characters(codec="utf-8"), max_size=20)


@given(
    st.builds(
        RunSpec,
        workload=TEXT,
        overrides=st.lists(TEXT).map(tuple),
        policy=st.sampled_from(["traffic", "smaug"]),
        threads=st.integers(1, 64),
        deadline_s=st.floats(0.1, 1e6),
        maximum_ticks=st.integers(0, 2**60),
        cold=st.booleans(),
    )
)
def test_a_spec_comes_back_from_json(spec: RunSpec) -> None:
    assert RunSpec.from_dict(json.loads(json.dumps(spec.to_dict())), "x") == spec


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("policy", "best", "traffic or smaug"),
        ("mode", "fast", "kernel or exact"),
        ("transport", "pigeon", "ipc or tcp or inproc"),
        ("threads", 0, "1 or more"),
        ("repeat", 0, "1 or more"),
        ("seed", -1, "0 or more"),
        ("deadline_s", 0.0, "positive"),
    ],
)
def test_wrong_values_are_refused_with_the_right_ones(field: str, value: Any, message: str) -> None:
    with pytest.raises(SpecError, match=message):
        RunSpec(workload="x", **{field: value})


def manifest(**changes: Any) -> Manifest:
    return Manifest(
        RunSpec(workload="lenet5", overrides=("accelerators=2",)),
        command_line=("run", "lenet5"),
        target={"name": "smaug"},
        graph="lenet5",
        inputs=(InputFile("image", "inputs/0.npy", "00"),),
        expected=(3,),
        **changes,
    )


def test_run_json_reads_back_and_is_byte_stable(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text(manifest().to_json())

    back, directory = read_manifest(tmp_path)

    assert (back, directory) == (manifest(), tmp_path)
    assert back.to_json() == manifest().to_json()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"format_version": 2}',
        manifest().to_json().replace('"threads": 1', '"threads": "1"'),
        manifest().to_json().replace('"threads"', '"thread"'),
        manifest().to_json().replace('"graph"', '"graf"'),
    ],
)
def test_a_malformed_run_json_is_one_clear_error(tmp_path: Path, text: str) -> None:
    (tmp_path / "run.json").write_text(text)

    with pytest.raises(SpecError):
        read_manifest(tmp_path)


def test_repeating_takes_everything_from_the_old_run_but_the_transport(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text(manifest().to_json())

    request = repeat_request(str(tmp_path), transport="inproc")

    assert request.spec.transport == "inproc"
    assert request.spec.overrides == ("accelerators=2",)
    assert request.repeats == tmp_path
    assert request.promise == manifest()


@pytest.mark.parametrize(
    ("transport", "options", "message"),
    [
        ("ipc", {"model_endpoint": "tcp://127.0.0.1:5"}, "--transport tcp"),
        ("tcp", {"model_endpoint": "127.0.0.1:5"}, "tcp://HOST:PORT"),
        ("inproc", {"debug_model": True}, "ipc or tcp"),
    ],
)
def test_a_model_elsewhere_needs_a_transport_that_reaches_it(
    transport: str, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(SpecError, match=message):
        RunRequest(RunSpec(workload="x", transport=transport), **options)


def test_record_and_replay_exclude_each_other(tmp_path: Path) -> None:
    trace = tmp_path / "t"
    trace.write_bytes(b"")
    with pytest.raises(SpecError, match="exclude"):
        RunRequest(RunSpec(workload="x"), record=trace, replay=trace)
