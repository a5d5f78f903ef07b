"""Whole elements as synthesised, beside the sums of their units; and the chain factors that follow."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from importlib.resources import files

import numpy as np
from scipy.optimize import nnls

from codesign.models.pe.chain import ChainFactors
from codesign.models.pe.element import Configuration, Structure
from codesign.models.pe.elements import element
from codesign.technology.unit_costs import REGISTERS, unit_cost

FILE = "element_synthesis.csv"
FEWEST_ELEMENTS = 4


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


def summed_areas(structure: Structure, library: str) -> tuple[float, float, float]:
    """Return the areas of an element's (registers, logic on its path, other logic) in um2, each unit as if alone."""
    registers = on_path = off_path = 0.0
    for part in structure.element:
        area = part.count * unit_cost(part.unit, library).area_um2
        if part.unit.kind in REGISTERS:
            registers += area
        elif part.unit in structure.path:
            on_path += area
        else:
            off_path += area
    return registers, on_path, off_path


def fitted_chain_factors(rows: Iterable[SynthesisedElement]) -> ChainFactors | None:
    """Return the factors f, g >= 0 that minimise the sum of ((registers + f on + g off) / area - 1)^2.

    Elements whose path is one unit are left out; None without at least four others.
    """
    chained = [row for row in rows if len(row.structure.path) > 1]
    if len(chained) < FEWEST_ELEMENTS:
        return None
    shares = np.array([summed_areas(row.structure, row.library) for row in chained])
    shares /= np.array([row.area_um2 for row in chained])[:, None]
    on_path, off_path = nnls(shares[:, 1:], 1.0 - shares[:, 0])[0].tolist()
    return ChainFactors(on_path, off_path)
