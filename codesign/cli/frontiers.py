"""``codesign frontier``, ``compare`` and ``confirm``: what finished studies found."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from codesign.cli.options import Format, FormatOption, show

if TYPE_CHECKING:
    import pandas as pd

ROWS_SHOWN = 20

Folder = Annotated[Path, typer.Argument(help="A study's results folder.")]


def frontier(folder: Folder, how: FormatOption = Format.table) -> None:
    """Print a study's frontier: as a table parameters and objectives, as CSV or JSON all metrics."""
    from codesign.study.folder import read_study_frontier

    found = read_study_frontier(folder)
    if how is Format.table:
        columns = [*found.parameters, *(objective.metric for objective in found.objectives)]
        typer.echo(f"{found.title}\n{found.certificate}\n")
        show(found.table[columns], how)
        typer.echo(f"\n{len(found.table.columns) - len(columns)} more columns with --format csv or json")
        return
    show(found.table, how)


def compare(first: Folder, second: Folder, how: FormatOption = Format.table) -> None:
    """Set two studies side by side: hypervolume under one reference point, coverage, what moved."""
    from codesign.pareto import design_difference, moved_metrics
    from codesign.study.folder import differing_settings, read_study_frontier

    a, b = read_study_frontier(first), read_study_frontier(second)
    table = a.compare(b)
    show_apart = how is Format.table
    if show_apart:
        typer.echo(f"A: {first}: {a.certificate}\nB: {second}: {b.certificate}")
        for name, (of_a, of_b) in differing_settings(first, second).items():
            typer.echo(f"   {name}: {of_a} in A, {of_b} in B")
        typer.echo("")
    show(table, how)
    if not show_apart or a.parameters != b.parameters:
        return
    objectives = [objective.metric for objective in a.objectives]
    difference = design_difference(a, b)
    apart = difference[difference["found_in"] != "both"][["found_in", *a.parameters, *objectives]]
    _first_rows("designs on one frontier only", apart)
    _first_rows("metrics of common designs that moved", moved_metrics(a, b))


def confirm(
    folder: Folder,
    model: Annotated[str, typer.Argument(help="A name from codesign models.")],
    how: FormatOption = Format.table,
) -> None:
    """Evaluate the designs of a study's frontier with another model, and say how they moved."""
    from codesign.models.registry import get_model
    from codesign.study.confirm import CHANGE, WAS, confirmed, write_confirmed

    chosen = get_model(model)
    found = confirmed(folder, chosen)
    path = write_confirmed(folder, chosen, found)
    if how is not Format.table:
        show(found.table, how)
        return
    objectives = [objective.metric for objective in found.before.objectives]
    shown = [name + suffix for name in objectives for suffix in ("", WAS, CHANGE)]
    show(found.table[[*found.before.parameters, *shown]], how)
    was, now = found.volumes
    moved = f" ({100 * (now / was - 1):+.2f} %)" if was else ""
    refused = found.table[~found.table["feasible"]]
    _first_rows("infeasible under it", refused[[*found.before.parameters, "reason"]])
    typer.echo(
        f"\n{len(found.after)} of {len(found.table)} designs stay on the frontier; hypervolume {was:.6g} as searched, "
        f"{now:.6g} as confirmed{moved}, one reference point\n{path}"
    )


def _first_rows(title: str, table: pd.DataFrame) -> None:
    if len(table):
        more = f" (the first {ROWS_SHOWN} of {len(table)})" if len(table) > ROWS_SHOWN else ""
        typer.echo(f"\n{title}{more}")
        show(table.head(ROWS_SHOWN), Format.table)
