"""``codesign models``: what models there are, what they read and give, how well they are known."""

from __future__ import annotations

from typing import Annotated

import typer

from codesign.cli.options import Format, FormatOption, show

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
    typer.echo(f"{model.name} {model.version}: {model.description}\n")
    show(parameters.drop(columns=["what", "known_error"]), how)
    typer.echo("")
    show(metrics.drop(columns=["what", "default"]).rename(columns={"values": "better"}), how)
    typer.echo("\nsources:")
    for source in model.sources:
        typer.echo(f"  {source}")


def _default(value: object, optional: bool) -> str:
    if value is not None:
        return str(value)
    return "none" if optional else "must be given"
