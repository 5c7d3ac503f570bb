"""What decides the result of a point, hashed: a point of the same id need not be done again.

A run of harness is: harness's version; the resolved target, whatever names and overrides led to it;
the network and the arrays it is fed; the model's sources; and those options that change results
(policy, model mode, threads, repeat, cold, seed, limit of ticks, check, backend and, on gem5, its
options, its binary and our scripts). Not in it: transport, deadline, limits of host time,
resources.

A command is: its words, folder and variables with all values filled in (the places of its own
output excepted), the content of every file that a word names, of its program, and of `files`.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness import __version__
from harness.run.cache import file_sha256

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from harness.run.request import RunRequest
    from harness.run.spec import RunSpec
    from harness.run.workload import Workload
    from harness.target import Target

FORMAT = 1
ID_DIGITS = 16
_NO_RESULT = ("transport", "deadline_s", "timeout_s")
"""Fields of a run that cannot change what comes out."""
_NAMES = ("workload", "target", "overrides", "accelerator", "input")
"""Fields that stand for something else, whose content counts."""


def hash_of(facts: Mapping[str, Any]) -> str:
    """Return the id of facts: SHA-256 of their canonical JSON, shortened."""
    text = json.dumps(facts, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()[:ID_DIGITS]


class RunIdentities:
    """Finds the ids of runs; what many runs share is looked at once.

    Loading is validating: an unknown workload, field of a target, input or model is refused here.
    """

    def __init__(self) -> None:
        self._workloads: dict[str, Workload] = {}
        self._graphs: dict[str, str] = {}
        self._targets: dict[tuple[str, tuple[str, ...]], tuple[Target, str]] = {}
        self._models: dict[str, str] = {}
        self._inputs: dict[tuple[str, str, int], str] = {}
        self._gem5: dict[tuple[str, str], Mapping[str, str]] = {}

    def id_of(self, spec: RunSpec, request: RunRequest) -> str:
        """Return a run's id.

        Raises:
            HarnessError: What it names is not there.
        """
        target, target_hash = self._target(spec)
        plain = {k: v for k, v in spec.to_dict().items() if k not in (*_NO_RESULT, *_NAMES)}
        facts = {
            "format": FORMAT,
            "kind": "run",
            "harness": __version__,
            "options": plain,
            "target": target_hash,
            "network": self._network(spec.workload),
            "inputs": self._input(spec),
            "model": self._model(spec.accelerator or target.accelerator.model),
            "gem5": self._gem5_identity(request) if spec.backend == "gem5" else {},
        }
        return hash_of(facts)

    def target(self, spec: RunSpec) -> Target:
        """Return a run's resolved target."""
        return self._target(spec)[0]

    def _target(self, spec: RunSpec) -> tuple[Target, str]:
        from harness.target import load_target  # noqa: PLC0415 - commands need none

        key = (spec.target, spec.overrides)
        if key not in self._targets:
            target = load_target(spec.target, spec.overrides)
            self._targets[key] = (target, hash_of(target.to_dict()))
        return self._targets[key]

    def _workload(self, reference: str) -> Workload:
        from harness.run.reference import load_workload  # noqa: PLC0415

        if reference not in self._workloads:
            self._workloads[reference] = load_workload(reference)
        return self._workloads[reference]

    def _network(self, reference: str) -> str:
        from harness.graph import format_graph  # noqa: PLC0415 - numpy
        from harness.graph.codec import encode_graph  # noqa: PLC0415

        if reference not in self._graphs:
            workload = self._workload(reference)
            # The text form, unlike graph.pb, has no line numbers of the user's script.
            digest = hashlib.sha256(format_graph(workload.graph, locations=False).encode())
            digest.update(encode_graph(workload.graph)[1])
            labels = [list(map(str, workload.classes)), [str(each) for each in workload.labels]]
            digest.update(json.dumps(labels).encode())
            self._graphs[reference] = digest.hexdigest()
        return self._graphs[reference]

    def _input(self, spec: RunSpec) -> str:
        from harness.run.inputs import resolve_inputs  # noqa: PLC0415 - numpy
        from harness.run.outputs import array_sha256  # noqa: PLC0415

        key = (spec.workload, spec.input, spec.seed)
        if key not in self._inputs:
            arrays = resolve_inputs(self._workload(spec.workload), spec.input, spec.seed)
            self._inputs[key] = ",".join(array_sha256(each) for each in arrays)
        return self._inputs[key]

    def _model(self, reference: str) -> str:
        from harness.run.model_session import check_model_file  # noqa: PLC0415
        from harness.run.validation.soc_backends import model_sha256  # noqa: PLC0415

        if reference not in self._models:
            check_model_file(reference)
            self._models[reference] = model_sha256(reference)
        return self._models[reference]

    def _gem5_identity(self, request: RunRequest) -> Mapping[str, str]:
        from harness.run.validation.soc_backends import RealBackends  # noqa: PLC0415
        from harness.sweep.planning.silence import Silence  # noqa: PLC0415

        key = (str(request.gem5.binary), request.spec.simulation_mode)
        if key not in self._gem5:
            plain = replace(request, output=None)
            self._gem5[key] = RealBackends(Silence()).gem5_identity(plain)
        return self._gem5[key]


class CommandIdentities:
    """Finds the ids of commands; a file that many commands name is read once."""

    def __init__(self) -> None:
        self._hashes: dict[Path, str] = {}

    def id_of(self, argv: Sequence[str], cwd: Path, rest: Mapping[str, Any]) -> str:
        """Return a command's id.

        Args:
            argv: Its words, values filled in.
            cwd: Where it starts; relative files are looked for there.
            rest: What else decides its result; "files" holds globs.
        """
        files = {word: digest for word in argv for digest in [self._word(word, cwd)] if digest}
        for pattern in rest.get("files", ()):
            for path in sorted(cwd.glob(pattern)):
                if path.is_file():
                    files[str(path.relative_to(cwd))] = self._hash(path)
        program = shutil.which(argv[0], path=os.environ.get("PATH"))
        if program is not None:
            files[argv[0]] = self._hash(Path(program))
        return hash_of(
            {"format": FORMAT, "kind": "command", "argv": list(argv), "contents": files, **rest}
        )

    def _word(self, word: str, cwd: Path) -> str:
        """Return the hash of the file that a word names, also as --option=file; else nothing."""
        for text in (word, word.partition("=")[2]):
            path = cwd / text
            if text and "\0" not in text and len(text) < 4096 and path.is_file():
                return self._hash(path)
        return ""

    def _hash(self, path: Path) -> str:
        resolved = path.resolve()
        if resolved not in self._hashes:
            self._hashes[resolved] = file_sha256(resolved)
        return self._hashes[resolved]
