"""``codesign evaluate``: single designs, or a CSV file of them, without a space."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from codesign.cli.options import Format, FormatOption, parse_setting, show
from codesign.errors import UserError

if TYPE_CHECKING:
    import pandas as pd


def evaluate(
    model: Annotated[str, typer.Argument(help="A name from codesign models.")],
    settings: Annotated[list[str] | None, typer.Option("--set", help="name=value; may be repeated.")] = None,
    designs: Annotated[Path | None, typer.Option(help="A CSV file, one design a row.")] = None,
    how: FormatOption = Format.table,
) -> None:
    """Evaluate one design (--set), or each row of a CSV file (--designs, with --set for what all rows share)."""
    import pandas as pd

    from codesign.models.registry import get_model

    chosen = get_model(model)
    table = _read_designs(designs) if designs is not None else pd.DataFrame(index=[0])
    for setting in settings or []:
        name, value = parse_setting(setting)
        table[name] = value
    if not len(table.columns):
        raise UserError(
            f"no design given: use --set name=value or --designs FILE.csv; see codesign models show {model}"
        )
    answer = chosen.evaluate(table)
    both = pd.concat([table, answer], axis=1)
    if how is Format.table and len(both) == 1:
        if not answer["feasible"].iloc[0]:
            both = both[[*table.columns, "feasible", "reason"]]
        both = pd.DataFrame({"column": both.columns, "value": [_text(value) for value in both.iloc[0]]})
    show(both, how)
    if not answer["feasible"].any():
        raise typer.Exit(3)


def _read_designs(path: Path) -> pd.DataFrame:
    import pandas as pd

    try:
        table = pd.read_csv(path)
    except (OSError, ValueError) as error:
        raise UserError(f"{path} can't be read as CSV: {error}") from error
    if not len(table):
        raise UserError(f"{path} holds no designs")
    return table


def _text(value: object) -> str:
    """Write a number with six digits, a large whole one in full."""
    if isinstance(value, float) and math.isfinite(value):
        return f"{int(value):,}" if value == int(value) and abs(value) >= 1e5 else f"{value:,.6g}"
    return str(value)
