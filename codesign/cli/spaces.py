"""``codesign spaces``: what spaces there are, how large they are, what their constraints cut."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from codesign.cli.options import Format, FormatOption, find_space_files, show
from codesign.errors import SpaceError

if TYPE_CHECKING:
    import pandas as pd

    from codesign.space import Space

app = typer.Typer(help="List spaces, or show one.", invoke_without_command=True, rich_markup_mode=None)


@app.callback()
def list_spaces(
    context: typer.Context,
    folder: Annotated[Path, typer.Option(help="Where to look.")] = Path("spaces"),
    how: FormatOption = Format.table,
) -> None:
    """List the spaces below a folder, or show one (codesign spaces show FILE)."""
    if context.invoked_subcommand is not None:
        return
    import pandas as pd

    from codesign.space import read_space

    rows = []
    for file in find_space_files([folder], long=True):
        try:
            space = read_space(file)
            rows.append((str(file), space.title, space.model, space.cardinality, space.feasible_count, ""))
        except SpaceError as error:
            rows.append((str(file), "", "", None, None, str(error)))
    table = pd.DataFrame(rows, columns=["file", "title", "model", "designs", "feasible_designs", "error"])
    table = table.astype({"designs": object, "feasible_designs": object})
    if not table["error"].any():
        table = table.drop(columns="error")
    show(table, how)


@app.command("show")
def show_space(file: Path, how: FormatOption = Format.table) -> None:
    """Show a space: parameters, constraints and what they cut, size, feasible share."""
    from codesign.space import read_space
    from codesign.study import Study

    space = Study(read_space(file)).space
    if how is not Format.table:
        show(_as_rows(space), how)
        return
    typer.echo(
        f"{space.title}\nmodel {space.model}; objectives "
        + ", ".join(f"{o.direction} {o.metric}" for o in space.objectives)
    )
    if space.fixed:
        typer.echo("fixed: " + ", ".join(f"{name} = {value}" for name, value in space.fixed.items()))
    typer.echo("")
    show(space.parameter_table(), how)
    if space.constraints:
        typer.echo("")
        cuts = space.cuts()
        cuts["designs_cut"] = [f"{n:,}" if n is not None else "not counted" for n in cuts["designs_cut"]]
        cuts["share"] = [f"{share:.4%}" for share in cuts["share"]]
        show(cuts, how)
    typer.echo(f"\n{_size(space)}")


def _size(space: Space) -> str:
    if space.cardinality is None:
        return "countless designs: a parameter is continuous"
    feasible = space.feasible_count
    if feasible is None:
        return f"{space.cardinality:,} designs; too many to count how many meet the constraints"
    share = feasible / space.cardinality
    return f"{space.cardinality:,} designs, of which {feasible:,} ({share:.4%}) meet the constraints"


def _as_rows(space: Space) -> pd.DataFrame:
    table = space.parameter_table().astype({"count": object})
    table["designs"] = [space.cardinality] * len(table)
    table["feasible_designs"] = [space.feasible_count] * len(table)
    return table
