"""Finds the model that a reference names: an entry point, a file, a module, or a program."""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

from harness.base.errors import HandshakeError

if TYPE_CHECKING:
    from types import ModuleType

    from harness.bridge.model import AcceleratorModel

ENTRY_POINT_GROUP = "harness.models"


def is_program(reference: str) -> bool:
    """Return whether a reference names an executable file instead of a Python model."""
    path = Path(reference)
    is_other = path.suffix in {".py", ".so"}
    return not is_other and path.is_file() and os.access(path, os.X_OK)


def model_names() -> list[str]:
    """Return the names of the installed models."""
    return sorted(_entry_points())


def load_model(reference: str) -> type[AcceleratorModel]:
    """Return the model class that a reference names.

    Args:
        reference: An installed model's name, "path/to/file.py[:Class]", or "package.module:Class".

    Raises:
        HandshakeError: There is no such model, or it cannot be imported.
    """
    path, class_name = _split_file(reference)
    if path is not None:
        return _pick(_import_file(path), class_name, reference)
    if ":" in reference:
        module, class_name = reference.split(":", 1)
        return _pick(_import(module, reference), class_name, reference)
    targets = _entry_points()
    if reference not in targets:
        raise HandshakeError(
            f'there is no accelerator model "{reference}"',
            expected=f"{', '.join(sorted(targets)) or 'an installed model'}, "
            "path/to/file.py[:Class], package.module:Class, or a program",
        )
    module, _, class_name = targets[reference].partition(":")
    return _pick(_import(module, reference), class_name, reference)


def _entry_points() -> dict[str, str]:
    from importlib import metadata  # noqa: PLC0415 - 20 ms that file references do not need

    return {each.name: each.value for each in metadata.entry_points(group=ENTRY_POINT_GROUP)}


def _split_file(reference: str) -> tuple[Path | None, str]:
    if reference.endswith(".py"):
        return Path(reference), ""
    name, _, class_name = reference.rpartition(":")
    return (Path(name), class_name) if name.endswith(".py") else (None, "")


def _import(module: str, reference: str) -> ModuleType:
    try:
        return importlib.import_module(module)
    except (Exception, SystemExit) as error:
        raise _import_error(reference, error) from error


def _import_file(path: Path) -> ModuleType:
    if not path.is_file():
        raise HandshakeError("there is no such file for an accelerator model", where=str(path))
    name = f"_harness_model_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise HandshakeError("this is not a Python file", where=str(path))
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up
    folder = str(path.resolve().parent)
    if folder not in sys.path:
        sys.path.append(folder)
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        raise _import_error(str(path), error) from error
    return module


def _import_error(reference: str, error: BaseException) -> HandshakeError:
    frames = traceback.extract_tb(error.__traceback__)
    place = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else reference
    return HandshakeError(
        f'the accelerator model "{reference}" cannot be imported: {type(error).__name__}: {error}',
        where=place,
    )


def _pick(module: ModuleType, class_name: str, reference: str) -> type[AcceleratorModel]:
    from harness.bridge.model import AcceleratorModel  # noqa: PLC0415 - programs need no SDK

    if class_name:
        found = getattr(module, class_name, None)
        if isinstance(found, type) and issubclass(found, AcceleratorModel):
            return found
        raise HandshakeError(
            f'"{reference}" names no AcceleratorModel', expected=_candidates(module)
        )
    classes = _models_of(module)
    if len(classes) != 1:
        raise HandshakeError(
            f'"{reference}" does not say which class is the model',
            expected=f"exactly one AcceleratorModel in the file, or :Class ({_candidates(module)})",
            got=f"{len(classes)} models",
        )
    return classes[0]


def _models_of(module: ModuleType) -> list[type[AcceleratorModel]]:
    from harness.bridge.model import AcceleratorModel  # noqa: PLC0415 - see _pick

    return [
        each
        for each in vars(module).values()
        if isinstance(each, type)
        and issubclass(each, AcceleratorModel)
        and each.__module__ == module.__name__
    ]


def _candidates(module: ModuleType) -> str:
    names = [each.__name__ for each in _models_of(module)]
    return "one of " + ", ".join(names) if names else "a subclass of AcceleratorModel"
