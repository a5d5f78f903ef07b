"""The command ``codesign``: parses, calls the library, prints. Names, options, JSON keys, exit codes are a contract."""

from __future__ import annotations

import os
import sys
import traceback
from importlib.metadata import version
from typing import Annotated

import typer

from codesign.cli import (
    checks,
    cpu,
    data,
    dram,
    evaluate,
    frontiers,
    models,
    pack,
    plan,
    schedule,
    spaces,
    sweep,
    synth,
    trace,
)
from codesign.errors import CodesignError

app = typer.Typer(
    name="codesign",
    help="Explore hardware-software design spaces: YAML in, Pareto frontiers out.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("sweep")(sweep.sweep)
app.add_typer(spaces.app, name="spaces")
app.add_typer(models.app, name="models")
app.command("evaluate")(evaluate.evaluate)
app.command("frontier")(frontiers.frontier)
app.command("compare")(frontiers.compare)
app.command("confirm")(frontiers.confirm)
app.command("pack")(pack.pack)
app.command("plan")(plan.plan)
app.command("schedule")(schedule.schedule)
app.command("synth")(synth.synth)
app.add_typer(data.app, name="data")
app.add_typer(dram.app, name="dram")
app.add_typer(cpu.app, name="cpu")
app.add_typer(trace.app, name="trace")
app.command("reproduce")(checks.reproduce)
app.command("validate")(checks.validate)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"codesign {version('codesign')}")
        raise typer.Exit


@app.callback()
def _options(
    _version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    """Take the options before the command."""


def main() -> None:
    """Run the command line; errors that codesign raises on purpose are one line and an exit code."""
    try:
        app()
    except CodesignError as error:
        typer.echo(f"codesign: {error}", err=True)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        typer.echo("codesign: interrupted", err=True)
        sys.exit(130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except Exception as error:  # noqa: BLE001 - the last line of defence: a defect of ours is one line too
        typer.echo(f"codesign: internal error, please report: {type(error).__name__}: {error}", err=True)
        if os.environ.get("CODESIGN_DEBUG"):
            traceback.print_exc()
        else:
            typer.echo("codesign: set CODESIGN_DEBUG=1 to see where", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
