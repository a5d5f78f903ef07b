"""A table as text: for people, as CSV, or as JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from codesign.errors import UnknownNameError, nearest
from codesign.pareto.csv_file import csv_text
from codesign.report.labels import significant

FORMATS = ("table", "csv", "json")
WIDTH = 120
_LEAST_TEXT = 16
_DIGITS = 6


def format_table(table: pd.DataFrame, how: str = "table", width: int = WIDTH) -> str:
    """Return ``table`` as text that ends with a line break; the index isn't shown.

    Args:
        table: any table.
        how: ``table``: aligned columns, floats with 6 significant digits, lines of at most ``width`` characters (long
            texts are cut with "…", columns that don't fit follow in further blocks, a single row that doesn't fit is
            listed downwards). ``csv``: see ``codesign.pareto.csv_text``. ``json``: a list of objects, one per row, keys
            = column names; missing values and infinities are null, whole numbers stay whole.
        width: of ``table``.

    Raises UnknownNameError for another ``how``.
    """
    if how == "table":
        return _aligned(table, width)
    if how == "csv":
        return csv_text(table)
    if how == "json":
        return json.dumps(records(table), indent=2, ensure_ascii=False) + "\n"
    raise UnknownNameError(f"unknown table format {how!r}; allowed: {', '.join(FORMATS)}{nearest(how, FORMATS)}")


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return one dict of JSON types per row; missing values and infinities are None."""
    columns = [[_json_value(value) for value in table[name].astype(object)] for name in table.columns]
    names = [str(name) for name in table.columns]
    return (
        [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]
        if columns
        else [{} for _ in table.index]
    )


def _json_value(value: Any) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, list | tuple | dict):
        return value
    if value is None or pd.isna(value):
        return None
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if isinstance(value, bool | int | str) else str(value)


def _aligned(table: pd.DataFrame, width: int) -> str:
    names = [str(name) for name in table.columns]
    if not names:
        return "(no columns)\n"
    cells = [[cell_text(value) for value in table[name].astype(object)] for name in table.columns]
    numeric = [_is_numeric(table[name]) for name in table.columns]
    widths = [max(len(name), *map(len, column), 1) for name, column in zip(names, cells, strict=True)]
    if _total(widths) > width and len(table) == 1:
        return _downwards(names, [column[0] for column in cells], width)
    widths = _narrowed(widths, names, numeric, width)
    lines: list[str] = []
    for block in _blocks(widths, width):
        if lines:
            lines.append("")
        lines.append(_line([names[i] for i in block], [widths[i] for i in block], [numeric[i] for i in block]))
        lines.append("  ".join("-" * widths[i] for i in block))
        for row in range(len(table)):
            texts = [cells[i][row] for i in block]
            lines.append(_line(texts, [widths[i] for i in block], [numeric[i] for i in block]))
    return "\n".join(lines) + "\n"


def cell_text(value: Any) -> str:
    """Return one value as people read it, on one line: 6 significant digits, missing values empty."""
    if value is None or value is pd.NA or value is pd.NaT:
        return ""
    if isinstance(value, float | np.floating):
        number = float(value)
        if abs(number) < 1e15 and number == int(number):
            return str(int(number))
        text = significant(number, _DIGITS, grouped=False)
        return text.rstrip("0").rstrip(".") if "." in text and "e" not in text else text
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    return " ".join(str(value).split())


def _is_numeric(column: pd.Series[Any]) -> bool:
    return bool(pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column))


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + 2 * (len(widths) - 1)


def _narrowed(widths: list[int], names: list[str], numeric: list[bool], width: int) -> list[int]:
    """Take what is too much from the widest text columns, down to their header and 16 characters."""
    result = list(widths)
    least = [max(len(name), _LEAST_TEXT) for name in names]
    while _total(result) > width:
        able = [i for i in range(len(result)) if not numeric[i] and result[i] > least[i]]
        if not able:
            break
        widest = max(able, key=lambda i: result[i])
        result[widest] -= 1
    return [min(each, width) for each in result]


def _blocks(widths: list[int], width: int) -> list[list[int]]:
    blocks: list[list[int]] = [[]]
    for position in range(len(widths)):
        if blocks[-1] and _total([widths[i] for i in [*blocks[-1], position]]) > width:
            blocks.append([])
        blocks[-1].append(position)
    return blocks


def _line(texts: Sequence[str], widths: Sequence[int], numeric: Sequence[bool]) -> str:
    parts = []
    for text, width, right in zip(texts, widths, numeric, strict=True):
        cut = text if len(text) <= width else text[: width - 1] + "…"
        parts.append(cut.rjust(width) if right else cut.ljust(width))
    return "  ".join(parts).rstrip()


def _downwards(names: list[str], texts: list[str], width: int) -> str:
    longest = max(map(len, names))
    return "".join(
        _line([f"{name.ljust(longest)}  {text}"], [width], [False]) + "\n" for name, text in zip(names, texts)
    )
