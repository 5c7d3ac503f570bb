"""From what the user typed to a `Workload`: an installed name, a script, or a saved graph."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from difflib import get_close_matches
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.base.errors import GraphError, HarnessError, SpecError
from harness.run.workload import Workload

if TYPE_CHECKING:
    from types import ModuleType

GROUP = "harness.workloads"
DEFAULT_FUNCTION = "build"


def installed_workloads() -> dict[str, str]:
    """Return the installed workloads: name to "module:function"."""
    return {point.name: point.value for point in sorted(entry_points(group=GROUP))}


def load_workload(reference: str) -> Workload:
    """Load a workload.

    Args:
        reference: An installed name ("lenet5"), "script.py[:function]", "package.module:function",
            "module.function" beside an installed workload ("micro.conv"), or a directory that
            holds a saved graph.

    Raises:
        SpecError: There is no such workload, or it is none.
    """
    if is_script(reference):
        path, _, function = reference.partition(":")
        return _call(_import_script(Path(path)), function or DEFAULT_FUNCTION, reference)
    if _is_saved_graph(reference):
        from harness.graph import load_graph  # noqa: PLC0415 - numpy only where it is needed

        return Workload(graph=load_graph(reference), description="a saved graph")
    installed = installed_workloads()
    module, _, function = installed.get(reference, reference).partition(":")
    if function:
        return _call(_import_module(module, reference), function, reference)
    sibling = _sibling_module(reference, installed)
    if sibling:
        return _call(_import_module(sibling[0], reference), sibling[1], reference)
    close = get_close_matches(reference, installed, n=1)
    raise SpecError(
        f'no workload "{reference}"',
        expected=f"{', '.join(installed)}, a script.py[:function], or a saved graph's directory",
        way_out=f'did you mean "{close[0]}"?' if close else "see harness list workloads",
    )


def default_name(reference: str) -> str:
    """Return the name that a run's directory gets from its workload's reference."""
    stem = reference
    if is_script(reference):
        script, _, function = reference.partition(":")
        stem = Path(script).stem + (f"-{function}" if function else "")
    elif _is_saved_graph(reference):
        path = Path(reference)
        stem = (path if path.is_dir() else path.parent).resolve().name
    elif ":" in reference:
        stem = reference.split(".")[-1].replace(":", ".")
    kept = "".join(c if c.isalnum() or c in "._-" else "-" for c in stem).strip(".-")
    return kept or "run"


def is_script(reference: str) -> bool:
    """Tell whether the reference is a Python file."""
    return reference.partition(":")[0].endswith(".py")


def _is_saved_graph(reference: str) -> bool:
    path = Path(reference)
    return (path / "graph.pb").is_file() or (path.suffix == ".pb" and path.is_file())


def _sibling_module(reference: str, installed: dict[str, str]) -> tuple[str, str] | None:
    """Return module and function of "micro.conv" in a package that has an installed workload."""
    stem, dot, function = reference.rpartition(".")
    if not dot or not reference.replace(".", "_").isidentifier():
        return None
    packages = dict.fromkeys(value.split(":")[0].rpartition(".")[0] for value in installed.values())
    for package in filter(None, packages):
        name = stem if stem.startswith(f"{package}.") else f"{package}.{stem}"
        try:
            found = importlib.util.find_spec(name)
        except ModuleNotFoundError:
            continue
        if found is not None:
            return name, function
    return None


def _import_module(name: str, reference: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{name}.".startswith(f"{error.name}."):
            raise SpecError(f"{reference} needs Python module {error.name!r}") from error
        raise SpecError(f'no workload "{reference}": no Python module {name!r}') from error


def _import_script(path: Path) -> ModuleType:
    """Run a script as a module of its own; its folder is importable, as for `python script.py`."""
    if not path.is_file():
        raise SpecError("no such workload script", where=str(path))
    name = f"harness_workload_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise SpecError("not a Python script", where=str(path))
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    sys.path.insert(0, str(path.resolve().parent))
    try:
        spec.loader.exec_module(module)
    except (HarnessError, KeyboardInterrupt):
        raise
    except BaseException as error:
        raise script_error(error, str(path)) from error
    finally:
        sys.path.remove(str(path.resolve().parent))
    return module


def _call(module: ModuleType, function: str, reference: str) -> Workload:
    build: Any = getattr(module, function, None)
    if not callable(build):
        found = [name for name, value in vars(module).items() if _is_own_function(value, module)]
        raise SpecError(
            f'workload "{reference}" has no function {function!r}',
            where=str(module.__file__),
            expected=", ".join(found) or "a function that returns a Workload",
        )
    try:
        workload = build()
    except (HarnessError, KeyboardInterrupt):
        raise
    except BaseException as error:
        raise script_error(error, str(module.__file__)) from error
    return _as_workload(workload, f"{module.__file__}: {function}")


def _is_own_function(value: object, module: ModuleType) -> bool:
    return callable(value) and getattr(value, "__module__", "") == module.__name__


def _as_workload(value: object, where: str) -> Workload:
    from harness.graph import Graph  # noqa: PLC0415 - numpy only where it is needed

    if isinstance(value, Graph):
        return Workload(graph=value)
    if not isinstance(value, Workload):
        raise SpecError(
            "the function returned no workload",
            where=where,
            expected="a harness.run.workload.Workload or a harness.graph.Graph",
            got=type(value).__name__,
        )
    return value


def script_error(error: BaseException, path: str) -> GraphError:
    """Name the line of the user's script that raised."""
    where, trace = path, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename.endswith(Path(path).name):
            where = f"{path}:{trace.tb_lineno}"
        trace = trace.tb_next
    if isinstance(error, SyntaxError):
        where = f"{path}:{error.lineno}"
    return GraphError(f"the workload script raised {type(error).__name__}: {error}", where=where)
