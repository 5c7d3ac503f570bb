"""Which commit a file of somebody's work tree belongs to."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_TIMEOUT_S = 10.0


@dataclass(frozen=True, slots=True)
class GitState:
    """A work tree.

    Attributes:
        tree: Its top folder.
        commit: The commit that is checked out.
        is_modified: Whether a file that git follows differs from it; None if git did not say.
    """

    tree: str
    commit: str
    is_modified: bool | None


@lru_cache(maxsize=64)
def git_state(folder: Path) -> GitState | None:
    """Return the work tree that a folder is in; None if it is in none, or there is no git."""
    said = _ask(folder, "rev-parse", "--show-toplevel", "HEAD")
    if said is None or len(said.splitlines()) != 2:
        return None
    tree, commit = said.splitlines()
    changes = _ask(folder, "status", "--porcelain", "--untracked-files=no")
    return GitState(tree, commit, None if changes is None else bool(changes.strip()))


def _ask(folder: Path, *arguments: str) -> str | None:
    argv = ["git", "--no-optional-locks", "-C", str(folder), *arguments]
    try:
        done = subprocess.run(
            argv,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None
