"""`harness guest`: the small Linux that full-system runs boot."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Optional

import typer

from harness.base.units import MIB
from harness.cli.arguments import Quiet  # noqa: TC001 - typer reads annotations at run time

KernelSource = Annotated[
    Optional[Path],  # noqa: UP045 - typer reads it at run time on Python 3.10
    typer.Option(
        "--kernel-source",
        metavar="PATH",
        help="A kernel's tarball or folder; else $HARNESS_KERNEL_SOURCE, else the newest package"
        " linux-source-* in /usr/src.",
    ),
]


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    guest = typer.Typer(
        name="guest",
        help="Build the Linux of full-system runs, see what is built, throw it away.",
        no_args_is_help=True,
        rich_markup_mode=None,
    )
    for command in (build, info, clean):
        guest.command()(command)
    app.add_typer(guest)


def build(
    kernel_source: KernelSource = None,
    jobs: Annotated[
        int,
        typer.Option("--jobs", "-j", metavar="N", min=0, help="Compilers at once; 0: all CPUs."),
    ] = 0,
    quiet: Quiet = False,  # noqa: FBT002 - typer's flags
) -> None:
    """Build kernel, driver, init, initramfs and runtime, unless these sources were built before."""
    from harness.report.progress import ConsoleProgress  # noqa: PLC0415
    from harness.run.config_scripts import find_configs  # noqa: PLC0415
    from harness.run.gem5.runtime import build_runtime  # noqa: PLC0415
    from harness.run.guest.build import build_guest  # noqa: PLC0415
    from harness.run.guest.disk import DISK_BYTES  # noqa: PLC0415
    from harness.run.guest.tools import disk_tool  # noqa: PLC0415

    progress = ConsoleProgress(is_quiet=quiet)
    try:
        maker = disk_tool("mke2fs")
        images = build_guest(progress, kernel_source=kernel_source, jobs=jobs)
        runtime = build_runtime(find_configs(), progress)
    finally:
        progress.close()
    _print(
        f"Linux {images.version}, {images.key}",
        f"kernel     {images.kernel}",
        f"initramfs  {images.initramfs}",
        f"symbols    {images.symbols}",
        f"runtime    {runtime.path}",
        f"disk       made for each run by {maker}, {DISK_BYTES // MIB} MiB, ext2;"
        f" kept in {images.kernel.parent.parent}/disk-*",
    )


def info(kernel_source: KernelSource = None) -> None:
    """Say what the guest is made from, whether it is built, and what the cache holds."""
    from harness.run.guest.build import guest_sources, kept_guest  # noqa: PLC0415
    from harness.run.guest.keeping import build_log, kept_folders  # noqa: PLC0415
    from harness.run.guest.tools import missing_disk_tools, missing_tools  # noqa: PLC0415

    sources = guest_sources(kernel_source)
    images = kept_guest(sources)
    missing = ", ".join(tool.name for tool in (*missing_tools(), *missing_disk_tools()))
    _print(
        f"kernel source  {sources.kernel.path}",
        f"key            {sources.key}",
        f"built          {f'Linux {images.version}: {images.kernel.parent}' if images else 'no'}",
        f"tools          {f'missing: {missing}' if missing else 'all here'}",
        f"log            {build_log()}",
    )
    for folder in kept_folders():
        state = "" if folder.is_whole else " (not finished)"
        _print(f"cache          {folder.size_bytes / MIB:8.1f} MiB  {folder.path}{state}")


def clean(quiet: Quiet = False) -> None:  # noqa: FBT002 - typer's flags
    """Remove all built guests, kernel trees and disks from the cache."""
    from harness.report.progress import ConsoleProgress  # noqa: PLC0415
    from harness.run.guest.keeping import clean as clean_cache  # noqa: PLC0415

    progress = ConsoleProgress(is_quiet=quiet)
    try:
        freed_bytes = clean_cache(progress)
    finally:
        progress.close()
    _print(f"freed {freed_bytes / MIB:.1f} MiB")


def _print(*lines: str) -> None:
    sys.stdout.write("\n".join([*lines, ""]))
