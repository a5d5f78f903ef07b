"""Synthesis of every kind of unit over its sizes, or of every element, into the data files of the package.

    python -m benchmarks.synthesis_sweep units --library nangate45 --liberty FILE.lib --target-ps 1000
    python -m benchmarks.synthesis_sweep elements --library asap7 --liberty A.lib --liberty B.lib

Rows that the data file has with as many draws are not run again; each new one is written at once, so that a sweep may
be stopped and started.
"""

from __future__ import annotations

import argparse
import csv
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from benchmarks.synthesis_points import ELEMENT_COLUMNS, UNIT_COLUMNS, element_points, unit_points
from codesign.errors import CodesignError
from codesign.models.pe.element import Rtl
from codesign.models.pe.synthesis import Liberty, Synthesis, read_liberty, synthesise

PACKAGE = Path(__file__).resolve().parents[1] / "codesign"
FILES = {
    "units": PACKAGE / "technology" / "data" / "unit_synthesis.csv",
    "elements": PACKAGE / "models" / "pe" / "data" / "element_synthesis.csv",
}
RESULT_COLUMNS = (
    "target_ps",
    "area_um2",
    "cells",
    "sequential_area_um2",
    "delay_ps",
    "draws",
    "least_area_um2",
    "most_area_um2",
    "tool",
    "library_version",
    "year",
    "source",
)
YEAR = 2026
SOURCE = "codesign synthesis runs"


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=tuple(FILES))
    parser.add_argument("--library", required=True, help="the name that the liberty files must turn out to have")
    parser.add_argument("--liberty", required=True, action="append", type=Path)
    parser.add_argument("--target-ps", type=int)
    parser.add_argument("--draws", type=int, default=3)
    parser.add_argument("--only", nargs="*", default=(), help="kinds of units, or elements")
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    library = read_liberty(asked.liberty)
    if library.name != asked.library:
        parser.error(f"these liberty files are of {library.name}, not of {asked.library}")
    points = unit_points() if asked.what == "units" else element_points()
    names = ("kind", *UNIT_COLUMNS) if asked.what == "units" else ("element", *ELEMENT_COLUMNS)
    file = asked.out or FILES[asked.what]
    sweep(
        ((about, rtl) for about, rtl in points if not asked.only or about[names[0]] in asked.only),
        ("library", *names),
        file,
        library,
        asked.target_ps,
        asked.draws,
    )


def sweep(
    points: Iterator[tuple[Mapping[str, str], Rtl]],
    keys: tuple[str, ...],
    file: Path,
    library: Liberty,
    target_ps: int | None,
    draws: int,
) -> None:
    """Synthesise the points that ``file`` lacks, and append them to it; failures are printed and passed over."""
    keys = (*keys, "target_ps")
    columns = tuple(dict.fromkeys((*keys, *RESULT_COLUMNS)))
    rows = _read(file, keys)
    for about, rtl in points:
        row = {"library": library.name, **about, "target_ps": "" if target_ps is None else str(target_ps)}
        key = tuple(row[name] for name in keys)
        if key in rows and int(rows[key]["draws"]) >= draws:
            continue
        began = time.perf_counter()
        try:
            found = synthesise(rtl, library, target_ps, draws=draws)
        except CodesignError as error:
            print(f"{row}: {error}", flush=True)
            continue
        rows[key] = row | _result(found)
        _write(file, columns, rows.values())
        took_s = time.perf_counter() - began
        print(
            *row.values(),
            f"{found.area_um2:.2f} um2",
            found.delay_ps or found.delay_note,
            f"{took_s:.1f} s",
            flush=True,
        )


def _result(found: Synthesis) -> dict[str, str]:
    values: dict[str, object] = {
        "area_um2": round(found.area_um2, 5),
        "cells": found.cells,
        "sequential_area_um2": round(found.sequential_area_um2, 5),
        "delay_ps": "" if found.delay_ps is None else found.delay_ps,
        "draws": len(found.draw_areas_um2),
        "least_area_um2": round(found.draw_areas_um2[0], 5),
        "most_area_um2": round(found.draw_areas_um2[-1], 5),
        "tool": found.tool,
        "library_version": found.library_version,
        "year": YEAR,
        "source": SOURCE,
    }
    return {name: str(value) for name, value in values.items()}


def _read(file: Path, keys: tuple[str, ...]) -> dict[tuple[str, ...], dict[str, str]]:
    if not file.exists():
        return {}
    with file.open(encoding="utf-8", newline="") as stream:
        return {tuple(row[name] for name in keys): row for row in csv.DictReader(stream)}


def _write(file: Path, columns: tuple[str, ...], rows: Iterable[Mapping[str, str]]) -> None:
    """Put the rows in the place of the file at once, so that whoever reads it meanwhile finds all or none of them."""
    partial = file.with_suffix(".partial")
    with partial.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    partial.replace(file)


if __name__ == "__main__":
    main()
