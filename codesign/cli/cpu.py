"""``codesign cpu``: an out-of-order core on an instruction trace."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from codesign.cli.options import Format, FormatOption, show

app = typer.Typer(no_args_is_help=True, help="Out-of-order cores.", rich_markup_mode=None)


class Compatibility(StrEnum):
    """Whose stated behaviours a simulation follows."""

    champsim = "champsim"


@app.callback()
def _group() -> None:
    """Out-of-order cores."""


@app.command("simulate")
def simulate(
    trace: Annotated[Path, typer.Option(help="An instruction trace (.npz).")],
    core: Annotated[str, typer.Option(help="A shipped core (small, mid, big) or a .yaml file.")] = "mid",
    compatibility: Annotated[
        Compatibility | None, typer.Option(help="Follow the stated behaviours of that simulator.")
    ] = None,
    warmup: Annotated[int, typer.Option(help="Instructions that only train caches and predictors first.")] = 0,
    instructions: Annotated[
        int | None, typer.Option(help="Instructions to time; the rest of the trace if unset.")
    ] = None,
    how: FormatOption = Format.table,
) -> None:
    """Simulate one core on a trace: IPC, cycles, misses per 1,000 instructions, what the cycles were lost to."""
    import pandas as pd

    from codesign.models.cpu.core_file import core_named
    from codesign.models.cpu.simulator import simulate as simulated
    from codesign.workloads.instructions.npz import read_instruction_trace

    settings = core_named(core)
    done = simulated(
        read_instruction_trace(trace),
        settings,
        warmup=warmup,
        instructions=instructions,
        compatibility=None if compatibility is None else compatibility.value,
    )
    table = pd.DataFrame([done.row()])
    if how is Format.table:
        table = table.T.rename(columns={0: "value"}).rename_axis("metric").reset_index()
    show(table, how)
