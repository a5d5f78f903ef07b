"""Constants of the estimates, each with unit, kind and source in ``data/constants.csv``."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from functools import cache
from importlib.resources import files


def data_rows(file: str) -> Iterator[dict[str, str]]:
    """Yield the rows of one of this package's data files."""
    with files("codesign.models.cpu.silicon").joinpath("data", file).open(encoding="utf-8") as stream:
        yield from csv.DictReader(stream)


@cache
def _constants() -> dict[str, float]:
    return {row["name"]: float(row["value"]) for row in data_rows("constants.csv")}


def constant(name: str) -> float:
    """Return the constant of that name."""
    return _constants()[name]


def bits(name: str) -> int:
    """Return a constant that counts bits."""
    return int(constant(name))
