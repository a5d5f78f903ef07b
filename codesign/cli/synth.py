"""``codesign synth``: a processing element or a unit as gates of a cell library."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from codesign.cli.options import Format, FormatOption, parse_setting, show
from codesign.errors import UnknownNameError, UserError, nearest

if TYPE_CHECKING:
    from codesign.models.pe.element import Configuration, ProcessingElement, Rtl
    from codesign.models.pe.synthesis import Synthesis

LibertyOption = Annotated[list[Path], typer.Option(help="A .lib or .lib.gz file of the cell library; may be repeated.")]
TargetOption = Annotated[int | None, typer.Option(help="Clock period to size cells for; without it, for speed.")]
DrawsOption = Annotated[int, typer.Option(help="Runs, 1, 3 or 5; the one of middle area is shown.")]


def synth(
    pe: Annotated[str, typer.Argument(help="A processing element, or a unit with its sizes: 'multiplier(8,4)'.")],
    liberty: LibertyOption,
    settings: Annotated[list[str] | None, typer.Option("--set", help="Of an element: weight_bits=4 and so on.")] = None,
    target_ps: TargetOption = None,
    draws: DrawsOption = 1,
    how: FormatOption = Format.table,
) -> None:
    """Synthesise the Verilog of a processing element or of a unit, and compare with the model's own price."""
    import pandas as pd

    from codesign.models.pe.synthesis import read_liberty, synthesise

    chosen = _unit(pe, settings or []) if "(" in pe else _element(pe, settings or [])
    found = synthesise(chosen.rtl, read_liberty(liberty), target_ps, draws=draws)
    row = chosen.about | _measured(found) | _modelled(chosen, found)
    table = pd.DataFrame([row])
    if how is Format.table:
        table = pd.DataFrame({"column": list(row), "value": [_text(value) for value in row.values()]})
    show(table, how)


@dataclass(frozen=True)
class _Chosen:
    """What to synthesise: names for the printed row, Verilog, and the model's (area_um2, path_ps) on a library."""

    about: dict[str, object]
    rtl: Rtl
    price: Callable[[str], tuple[float, float]]


_READ = ("weight_bits", "activation_bits", "accumulator_bits", "lut_group", "table_bits")
"""What of a configuration the Verilog of an element depends on."""


def _unit(text: str, settings: list[str]) -> _Chosen:
    """Return the unit that ``kind(size, ...)`` names."""
    from codesign.models.pe.synthesis import unit_rtl
    from codesign.technology.unit_costs import unit_cost
    from codesign.technology.units import KINDS, Unit

    match = re.fullmatch(r"\s*(\w+)\s*\(\s*(\d+(?:\s*,\s*\d+)*)\s*\)\s*", text)
    if match is None:
        raise UserError(f"a unit is written kind(size, ...), such as multiplier(8,4); found {text!r}")
    kind = match.group(1)
    if kind not in KINDS:
        raise UnknownNameError(f"unknown unit {kind!r}{nearest(kind, KINDS)}; known: {', '.join(KINDS)}")
    if settings:
        raise UserError(f"--set: a unit takes its sizes in brackets, found {settings[0]!r} with {text}")
    try:
        unit = Unit(kind, tuple(int(size) for size in match.group(2).split(",")))
    except ValueError as error:
        raise UserError(str(error)) from error

    def price(library: str) -> tuple[float, float]:
        cost = unit_cost(unit, library)
        return cost.area_um2, cost.delay_ps

    return _Chosen({"pe": str(unit)}, unit_rtl(unit), price)


def _element(name: str, settings: list[str]) -> _Chosen:
    """Return the processing element of that name, in its default configuration with the settings."""
    from codesign.models.pe.array.prices import structure_price
    from codesign.models.pe.elements import element

    named = element(name)
    configuration = _configuration(named, settings)
    rtl = named.rtl(configuration)
    if rtl is None:
        raise UserError(f"{name} has no Verilog in this configuration")

    def price(library: str) -> tuple[float, float]:
        found = structure_price(named.structure(configuration), library)
        return found.element.area_um2, found.path_ps

    return _Chosen({"pe": name} | {key: getattr(configuration, key) for key in _READ}, rtl, price)


def _configuration(named: ProcessingElement, settings: list[str]) -> Configuration:
    """Return the element's default configuration with the settings."""
    from codesign.models.pe.element import Configuration

    known = [field.name for field in fields(Configuration)]
    changed: dict[str, int] = {}
    for setting in settings:
        name, value = parse_setting(setting)
        if name not in known:
            raise UnknownNameError(f"--set: unknown name {name!r}{nearest(name, known)}; known: {', '.join(known)}")
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise UserError(f"--set {name}: must be a whole number, 0 or more, found {value!r}")
        changed[name] = value
    configuration = replace(named.default, **changed)
    refusal = named.refusal(configuration)
    if refusal:
        raise UserError(refusal)
    return configuration


def _measured(found: Synthesis) -> dict[str, object]:
    return {
        "library": found.library,
        "target_ps": found.target_ps,
        "area_um2": found.area_um2,
        "least_area_um2": found.draw_areas_um2[0],
        "most_area_um2": found.draw_areas_um2[-1],
        "cells": found.cells,
        "flip_flop_area_um2": found.sequential_area_um2,
        "delay_ps": found.delay_ps,
        "delay_note": found.delay_note,
        "tool": found.tool,
        "library_version": found.library_version,
    }


def _modelled(chosen: _Chosen, found: Synthesis) -> dict[str, object]:
    """Return the model's area and path, and how far the area is off; nothing on a library without prices."""
    from codesign.technology.unit_costs import libraries

    area_um2, path_ps = chosen.price(found.library) if found.library in libraries() else (math.nan, math.nan)
    return {
        "model_area_um2": area_um2,
        "model_area_error": area_um2 / found.area_um2 - 1.0 if found.area_um2 else math.nan,
        "model_path_ps": path_ps,
    }


def _text(value: object) -> str:
    if value is None or value == "" or (isinstance(value, float) and math.isnan(value)):
        return "none"
    return f"{value:,.5g}" if isinstance(value, float) else str(value)
