"""The files of a run that do not depend on how it went: graph, program, inputs, configuration."""

from __future__ import annotations

import hashlib
import io
import json
from typing import TYPE_CHECKING

import numpy as np

from harness.base.errors import HarnessError
from harness.compiler import save_program
from harness.graph import save_graph
from harness.run.config_files import config_ini, config_json, config_tree
from harness.run.directory import disk_error

if TYPE_CHECKING:
    from pathlib import Path

    from harness.compiler.program import Program
    from harness.run.case import Case
    from harness.run.directory import RunDirectory
    from harness.run.manifest import Manifest

HASHED = {
    "graph": "graph.pb",
    "weights": "weights.bin",
    "program": "program.pb",
    "program_data": "program.bin",
}


def save_artifacts(
    directory: RunDirectory, case: Case, program: Program, manifest: Manifest
) -> dict[str, str]:
    """Write the files; return their hashes and the target's.

    Raises:
        BackendError: The disk is full.
    """
    try:
        save_graph(case.graph, directory.path)
        save_program(program, directory.path)
    except HarnessError as error:
        if isinstance(error.__cause__, OSError):
            raise disk_error(error.__cause__, directory.path) from error
        raise
    except OSError as error:
        raise disk_error(error, directory.path) from error
    for each, array in zip(manifest.inputs, case.inputs, strict=True):
        stream = io.BytesIO()
        np.save(stream, array, allow_pickle=False)
        directory.write(each.file, stream.getvalue())
    accelerator = {**manifest.target["accelerator"], "parameters": manifest.model["parameters"]}
    modelled = {**manifest.target, "accelerator": accelerator}
    tree = config_tree(modelled, {"threads": manifest.spec.threads})
    directory.write("config.ini", config_ini(tree))
    directory.write("config.json", config_json(tree))
    hashes = {name: _file_sha256(directory.path / file) for name, file in HASHED.items()}
    target = json.dumps(manifest.target, sort_keys=True, separators=(",", ":"))
    hashes["target"] = hashlib.sha256(target.encode()).hexdigest()
    return hashes


def _file_sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
