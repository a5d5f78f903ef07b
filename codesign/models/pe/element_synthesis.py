"""Whole elements as synthesised, beside the sums of their units; and the chain factor that follows."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from importlib.resources import files

from codesign.models.pe.element import Configuration, Structure
from codesign.models.pe.elements import element
from codesign.technology.unit_costs import REGISTERS, unit_cost

FILE = "element_synthesis.csv"


@dataclass(frozen=True)
class SynthesisedElement:
    """One element in one configuration on one library.

    Attributes:
        library: name.
        element: name.
        configuration: widths.
        structure: of it.
        target_ps: clock period that synthesis aimed at; None: none.
        area_um2: of all cells.
        delay_ps: of the longest path between registers; NaN where it wasn't measured.
    """

    library: str
    element: str
    configuration: Configuration
    structure: Structure
    target_ps: int | None
    area_um2: float
    delay_ps: float

    def __str__(self) -> str:
        chosen = self.configuration
        text = f"W{chosen.weight_bits}A{chosen.activation_bits}"
        text += f" sum {chosen.accumulator_bits}" if chosen.accumulator_bits else ""
        own = element(self.element).default.lut_group
        return text + (f" group {chosen.lut_group}" if chosen.lut_group != own else "")


def synthesised_elements() -> Iterator[SynthesisedElement]:
    """Yield the rows of ``data/element_synthesis.csv``."""
    with files("codesign.models.pe").joinpath("data", FILE).open(encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            own = element(row["element"])
            tables = int(row["lut_group"])
            chosen = replace(
                own.default,
                weight_bits=int(row["weight_bits"]),
                activation_bits=int(row["activation_bits"]),
                accumulator_bits=int(row["accumulator_bits"]),
                group=own.default.group - own.default.group % tables,
                lut_group=tables,
                table_bits=int(row["table_bits"]),
            )
            yield SynthesisedElement(
                library=row["library"],
                element=row["element"],
                configuration=chosen,
                structure=own.structure(chosen),
                target_ps=int(row["target_ps"]) if row["target_ps"] else None,
                area_um2=float(row["area_um2"]),
                delay_ps=float(row["delay_ps"]) if row["delay_ps"] else math.nan,
            )


def summed_areas(structure: Structure, library: str) -> tuple[float, float]:
    """Return the areas of an element's (logic, registers) in um2, each unit as if alone."""
    logic = registers = 0.0
    for part in structure.element:
        area = part.count * unit_cost(part.unit, library).area_um2
        if part.unit.kind in REGISTERS:
            registers += area
        else:
            logic += area
    return logic, registers


def fitted_chain_factor(rows: Iterable[SynthesisedElement]) -> float:
    """Return the factor f that minimises the sum of ((f logic + registers) / area - 1)^2; NaN without rows.

    Elements whose path is one unit are left out.
    """
    above = below = 0.0
    for row in rows:
        if len(row.structure.path) > 1:
            logic, registers = summed_areas(row.structure, row.library)
            share = logic / row.area_um2
            above += share * (1.0 - registers / row.area_um2)
            below += share * share
    return above / below if below else math.nan
