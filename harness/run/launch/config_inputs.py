"""The files that a configuration names: what a script chose by itself is in config.ini only."""

from __future__ import annotations

from pathlib import Path

from harness.run.launch.file_hashes import describe_file

_CONFIG = "config.ini"
_FILE_KEYS = (
    *("executable", "object_file", "image_file", "filename", "kernel", "readfile", "bootloader"),
    *("dtb_filename", "initrd_filename", "trace_file", "instTraceFile", "dataTraceFile"),
)
"""Parameters that name a file, also by a path that begins in the command's folder."""
_MOST_FILES = 64
_LARGEST_CONFIG_BYTES = 64 << 20


def files_of_config(outdir: Path, cwd: str) -> tuple[dict[str, object], ...]:
    """Return path, size and hash of every file that gem5's configuration names."""
    config = outdir / _CONFIG
    try:
        if config.stat().st_size > _LARGEST_CONFIG_BYTES:
            return ()
        lines = config.read_text(errors="replace").splitlines()
    except OSError:
        return ()
    named: dict[str, None] = {}
    for line in lines:
        key, _, value = line.partition("=")
        if key in _FILE_KEYS and value:
            named[str(Path(cwd, value))] = None
        for word in value.split():
            if word.startswith("/"):
                named[word] = None
    return tuple(_described(list(named), outdir))


def _described(names: list[str], outdir: Path) -> list[dict[str, object]]:
    found: list[dict[str, object]] = []
    for name in sorted(names):
        path = Path(name)
        if len(found) == _MOST_FILES or path.is_relative_to(outdir):
            continue
        try:
            if path.is_file():
                found.append(describe_file(path))
        except (OSError, ValueError):  # it may not be read
            found.append({"path": name, "not_hashed": "cannot be read"})
    return found
