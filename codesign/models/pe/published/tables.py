"""Published tables, read from ``data/``."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from functools import cache
from importlib.resources import files


@cache
def table_rows(file: str) -> tuple[Mapping[str, str], ...]:
    """Return the rows of one of this package's data files."""
    with files("codesign.models.pe").joinpath("data", file).open(encoding="utf-8") as stream:
        return tuple(csv.DictReader(stream))
