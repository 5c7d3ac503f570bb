"""Arguments and options that several commands have, with one meaning and one text."""

from __future__ import annotations

from typing import Annotated

import typer

Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress on stderr.")]
RunArgument = Annotated[str, typer.Argument(metavar="RUN", help="A run's directory.")]
