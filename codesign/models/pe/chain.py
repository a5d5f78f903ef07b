"""What units cost in company: the factor on the logic of an element whose clock period several units share.

A unit synthesised alone has a clock period to itself, or without a target all the speed that sizing can give. In an
element that chains several units, synthesis spreads the period, or the sizing, over all of them. Against synthesis of
whole elements the sum of lone units is off by a factor that depends on the library: 1.0 would be a plain sum.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType

FILE = "chain_factors.csv"


@cache
def chain_factors() -> Mapping[str, float]:
    """Return library -> factor, as fitted to the elements of ``element_synthesis.csv``."""
    with files("codesign.models.pe").joinpath("data", FILE).open(encoding="utf-8") as stream:
        return MappingProxyType({row["library"]: float(row["value"]) for row in csv.DictReader(stream)})


def chain_factor(library: str, units_on_path: int) -> float:
    """Return the factor on the area of an element's logic: 1 where its path is one unit; registers have none."""
    return chain_factors().get(library, 1.0) if units_on_path > 1 else 1.0
