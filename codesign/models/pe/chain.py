"""What units cost in company: factors on the logic of an element whose path runs through several units.

A unit synthesised alone has a clock period to itself, or without a target all the speed that sizing can give. In an
element that chains several units, those on its longest path share the period, and those beside it have slack. Against
synthesis of whole elements the areas of lone units are off by a factor on the path and another beside it, which depend
on the library: 1.0 would be a plain sum.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from codesign.technology.units import Unit

FILE = "chain_factors.csv"


@dataclass(frozen=True, slots=True)
class ChainFactors:
    """Factors on the area of logic in company over that of logic alone; registers have none.

    Attributes:
        on_path: of units on the longest path.
        off_path: of all others.
    """

    on_path: float
    off_path: float

    def of(self, unit: Unit, path: Sequence[Unit]) -> float:
        """Return the factor of a unit that isn't a register."""
        return self.on_path if unit in path else self.off_path


ALONE = ChainFactors(1.0, 1.0)


@cache
def chain_factors() -> Mapping[str, ChainFactors]:
    """Return library -> factors, as fitted to the elements of ``element_synthesis.csv``."""
    with files("codesign.models.pe").joinpath("data", FILE).open(encoding="utf-8") as stream:
        return MappingProxyType(
            {
                row["library"]: ChainFactors(float(row["on_path"]), float(row["off_path"]))
                for row in csv.DictReader(stream)
            }
        )


def chain_factors_of(library: str, path: Sequence[Unit]) -> ChainFactors:
    """Return the factors for an element with that path: none where the path is a single unit."""
    return chain_factors().get(library, ALONE) if len(path) > 1 else ALONE
