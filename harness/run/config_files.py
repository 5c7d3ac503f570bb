"""config.ini and config.json in gem5's manner: one section per modelled component, in a tree.

gem5's users look here for what was really simulated; the same fields with their units lie,
complete and machine-readable, under "target" in run.json.
"""

from __future__ import annotations

import json
from typing import Any

ROOT = "root"
SYSTEM = "system"


def config_tree(target: dict[str, Any], extra: dict[str, Any]) -> dict[str, Any]:
    """Return the tree of components.

    Args:
        target: The resolved target as plain data; its tables become components.
        extra: Fields of the system itself, such as the number of host threads.
    """
    return {
        "type": "Root",
        "name": ROOT,
        "path": ROOT,
        "full_system": False,
        SYSTEM: _component(SYSTEM, SYSTEM, {**extra, **target}),
    }


def config_json(tree: dict[str, Any]) -> str:
    """Return config.json."""
    return json.dumps(tree, indent=4) + "\n"


def config_ini(tree: dict[str, Any]) -> str:
    """Return config.ini: sections by path, keys sorted, values as gem5 prints them."""
    return "\n".join(_sections(tree, ROOT)) + "\n"


def _component(name: str, path: str, values: dict[str, Any]) -> dict[str, Any]:
    node: dict[str, Any] = {"type": _type_name(name), "name": name, "path": path}
    for key, value in values.items():
        if key in {"name", "type", "path"}:
            node[f"{name}_{key}"] = value
        elif isinstance(value, dict):
            node[key] = _component(key, f"{path}.{key}", value)
        else:
            node[key] = value
    return node


def _type_name(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))


def _sections(node: dict[str, Any], path: str) -> list[str]:
    children = {key: value for key, value in node.items() if isinstance(value, dict)}
    own = {key: value for key, value in node.items() if key not in children}
    lines = [f"[{path}]"]
    own_children = {"children": " ".join(sorted(children))} if children else {}
    for key, value in sorted({**own, **own_children}.items()):
        if key not in {"name", "path"}:
            lines.append(f"{key}={_text(value)}")
    lines.append("")
    for key in sorted(children):
        lines += _sections(children[key], key if path == ROOT else f"{path}.{key}")
    return lines


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        return " ".join(_text(each) for each in value)
    return str(value)
