"""The command that runs: the user's, with gem5's output folder put where it belongs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from harness.base.errors import SpecError
from harness.run.launch.gem5_options import Gem5Arguments, read_arguments
from harness.run.launch.recognition import Kind, find_program, recognise
from harness.run.launch.spec import OUTDIR_WORD

if TYPE_CHECKING:
    from harness.run.launch.spec import LaunchSpec

_ASKS_ONLY = (
    *("help", "build-info", "copyright", "readme", "stats-help", "debug-help", "list-sim-objects"),
)
_INTERACTIVE = ("interactive", "pdb")
_WAYS_OUT = (
    "name the word that takes gem5's options with --gem5-word WORD, or write"
    f" {OUTDIR_WORD} where the command names gem5's output folder: -d {OUTDIR_WORD}"
)


@dataclass(frozen=True, slots=True)
class LaunchCommand:
    """A command whose parts are known.

    Attributes:
        words: The user's command.
        gem5_index: Index of the word that takes gem5's options; -1 if the user's placeholder
            says where the output folder goes.
        gem5: The file that this word names; None if it is not known or not on this host.
        kind: What the word is.
        arguments: gem5's arguments as gem5 reads them; empty if they cannot be seen.
        cwd: Where it runs.
    """

    words: tuple[str, ...]
    gem5_index: int
    gem5: Path | None
    kind: Kind
    arguments: Gem5Arguments
    cwd: str

    @property
    def wrapper(self) -> tuple[str, ...]:
        """The words before gem5."""
        return self.words[: max(self.gem5_index, 0)]

    @property
    def script(self) -> Path | None:
        """The configuration script, if there is one in a file."""
        is_file = self.arguments.program == "script"
        return Path(self.cwd, self.arguments.script) if is_file else None

    def argv(self, outdir: str) -> list[str]:
        """Return the command with its output folder."""
        if self.gem5_index < 0:
            return [word.replace(OUTDIR_WORD, outdir) for word in self.words]
        split = self.gem5_index + 1
        own = [f"--outdir={outdir}"]
        if not self.arguments.has("listener-mode"):
            own.append("--listener-mode=off")
        return [*self.words[:split], *own, *self.words[split:]]


def understand(spec: LaunchSpec) -> LaunchCommand:
    """Find gem5 and its script in a command.

    Raises:
        SpecError: Harness cannot tell where gem5's options belong, or the command cannot work.
    """
    search_path = spec.full_environment().get("PATH", "")
    if find_program(spec.argv[0], spec.cwd, search_path) is None:
        raise SpecError(
            "no such program", where=spec.argv[0], expected="a path, or a program on PATH"
        )
    index, kind = _find_gem5(spec, search_path)
    gem5 = find_program(spec.argv[index], spec.cwd, search_path) if index >= 0 else None
    if any(OUTDIR_WORD in word for word in spec.argv):
        return LaunchCommand(spec.argv, -1, gem5, kind, Gem5Arguments(), spec.cwd)
    if index < 0 or kind is Kind.DEAF_WRAPPER:
        raise _not_found(spec, kind, spec.argv[index])
    arguments = read_arguments(spec.argv[index + 1 :])
    command = LaunchCommand(spec.argv, index, gem5, kind, arguments, spec.cwd)
    _check_options(arguments)
    _check_script(command)
    return command


def _find_gem5(spec: LaunchSpec, search_path: str) -> tuple[int, Kind]:
    """Return the index of the first word that is gem5, or starts it; -1 if there is none."""
    if spec.gem5_word:
        if spec.gem5_word not in spec.argv:
            raise SpecError(
                "--gem5-word names no word of the command",
                expected=" ".join(spec.argv),
                got=spec.gem5_word,
            )
        program = find_program(spec.gem5_word, spec.cwd, search_path)
        is_gem5 = recognise(spec.gem5_word, program) is Kind.GEM5
        return spec.argv.index(spec.gem5_word), Kind.GEM5 if is_gem5 else Kind.WRAPPER
    for index, word in enumerate(spec.argv):
        if index and (word.startswith("-") or "=" in word):
            continue
        program = find_program(word, spec.cwd, search_path)
        kind = recognise(word, program)
        if kind in {Kind.GEM5, Kind.WRAPPER, Kind.DEAF_WRAPPER}:
            return index, kind
    return -1, Kind.OTHER


def _not_found(spec: LaunchSpec, kind: Kind, word: str) -> SpecError:
    if kind is Kind.DEAF_WRAPPER:
        return SpecError(
            "a script of the command starts gem5 without passing on its arguments",
            where=word,
            expected='a script that ends in: gem5.opt "$@"',
            way_out=_WAYS_OUT,
        )
    return SpecError(
        "no word of the command is a gem5",
        expected="a program called gem5.opt, gem5.fast, ..., a gem5 binary of another name, or a"
        " script that passes its arguments on to gem5",
        got=" ".join(spec.argv),
        way_out=_WAYS_OUT,
    )


def _check_options(arguments: Gem5Arguments) -> None:
    if arguments.has("outdir"):
        raise SpecError(
            "the command chooses gem5's output folder itself",
            expected="a command without -d and --outdir: each run gets a folder of its own",
            got=f"--outdir={arguments.value('outdir')}",
            way_out="leave it out, and choose the run's directory with harness launch --output DIR",
        )
    for name in _ASKS_ONLY:
        if arguments.has(name):
            raise SpecError(
                f"with --{name} gem5 only prints something and simulates nothing",
                way_out="run it without harness launch",
            )
    for name in _INTERACTIVE:
        if arguments.has(name):
            raise SpecError(
                f"--{name} needs a terminal, and a launched gem5 has none",
                way_out="run it without harness launch",
            )


def _check_script(command: LaunchCommand) -> None:
    arguments, unknown = command.arguments, command.arguments.unknown
    hint = (
        f"write {unknown[0]}=VALUE if {unknown[0]} is an option of your gem5 that takes a value"
        if unknown
        else ""
    )
    if command.kind is Kind.WRAPPER:
        return  # it may add the script itself
    if not arguments.program:
        raise SpecError("the command names no script for gem5", got=" ".join(command.words))
    script = command.script
    if command.gem5 is not None and script is not None and not script.is_file():
        raise SpecError(
            "gem5's script is no file",
            where=str(script),
            got="a folder" if script.is_dir() else "no such file",
            way_out=hint,
        )
