"""``codesign frontier`` and ``codesign compare``: what finished studies found."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from codesign.cli.options import Format, FormatOption, show

Folder = Annotated[Path, typer.Argument(help="A study's results folder.")]


def frontier(folder: Folder, how: FormatOption = Format.table) -> None:
    """Print a study's frontier."""
    from codesign.study.folder import read_study_frontier

    found = read_study_frontier(folder)
    if how is Format.table:
        typer.echo(f"{found.title}\n{found.certificate}\n")
    show(found.table, how)


def compare(first: Folder, second: Folder, how: FormatOption = Format.table) -> None:
    """Set two studies side by side: hypervolume under one reference point, coverage, what moved."""
    from codesign.study.folder import read_study_frontier

    a, b = read_study_frontier(first), read_study_frontier(second)
    table = a.compare(b)
    if how is Format.table:
        typer.echo(f"A: {first}: {a.certificate}\nB: {second}: {b.certificate}\n")
    show(table, how)
