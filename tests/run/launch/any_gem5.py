"""Behaves like gem5 around anybody's script, without simulating.

The "script" is Python that calls what stands below; its name and arguments are read as gem5 reads
its own. What gem5 prints, and where, is copied from v24.0.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from pathlib import Path

FLAGS = {"-q", "-v", "-P", "-s", "-r", "-e", "-re", "--listener-mode=off", "--quiet"}
DUMP = """
---------- Begin Simulation Statistics ----------
simTicks                                   {tick}                       # Number of ticks (Tick)
finalTick                                  {tick}                       # Number of ticks (Tick)
hostSeconds                                  {host}                       # Real time (Second)

---------- End Simulation Statistics   ----------
"""


class Gem5:
    """What a script can do."""

    def __init__(self, outdir: Path) -> None:
        self.outdir = outdir
        self.stats = outdir / "stats.txt"

    def say(self, text: str) -> None:
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()

    def complain(self, text: str) -> None:
        sys.stderr.write(f"{text}\n")
        sys.stderr.flush()

    def instantiate(self) -> None:
        (self.outdir / "config.ini").write_text("[root]\ntype=Root\n")
        (self.outdir / "config.json").write_text('{"type": "Root"}\n')

    def dump(self, tick: int = 1000, *, is_cut: bool = False) -> None:
        text = DUMP.format(tick=tick, host=time.time())
        with self.stats.open("a") as file:
            file.write(text[: len(text) // 2] if is_cut else text)

    def exits(self, cause: str, tick: int = 1000, code: int = 0) -> None:
        """Return from m5.simulate()."""
        noted = {"cause": cause, "code": code, "tick": tick, "causes": {cause: 1}}
        self.note(state="exited", exits=1, **noted)

    def note(self, **data: object) -> None:
        """Note something as the module on PYTHONPATH does in gem5."""
        folder = os.environ.get("HARNESS_LAUNCH_NOTES", "")
        if folder:
            note = {"pid": os.getpid(), "is_fork": False, "exits": 0, "causes": {}}
            note.update(outdir=str(self.outdir), version="24.0.0.1", compiled="Nov 1 2026")
            note.update({"python": "3.11", "build": {"PROTOCOL": "MI_example"}, **data})
            Path(folder, f"{os.getpid()}.json").write_text(json.dumps(note))

    def good(self, tick: int = 1000) -> None:
        self.instantiate()
        self.exits("exiting with last active thread context", tick)
        self.dump(tick)

    def hang(self, *, polite: bool = True, busy: bool = False, takes: int = 0) -> None:
        """Simulate until somebody ends it; SIGINT ends a gem5 that simulates in good order."""

        def interrupt(*_: object) -> None:
            if polite:
                self.exits("user interrupt received", 77)
                self.dump(77)
                os._exit(0)

        signal.signal(signal.SIGINT, interrupt)
        if not polite:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
        self.note(state="simulating")
        self.memory = bytearray(takes)
        (self.outdir / "hangs").write_text(str(os.getpid()))
        while True:
            if not busy:
                time.sleep(0.02)

    def abort(self, text: str) -> None:
        self.complain(text)
        self.complain("Program aborted at tick 500")
        os.kill(os.getpid(), signal.SIGABRT)


def main(argv: list[str]) -> int:
    outdir, place = Path("m5out"), 0
    redirects = []
    while place < len(argv) and argv[place].startswith("-") and argv[place] != "-c":
        word = argv[place]
        if word.startswith("--outdir="):
            outdir = Path(word.partition("=")[2])
        elif word == "-d":
            place += 1
            outdir = Path(argv[place])
        elif word.startswith("--debug-"):
            pass
        elif word not in FLAGS:
            sys.stderr.write(f"gem5.opt: error: no such option: {word}\n")
            return 2
        redirects += [word] if word in {"-r", "-e", "-re"} else []
        place += 1
    outdir.mkdir(parents=True, exist_ok=True)
    if "-re" in redirects:
        for name, number in (("simout", 1), ("simerr", 2)):
            os.dup2(os.open(outdir / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
    gem5 = Gem5(outdir)
    gem5.say("gem5 Simulator System.  https://www.gem5.org\n\ngem5 version 24.0.0.1")
    gem5.say("gem5 compiled Nov 1 2026 08:00:00")
    gem5.stats.write_text("")
    if argv[place] == "-c":
        script, text = "<string>", argv[place + 1]
    else:
        script, text = argv[place], Path(argv[place]).read_text()
    scope = {"gem5": gem5, "arguments": argv[place + 1 :], "__name__": "__m5_main__"}
    try:
        exec(compile(text, script, "exec"), scope)  # noqa: S102 - it is gem5
    except Exception as error:  # noqa: BLE001 - as pybind11 prints it
        gem5.complain(f"{type(error).__name__}: {error}\n\nAt:\n  {script}(1): <module>")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
