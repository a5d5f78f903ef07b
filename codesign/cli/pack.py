"""``codesign pack``: buffers with fixed lifetimes into one memory, by the exact packer."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from codesign.cli.options import Format, FormatOption, show
from codesign.errors import CodesignError, UnknownNameError, UserError, nearest

if TYPE_CHECKING:
    import pandas as pd

    from codesign.models.scratchpad.packing.files import Buffers
    from codesign.models.scratchpad.packing.packer import Packing

FIGURE_KINDS = ("png", "svg")
FigureOption = Annotated[Path | None, typer.Option(help="Draw addresses against time into this .png or .svg file.")]


def pack(
    file: Annotated[Path, typer.Argument(help="A CSV file with the columns id, lower, upper, size.")],
    capacity: Annotated[int | None, typer.Option(help="Of the memory; without it, the smallest is sought.")] = None,
    time_limit: Annotated[float, typer.Option(help="In seconds.")] = 60.0,
    alignment: Annotated[int, typer.Option(help="Offsets are multiples of it.")] = 1,
    out: Annotated[Path | None, typer.Option(help="Write the rows with their offsets into this CSV file.")] = None,
    how: FormatOption = Format.table,
    figure: FigureOption = None,
) -> None:
    """Give each buffer of a file an offset, so that buffers alive at the same time [lower, upper) don't overlap.

    The exit code is 0 when packed, 3 when proven infeasible or not decided in time.
    """
    from codesign.models.scratchpad.packing import files, packer

    if figure is not None and figure.suffix.lower().removeprefix(".") not in FIGURE_KINDS:
        raise UnknownNameError(
            f"--figure: unknown kind of picture {figure.suffix!r}{nearest(figure.suffix, FIGURE_KINDS)}; allowed:"
            f" {', '.join(f'.{kind}' for kind in FIGURE_KINDS)}"
        )
    if out is not None and out.resolve() == file.resolve():
        raise UserError(f"--out: {out} is the file that is read; give another name")
    buffers = files.read_buffers(file)
    about = buffers.lower, buffers.upper, buffers.size
    bound = None
    if capacity is None:
        packing, bound = packer.minimum_capacity(*about, alignment=alignment, time_limit_s=time_limit)
    else:
        packing = packer.pack(*about, capacity, alignment=alignment, time_limit_s=time_limit)
    packed = files.Buffers(buffers.ids, *about, packing.offsets)
    _check(packed, packing.capacity, alignment)
    if how is Format.table:
        show(_summary(file, packed, packing, bound), how)
    else:
        show(_rows(packed), how)
        if packing.offsets is None:
            typer.echo(f"codesign: {file}: {packing.status}: {packing.reason}", err=True)
    if packing.offsets is None:
        raise typer.Exit(3)
    if out is not None:
        files.write_buffers(out, packed)
    if figure is not None:
        _draw(figure, packed, packing.capacity, f"{file.name}: {len(packed.ids):,} buffers")


def _summary(file: Path, packed: Buffers, packing: Packing, bound: int | None) -> pd.DataFrame:
    """Return the answer as one row; ``bound`` only where the smallest capacity was sought."""
    import pandas as pd

    from codesign.models.scratchpad.packing.packer import max_load

    row: dict[str, object] = {
        "file": str(file),
        "status": packing.status,
        "reason": packing.reason,
        "buffers": len(packed.ids),
        "capacity": packing.capacity,
        "height": packing.height if packing.offsets is not None else None,
        "max_load": max_load(packed.lower, packed.upper, packed.size)[0],
    }
    if bound is not None:
        row["bound"] = bound
    checked = packing.offsets is not None
    row |= {"nodes": packing.nodes, "solve_s": packing.solve_s, "checked": True if checked else None}
    return pd.DataFrame({"column": list(row), "value": [_text(value) for value in row.values()]})


def _check(packed: Buffers, capacity: int, alignment: int) -> None:
    """Raise CodesignError when the checker, which shares nothing with the packer, finds a fault."""
    from codesign.models.scratchpad.packing.check import check_packing

    if packed.offsets is None:
        return
    where = packed.lower, packed.upper, packed.size, packed.offsets
    faults = check_packing(*where, capacity, alignment=alignment)
    if faults:
        raise CodesignError(f"the packing found is wrong, please report: {faults[0]} ({len(faults)} faults)")


def _rows(packed: Buffers) -> pd.DataFrame:
    """Return id, lower, upper, size, offset, the last one missing without a packing."""
    import pandas as pd

    offsets = packed.offsets if packed.offsets is not None else pd.array([pd.NA] * len(packed.ids), dtype="Int64")
    columns = {"id": packed.ids, "lower": packed.lower, "upper": packed.upper, "size": packed.size, "offset": offsets}
    return pd.DataFrame(columns)


def _draw(path: Path, packed: Buffers, capacity: int, title: str) -> None:
    from codesign.pareto.csv_file import write_atomically
    from codesign.report.occupancy import draw_rectangles, occupancy_bytes

    assert packed.offsets is not None
    drawn = draw_rectangles(
        packed.lower, packed.upper, packed.offsets, packed.size, labels=packed.ids, capacity_bytes=capacity, title=title
    )
    write_atomically(path, occupancy_bytes(drawn, path.suffix.lower().removeprefix(".")))


def _text(value: object) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.3f}"
    return f"{value:,}" if isinstance(value, int) else str(value)
