"""``codesign trace``: instruction traces of programs."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from codesign.cli.options import Format, FormatOption, check_output_file, show
from codesign.errors import UserError

if TYPE_CHECKING:
    from codesign.workloads.instructions.capture.runs import RecordingProgress, Watcher

app = typer.Typer(no_args_is_help=True, help="Instruction traces of programs.", rich_markup_mode=None)

OutOption = Annotated[Path | None, typer.Option(help="The file to write; without it NAME.npz in this folder.")]
WindowsOption = Annotated[int | None, typer.Option(help="How many windows, evenly over the run; without it 4.")]
WindowOption = Annotated[int | None, typer.Option(help="Instructions of each window; without it 100,000.")]
SkipOption = Annotated[
    int | None, typer.Option(help="Record one window after so many instructions, then end the program.")
]
InputOption = Annotated[Path | None, typer.Option("--input", help="A file that the program reads as standard input.")]


@app.callback()
def _group() -> None:
    """Instruction traces of programs."""


@app.command("record")
def record(
    command: Annotated[list[str], typer.Argument(metavar="-- PROGRAM ARGS", help="What to run.")],
    out: OutOption = None,
    windows: WindowsOption = None,
    window: WindowOption = None,
    skip: SkipOption = None,
    name: Annotated[str | None, typer.Option(help="Of the trace; without it the program's.")] = None,
    given: InputOption = None,
    tool: Annotated[str, typer.Option("--with", help="What records: qemu, or the far slower valgrind.")] = "qemu",
    how: FormatOption = Format.table,
) -> None:
    """Record the instructions of an x86-64 Linux program: it runs under an emulator, without --skip twice."""
    from codesign.workloads.instructions.capture.record import DEFAULT_WINDOW, DEFAULT_WINDOWS
    from codesign.workloads.instructions.capture.record import record as recorded
    from codesign.workloads.instructions.npz import SUFFIX, write_instruction_trace
    from codesign.workloads.instructions.summary import summary

    if skip is not None and windows is not None:
        raise UserError("--skip records one window: it can't be combined with --windows")
    called = name or Path(command[0]).name
    file = out or Path(called + SUFFIX)
    check_output_file(file, "--out", (SUFFIX, SUFFIX))
    if given is not None and not given.is_file():
        raise UserError(f"--input: there is no file {given}")
    with _progress_bar(called) as watch:
        found = recorded(
            command,
            name=called,
            windows=DEFAULT_WINDOWS if windows is None else windows,
            window=DEFAULT_WINDOW if window is None else window,
            skip=skip,
            standard_input=given,
            tool=tool,
            watch=watch,
        )
    write_instruction_trace(found.trace, file)
    if found.exit_code:
        typer.echo(f"codesign: the program ended with exit code {found.exit_code}; its trace is kept", err=True)
    table = summary(found.trace)
    table.insert(1, "run_instructions", [found.instructions])
    table.insert(0, "file", [str(file)])
    show(table, how)


@app.command("show")
def show_trace(
    trace: Annotated[str, typer.Argument(help="A trace of the set, or a file.")],
    mix: Annotated[bool, typer.Option("--mix", help="Only the classes of instructions.")] = False,
    branches: Annotated[bool, typer.Option("--branches", help="Only the kinds of branches.")] = False,
    how: FormatOption = Format.table,
) -> None:
    """Show what a trace consists of; in csv and json the summary, or what --mix or --branches names."""
    from codesign.workloads.instructions.catalogue import instruction_trace
    from codesign.workloads.instructions.summary import branch_counts, operation_counts, summary

    if mix and branches:
        raise UserError("--mix and --branches exclude each other")
    found = instruction_trace(trace)
    if mix:
        show(operation_counts(found), how)
    elif branches:
        show(branch_counts(found), how)
    else:
        show(summary(found), how)
        if how is Format.table:
            show(operation_counts(found), how)
            show(branch_counts(found), how)


@app.command("list")
def list_traces(how: FormatOption = Format.table) -> None:
    """List the traces that come with codesign."""
    import pandas as pd

    from codesign.workloads.instructions.catalogue import recorded_programs

    columns = ["name", "family", "instructions", "static_instructions", "run_instructions", "description"]
    show(pd.DataFrame([vars(one) for one in recorded_programs().values()])[columns], how)


@contextmanager
def _progress_bar(name: str) -> Iterator[Watcher | None]:
    """Show a bar on a terminal; nothing where the output is a file or a pipe."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=16),
        TextColumn("{task.completed:,.0f} instructions"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(name, total=None)

        def watch(progress: RecordingProgress) -> None:
            told = f"{name}: {progress.doing}"
            bar.update(task, description=told, completed=progress.executed, total=progress.total)

        yield watch
