"""``codesign data``: public sets that are too large for the package, by name."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from codesign.cli.options import Format, FormatOption, show

app = typer.Typer(no_args_is_help=True, help="Public sets that are read from this machine: list them, get one.")

NameArgument = Annotated[str, typer.Argument(help="Of a set; codesign data list shows them.")]
FromOption = Annotated[
    Path | None,
    typer.Option(
        "--from",
        help="A copy of the file that is here already, instead of a download; of a set that is assembled, a folder or"
        " zip file of its repository.",
    ),
]
ToOption = Annotated[
    Path | None, typer.Option(help="The folder to put it into; the default is what CODESIGN_DATA says, or the cache.")
]


@app.command("list")
def list_sets(how: FormatOption = Format.table) -> None:
    """Show the public sets: what they hold, licence, address, checksum, and where they lie on this machine."""
    import pandas as pd

    from codesign.workloads.tabular import store

    rows = [
        {
            "name": one.name,
            "holds": one.description,
            "bytes": one.size_bytes,
            "licence": one.licence,
            "here": _place(one.name),
            "address": one.address,
            "sha256": one.sha256,
            "holder": one.holder,
            "source": one.source,
        }
        for one in store.public_sets().values()
    ]
    table = pd.DataFrame(rows)
    show(table[["name", "holds", "bytes", "licence", "here"]] if how is Format.table else table, how)


def _place(name: str) -> str:
    from codesign.workloads.tabular import store

    try:
        path = store.stored_path(name)
    except store.PublicSetError:
        return "damaged"
    return str(path) if path is not None else "no"


@app.command("get")
def get(name: NameArgument, from_: FromOption = None, to: ToOption = None) -> None:
    """Download a public set, or import a copy; it is kept only when its checksum is the published one."""
    from codesign.workloads.tabular import store

    wanted = store.public_set(name)
    folder = to if to is not None else store.data_folder()
    present = folder / wanted.file
    if present.is_file() and store.is_published(wanted, present.read_bytes()):
        typer.echo(f"{present} is there already")
        return
    if from_ is not None:
        path = store.import_set(name, from_, folder)
    else:
        path = store.download_set(name, folder)
    typer.echo(f"{path}: {wanted.size_bytes:,} bytes, SHA-256 as published; {wanted.licence}, {wanted.holder}")
    if folder != store.data_folder():
        typer.echo(f"to have it found there, set {store.FOLDER_VARIABLE}={folder}")
