"""Behaves like gem5 with our scripts, without simulating: `FAKE_GEM5` says how it ends.

It answers the probe, reads run.json, prints progress, and leaves the files that a run leaves.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PERIOD_TICKS = 400  # 2.5 GHz
BEGIN_TICK, INFERENCE_TICKS, LATER_TICKS = 4_000_000, 8_000_000, 2_000_000
PROBE = {
    "version": "24.0.0.1",
    "isas": ["x86"],
    "protocol": "MI_example",
    "kvm_isa": "x86",
    "has_bridge": True,
    "has_old_bridge": False,
    "has_pci_bridge": True,
    "has_o3": True,
}
HOW = os.environ.get("FAKE_GEM5", "good")
sys.path[:0] = [str(ROOT)]


def main(argv: list[str]) -> int:
    output, script = Path(argv[argv.index("-d") + 1]), Path(argv[-1])
    if script.name == "probe.py":
        answer = {**PROBE, **json.loads(os.environ.get("FAKE_PROBE", "{}"))}
        say(f"harness probe: {json.dumps(answer)}")
        return 0 if HOW != "mute" else 1
    run = json.loads(Path(argv[-1]).read_text())
    (output / "argv.json").write_text(json.dumps(argv))
    say("gem5 Simulator System.  https://www.gem5.org")
    behave: dict[str, Any] = {
        "fatal": lambda: complain("src/mem/cache.cc:12: fatal: size is odd", 1),
        "panic": lambda: complain("src/sim/x.cc:1: panic: lost a packet", -signal.SIGABRT),
        "killed": lambda: os.kill(os.getpid(), signal.SIGKILL),
        "python": lambda: complain("AttributeError: no port", 1),
        "model lost": lambda: model_error(output, "the model's process ended during launch #3"),
        "model failed": lambda: model_error(output, "ValueError: out of coffee"),
        "hang": lambda: hang(output, is_polite=True),
        "deaf": lambda: hang(output, is_polite=False),
        "limit": lambda: finish(output, "harness maximum ticks", 0),
        "stalled": lambda: finish(output, "harness stalled", 0),
        "early": lambda: finish(output, "a thread reached the max instruction count", 0),
    }
    guest = run["gem5"].get("guest", {})
    if guest.get("make_checkpoint"):
        return boot(output, run["gem5"]["boot"], Path(guest["make_checkpoint"]))
    if run["gem5"].get("self_test"):
        ticks = 2 * 10**9 if HOW == "kvm has a wrong clock" else 10**9
        report = {"clock": {"nanoseconds": 10**6, "ticks": ticks}}
        (output / "report.json").write_text(json.dumps(report))
        return finish(output, "harness exit", 0)
    if HOW in behave:
        return int(behave[HOW]() or 0)
    return simulate(output, Path(argv[-1]).parent, run)


def boot(output: Path, how: str, checkpoint: Path) -> int:
    with (output.parent / "boots.txt").open("a") as boots:
        boots.write(f"{how}\n")
    if how == "kvm" and not HOW.startswith("kvm "):
        return complain("src/cpu/kvm/base.cc:9: panic: KVM: Internal error", -signal.SIGABRT)
    if HOW == "no init":
        (output / "system.pc.com_1.device").write_text("[ 0.1] Kernel panic - not syncing\n")
        time.sleep(600)
    time.sleep(0.5)
    checkpoint.mkdir()
    (checkpoint / "m5.cpt").write_text(f"booted by {how}\n")
    return finish(output, "harness checkpoint", 0)


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def complain(text: str, status: int) -> int:
    sys.stderr.write(f"{text}\n")
    if status < 0:
        os.kill(os.getpid(), -status)
    return status


def model_error(output: Path, text: str) -> int:
    (output / "harness_error.txt").write_text(text)
    finish(output, "harness model failed", 1)
    return 1


def hang(output: Path, *, is_polite: bool) -> int:
    """Be in the middle of things, with a model's process, until somebody ends it."""

    def interrupt(*_: object) -> None:
        if is_polite:
            write_stats(output, [BEGIN_TICK])
            finish(output, "user interrupt received", 0)
            os._exit(130)

    signal.signal(signal.SIGINT, interrupt)
    if not is_polite:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    child = subprocess.Popen(["sleep", "600"])
    (output / "child.pid").write_text(str(child.pid))
    say("harness: tick 1000000 step 1 of 9 inference 0")
    while True:
        time.sleep(0.05)


def finish(output: Path, cause: str, code: int) -> int:
    data = {"cause": cause, "code": code, "tick": 1, "ticks_at_marks": []}
    (output / "exit.json").write_text(json.dumps(data))
    say(f"harness: exit {cause}")
    return 0


def simulate(output: Path, folder: Path, run: dict[str, Any]) -> int:
    repeat = run["spec"]["repeat"]
    if HOW == "noisy":
        say("harness: stage restoring the guest")
        for step in range(5):
            say(f"harness: tick {step * 10**8} step {step} of 9 inference {min(step - 1, 0)}")
            time.sleep(0.3)
    assert run["gem5"]["files"]["inputs"] == "inputs.bin"
    assert (folder / "inputs.bin").stat().st_size
    ends = [
        BEGIN_TICK + INFERENCE_TICKS + i * (INFERENCE_TICKS + LATER_TICKS) for i in range(repeat)
    ]
    write_logs(output, ends)
    if run["gem5"]["mode"] == "fs":
        write_kernel_time(output)
    write_stats(output, ends)
    data = outputs(folder, run)
    if HOW == "wrong outputs":
        data = bytes(len(data))
    if HOW != "no outputs":
        (output / "outputs.bin").write_bytes(data[: len(data) // 2] if HOW == "half" else data)
    if HOW == "kernel panic":
        (output / "system.pc.com_1.device").write_text(
            "[ 0.1] Kernel panic - not syncing: no init\n"
        )
    (output / "bridge_costs.json").write_text('{"exchanges": 12, "waited_seconds": 0.5}')
    macs = {"instance": 0, "name": "macs", "value": 64, "unit": "Count", "description": "MACs"}
    (output / "model_statistics.json").write_text(json.dumps([macs]))
    code = 3 if HOW == "guest fails" else 0
    if code:
        (output / "messages.txt").write_text("cannot allocate window 2: ENOMEM\n")
    finish(output, "harness exit", code)
    return int(code > 0)


def write_logs(output: Path, ends: list[int]) -> None:
    import numpy as np

    from harness.run.gem5.device_log import MARK_DTYPE
    from harness.run.gem5.guest_log import EVENT_DTYPE
    from harness.stats.phases import Phase
    from harness.stats.timeline import NO_INDEX, empty_timeline

    events, marks = [], [(BEGIN_TICK - 1000, 2, 0)]

    def event(tick: int, kind: int, phase: int = 0, argument: int = 0) -> None:
        events.append((tick // PERIOD_TICKS + 7, kind, 0, phase, NO_INDEX, argument))

    event(BEGIN_TICK - 2000, 4, argument=BEGIN_TICK - 2000)
    for index, end in enumerate(ends):
        begin = end - INFERENCE_TICKS
        marks += [(begin, 3, index), (end, 4, index)]
        event(begin, 5, 1, index)
        event(begin, 1, int(Phase.LOAD))
        event(begin + INFERENCE_TICKS // 4, 1, int(Phase.CPU_OP))
        event(end, 5, 0, index)
        event(end, 3)
    event(ends[-1] + 2000, 4, argument=ends[-1] + 2000)
    marks.append((ends[-1] + 4000, 5, 0))
    np.array(events, dtype=EVENT_DTYPE).tofile(output / "events.bin")
    np.array(marks, dtype=MARK_DTYPE).tofile(output / "marks.bin")
    empty_timeline().tofile(output / "device_timeline.bin")
    clock = {"nanoseconds": 10**6, "ticks": 1_020_000_000 if HOW == "wrong clock" else 10**9}
    report = {"counters": {"interrupts": 4, "lost": 0}, "clock": clock}
    (output / "report.json").write_text(json.dumps(report))


def write_kernel_time(output: Path) -> None:
    import numpy as np

    from harness.run.gem5.kernel_time import KERNEL_DTYPE

    kernel = 1 << 63
    changes = [(BEGIN_TICK - 9000, kernel | 0xFFF), (BEGIN_TICK - 8000, 0x400000)]
    np.array(changes, dtype=KERNEL_DTYPE).tofile(output / "kernel_time_0.bin")


def write_stats(output: Path, ends: list[int]) -> None:
    """Write a dump at each inference's end and the one that gem5 writes when it exits."""
    text = ""
    for end in [*ends, ends[-1] + 9000]:
        text += "\n---------- Begin Simulation Statistics ----------\n"
        text += f"simTicks {INFERENCE_TICKS:30d} # Number of ticks simulated (Tick)\n"
        text += f"finalTick {end:30d} # Number of ticks from beginning of simulation (Tick)\n"
        text += "system.l2.overallMisses::total 12 # number of overall misses (Count)\n"
        if HOW == "cut dump":
            break
        text += "\n---------- End Simulation Statistics   ----------\n"
    (output / "stats.txt").write_text(text)


def outputs(folder: Path, run: dict[str, Any]) -> bytes:
    import numpy as np

    from harness.compiler.program_file import load_program
    from harness.graph import execute_reference, load_graph

    program, graph = load_program(folder), load_graph(folder)
    arrays = [np.load(folder / each["file"]) for each in run["inputs"]]
    data = b""
    for index, array in zip(
        program.output_buffers, execute_reference(graph, arrays).values(), strict=True
    ):
        buffer = program.buffers[index]
        padding = [(0, b - a) for a, b in zip(array.shape, buffer.storage_shape, strict=True)]
        data += np.pad(array, padding).tobytes().ljust(buffer.size_bytes, b"\0")
    return data


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
