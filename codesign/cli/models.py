"""``codesign models``: what models there are, what they read and give, how well they are known."""

from __future__ import annotations

import shutil
import textwrap
from typing import Annotated

import typer

from codesign.cli.options import Format, FormatOption, show

MUST = "must be given"

app = typer.Typer(help="List models, or show one.", invoke_without_command=True, rich_markup_mode=None)


@app.callback()
def list_models(context: typer.Context, how: FormatOption = Format.table) -> None:
    """List the models, or show one (codesign models show NAME)."""
    if context.invoked_subcommand is not None:
        return
    import pandas as pd

    from codesign.models.registry import get_model, names

    models = [get_model(name) for name in names()]
    show(
        pd.DataFrame(
            {
                "model": [model.name for model in models],
                "version": [model.version for model in models],
                "description": [model.description for model in models],
            }
        ),
        how,
    )


@app.command("show")
def show_model(
    name: Annotated[str, typer.Argument(help="A name from codesign models.")], how: FormatOption = Format.table
) -> None:
    """Show a model: parameters, metrics with units and known errors, sources."""
    import pandas as pd

    from codesign.models.registry import get_model

    model = get_model(name)
    parameters = pd.DataFrame(
        [
            ("parameter", p.name, p.unit, p.domain.describe(), _default(p.default, p.optional), p.description, "")
            for p in model.parameters.values()
        ],
        columns=["what", "name", "unit", "values", "default", "description", "known_error"],
    )
    metrics = pd.DataFrame(
        [("metric", m.name, m.unit, m.direction, "", m.description, m.known_error) for m in model.metrics.values()],
        columns=parameters.columns,
    )
    if how is not Format.table:
        show(pd.concat([parameters, metrics], ignore_index=True), how)
        return
    typer.echo(f"{model.name} {model.version}: {model.description}\n\nPARAMETERS")
    for parameter in model.parameters.values():
        unit = f" [{parameter.unit}]" if parameter.unit else ""
        default = _default(parameter.default, parameter.optional)
        default = default if default == MUST else f"default {default}"
        _paragraph(f"{parameter.name}{unit}: {parameter.domain.describe()}; {default}", parameter.description)
    typer.echo("\nMETRICS")
    for metric in model.metrics.values():
        known = f". Known error: {metric.known_error}" if metric.known_error else ""
        _paragraph(f"{metric.name} [{metric.unit}], {metric.direction}", metric.description + known)
    typer.echo("\nSOURCES")
    for source in model.sources:
        _paragraph(source, "")


def _paragraph(head: str, text: str) -> None:
    width = max(80, shutil.get_terminal_size(fallback=(120, 24)).columns)
    for words, indent in ((head, "  "), (text, "      ")):
        if words:
            wrapped = textwrap.wrap(words, width, initial_indent=indent, subsequent_indent=indent + "    ")
            typer.echo("\n".join(wrapped))


def _default(value: object, optional: bool) -> str:
    if value is not None:
        return f"{value:g}" if isinstance(value, float) else str(value)
    return "none" if optional else MUST
