"""Full-system runs on a gem5 that only behaves like one: one boot, found again, never twice."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from harness.base.errors import SpecError
from harness.run.gem5_options import Gem5Options
from harness.run.guest import tools
from harness.run.guest.disk import DISK_BYTES
from harness.run.pipeline import FinishedRun, execute
from harness.run.request import RunRequest
from harness.run.spec import RunSpec

if TYPE_CHECKING:
    from collections.abc import Callable
from tests.listeners import Listener
from tests.run.gem5_stand_in import make_stand_in

pytestmark = pytest.mark.skipif(
    bool(tools.missing_disk_tools()), reason="mke2fs or debugfs is missing (Debian: e2fsprogs)"
)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., FinishedRun]:
    """Run a full system; `FAKE_GEM5` chooses what happens."""
    binary = make_stand_in(tmp_path, monkeypatch)
    for name in ("vmlinux", "initramfs"):
        (tmp_path / name).write_text(name)
    count = iter(range(100))

    def start(listener: Listener | None = None, **options: object) -> FinishedRun:
        chosen = Gem5Options(binary, kernel=tmp_path / "vmlinux", initramfs=tmp_path / "initramfs")
        values = {"workload": "workloads.micro:relu", "boot": "atomic", **options}
        spec = RunSpec(backend="gem5", simulation_mode="fs", **values)  # type: ignore[arg-type]
        output = str(tmp_path / f"run{next(count)}")
        return execute(RunRequest(spec, output=output, gem5=chosen), listener or Listener())

    return start


def boots(tmp_path: Path) -> list[str]:
    path = tmp_path / "cache" / "harness" / "checkpoints" / "boots.txt"
    return path.read_text().split() if path.exists() else []


def test_the_guest_boots_once_and_is_found_again(
    run: Callable[..., FinishedRun], tmp_path: Path
) -> None:
    listener = Listener()
    first = run(listener)
    second = run(cpu="o3", threads=2)

    assert (first.exit_code, second.exit_code) == (0, 0), first.result.message
    assert any(
        stage.startswith("booting (once): Linux, atomic, 8 CPUs") for stage in listener.stages
    )
    assert boots(tmp_path) == ["atomic"]
    assert first.result.setting["boot"] == "atomic"
    assert {"kernel", "initramfs", "checkpoint", "disk"} <= set(first.result.hashes)
    assert first.result.hashes["checkpoint"] == second.result.hashes["checkpoint"]


def told(finished: FinishedRun) -> dict[str, Any]:
    guest: dict[str, Any] = json.loads((finished.directory / "run.json").read_text())["gem5"][
        "guest"
    ]
    return guest


def test_each_workload_has_its_disk_and_all_share_the_checkpoint(
    run: Callable[..., FinishedRun], tmp_path: Path
) -> None:
    first, same, other = run(), run(), run(workload="workloads.micro:conv")
    assert (first.exit_code, same.exit_code, other.exit_code) == (0, 0, 0), other.result.message
    assert boots(tmp_path) == ["atomic"]
    assert told(first) == told(same)
    assert told(first)["disk"] != told(other)["disk"]
    assert first.result.hashes["disk"] == same.result.hashes["disk"]
    assert first.result.hashes["disk"] != other.result.hashes["disk"]
    assert Path(told(first)["disk"]).stat().st_size == told(first)["disk_bytes"] == DISK_BYTES


def test_the_guest_boots_with_an_empty_disk_of_the_same_size(
    run: Callable[..., FinishedRun], tmp_path: Path
) -> None:
    first = run()
    (boot,) = (tmp_path / "cache" / "harness" / "checkpoints").glob("*-atomic/run.json")
    guest = json.loads(boot.read_text())["gem5"]["guest"]
    assert (guest["disk"], guest["disk_bytes"]) == ("", told(first)["disk_bytes"])


def test_a_disk_that_cannot_be_made_fails_before_the_guest_boots(
    run: Callable[..., FinishedRun], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tools, "_find_disk_tool", lambda _: None)
    finished = run()
    assert not finished.result.is_success
    assert "e2fsprogs" in finished.result.message
    assert boots(tmp_path) == []


def test_another_memory_or_kernel_needs_another_boot(
    run: Callable[..., FinishedRun], tmp_path: Path
) -> None:
    assert run().exit_code == 0
    (tmp_path / "vmlinux").write_text("another kernel")
    assert run().exit_code == 0
    assert boots(tmp_path) == ["atomic", "atomic"]


def test_two_runs_at_once_boot_once(run: Callable[..., FinishedRun], tmp_path: Path) -> None:
    codes: list[int] = []
    threads = [threading.Thread(target=lambda: codes.append(run().exit_code)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert codes == [0, 0]
    assert boots(tmp_path) == ["atomic"]


def test_auto_falls_back_to_atomic_and_says_why(
    run: Callable[..., FinishedRun], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("harness.run.gem5.checkpoint.kvm_obstacle", lambda _: "")
    listener = Listener()
    finished = run(listener, boot="auto")

    assert finished.exit_code == 0, finished.result.message
    assert boots(tmp_path) == ["kvm", "atomic"]
    assert any("not booting with KVM" in s and "Internal error" in s for s in listener.stages)
    assert finished.result.setting["boot"] == "atomic"
    (tmp_path / "vmlinux").write_text("another kernel")
    assert run(listener, boot="auto").exit_code == 0
    assert boots(tmp_path) == ["kvm", "atomic", "atomic"], "what failed is not tried each time"
    assert any("--boot kvm tries it again" in stage for stage in listener.stages)


def test_kvm_is_tried_only_where_it_can_be(
    run: Callable[..., FinishedRun], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("harness.run.gem5.checkpoint.kvm_obstacle", lambda _: "no /dev/kvm")
    listener = Listener()
    assert run(listener, boot="auto").exit_code == 0
    assert boots(tmp_path) == ["atomic"]
    assert "not booting with KVM: no /dev/kvm" in listener.stages


def test_a_kvm_boot_that_passes_its_test_is_kept(
    run: Callable[..., FinishedRun], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("harness.run.gem5.checkpoint.kvm_obstacle", lambda _: "")
    monkeypatch.setenv("FAKE_GEM5", "kvm works")
    assert run(boot="auto").result.setting["boot"] == "kvm"
    assert run(boot="auto").result.setting["boot"] == "kvm"
    assert boots(tmp_path) == ["kvm"]


def test_a_kvm_guest_with_a_wrong_clock_is_not_kept(
    run: Callable[..., FinishedRun], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("harness.run.gem5.checkpoint.kvm_obstacle", lambda _: "")
    monkeypatch.setenv("FAKE_GEM5", "kvm has a wrong clock")
    listener = Listener()
    assert run(listener, boot="auto").result.setting["boot"] == "atomic"
    assert boots(tmp_path) == ["kvm", "atomic"]
    assert any("1000000000 ticks" in stage for stage in listener.stages)


def test_a_kernel_panic_ends_the_boot_at_once(
    run: Callable[..., FinishedRun], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAKE_GEM5", "no init")
    finished = run()

    assert finished.exit_code == 1
    assert finished.result.exit_cause == "boot failed"
    assert "Kernel panic" in finished.result.message
    assert "system.pc.com_1.device" in finished.result.message
    monkeypatch.setenv("FAKE_GEM5", "good")
    assert run().exit_code == 0, "nothing of the failed boot is taken for a checkpoint"


def test_a_named_checkpoint_must_be_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    binary = make_stand_in(tmp_path, monkeypatch)
    options = Gem5Options(binary, checkpoint=tmp_path, kernel=binary, initramfs=binary)
    spec = RunSpec(workload="workloads.micro:relu", backend="gem5", simulation_mode="fs")
    request = RunRequest(spec, output=str(tmp_path / "run"), gem5=options)
    finished = execute(request, Listener())
    assert not finished.result.is_success
    assert "--checkpoint names no checkpoint" in finished.result.message
    with pytest.raises(SpecError, match="need --backend gem5"):
        RunRequest(RunSpec(workload="x"), gem5=options)
