"""``codesign reproduce`` and ``codesign validate``: our numbers beside those that we did not make."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from codesign.cli.options import Format, FormatOption, show

if TYPE_CHECKING:
    import pandas as pd


def reproduce(
    name: Annotated[str | None, typer.Argument(help="One reproduction; all without.")] = None,
    how: FormatOption = Format.table,
) -> None:
    """Recompute published claims: published value, ours, difference, tolerance, verdict, note."""
    import pandas as pd

    from codesign.models.checks import check_table
    from codesign.models.registry import REPRODUCTIONS_GROUP, load, names

    chosen = [name] if name is not None else names(REPRODUCTIONS_GROUP)
    tables = []
    for one in chosen:
        table = check_table(load(one, REPRODUCTIONS_GROUP)()).rename(columns={"reference": "published"})
        table.insert(0, "reproduction", one)
        tables.append(table)
    everything = pd.concat(tables, ignore_index=True)
    if how is Format.table:
        show(_for_reading(everything, several=len(chosen) > 1), how)
        _explain(everything)
        typer.echo(f"\n{_verdicts(everything)}")
    else:
        show(everything, how)
    _fail_when_unexplained(everything)


def validate(
    write: Annotated[Path | None, typer.Option(help="Also write the report as Markdown to this file.")] = None,
    how: FormatOption = Format.table,
) -> None:
    """Recompute every comparison with an outside reference: validations and reproductions."""
    import pandas as pd

    from codesign.models.checks import check_table
    from codesign.models.registry import REPRODUCTIONS_GROUP, VALIDATIONS_GROUP, load, names
    from codesign.report.checks import write_validation

    groups = {one: load(one, VALIDATIONS_GROUP)() for one in names(VALIDATIONS_GROUP)}
    groups |= {one: load(one, REPRODUCTIONS_GROUP)() for one in names(REPRODUCTIONS_GROUP)}
    tables = []
    for one, checks in groups.items():
        table = check_table(checks)
        table.insert(0, "group", one)
        tables.append(table)
    everything = pd.concat(tables, ignore_index=True)
    if write is not None:
        write_validation(groups, write)
    if how is Format.table:
        counts = everything.groupby(["group", "verdict"], sort=True).size().unstack(fill_value=0)
        error = everything.assign(error=everything["difference"].abs()).groupby("group")["error"]
        counts["average error"], counts["worst error"] = error.mean(), error.max()
        show(counts.reset_index(), how)
    else:
        show(everything, how)
    _fail_when_unexplained(everything)


def _for_reading(table: pd.DataFrame, several: bool) -> pd.DataFrame:
    """Return the columns that fit a screen, differences in percent."""
    shown = table.drop(columns=["source", "note", *([] if several else ["reproduction"])])
    for name in ("difference", "tolerance"):
        shown[name] = [f"{value:+.3%}" if name == "difference" else f"{value:.1%}" for value in shown[name]]
    return shown


def _explain(table: pd.DataFrame) -> None:
    """Print why rows that don't match don't, one line for each reason."""
    apart = table[(table["verdict"] != "match") & (table["note"] != "")]
    for note, rows in apart.groupby("note", sort=False):
        typer.echo(f"\n{'; '.join(rows['item'])}:\n  {note}")


def _verdicts(table: pd.DataFrame) -> str:
    counts = table["verdict"].value_counts()
    return ", ".join(f"{counts[word]} {word}" for word in ("match", "differs", "not available") if word in counts)


def _fail_when_unexplained(table: pd.DataFrame) -> None:
    """Exit with 1 when a number differs and no note says why: that is a regression of ours."""
    unexplained = table[(table["verdict"] == "differs") & (table["note"] == "")]
    if len(unexplained):
        typer.echo(f"codesign: {len(unexplained)} rows differ without a stated reason", err=True)
        raise typer.Exit(1)
