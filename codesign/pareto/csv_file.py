"""Frontier tables as CSV: one text for one table, and back without loss."""

from __future__ import annotations

import csv
import io
import os
import re
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from codesign.errors import StorageError
from codesign.pareto.errors import FrontierError

_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,17})\Z")
_BOOLEAN = {"True": True, "False": False}


def csv_text(table: pd.DataFrame) -> str:
    """Return ``table`` as CSV: header, no index, commas, ``\\n``, missing values empty, UTF-8.

    Floats are the shortest decimal that reads back as the same double. Texts must not hold a carriage return.
    """
    return str(table.to_csv(index=False, lineterminator="\n"))


def read_csv(path: Path) -> pd.DataFrame:
    """Return the table behind a CSV file so that ``csv_text`` of it is the same text again.

    A column is whole numbers, floats or booleans when each of its texts is what Python would write for that value, and
    text otherwise; empty fields are missing values.

    Raises FrontierError when the file can't be read or its rows have different lengths.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise FrontierError(f"{path} can't be read: {error}") from error
    rows = list(csv.reader(io.StringIO(text, newline="")))
    if not rows:
        raise FrontierError(f"{path} is empty: not even a header")
    header = rows[0]
    body = [row if row else [""] for row in rows[1:]]
    for number, row in enumerate(body, start=2):
        if len(row) != len(header):
            raise FrontierError(f"{path}: row {number} has {len(row)} fields, the header {len(header)}")
    for name in header:
        if header.count(name) > 1:
            raise FrontierError(f"{path}: the column {name!r} appears twice")
    return pd.DataFrame({name: _typed([row[i] for row in body]) for i, name in enumerate(header)})


def write_atomically(path: Path, data: bytes) -> None:
    """Write ``data`` to ``path`` so that a reader sees the old file or the new one, never a part.

    Raises StorageError when the folder can't be written to.
    """
    temporary = ""
    try:
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except OSError as error:
        if temporary and os.path.exists(temporary):
            os.unlink(temporary)
        raise StorageError(f"{path} can't be written: {error.strerror or error}") from error


def _typed(texts: list[str]) -> Any:
    given = [text for text in texts if text != ""]
    whole = len(given) == len(texts)
    if given and all(_INTEGER.match(text) and text != "-0" for text in given):
        if whole:
            return np.array(texts, dtype=np.int64)
        return pd.array([int(text) if text else pd.NA for text in texts], dtype="Int64")
    if given and all(text in _BOOLEAN for text in given):
        values = [_BOOLEAN.get(text, pd.NA) for text in texts]
        return np.array(values, dtype=bool) if whole else pd.array(values, dtype="boolean")
    if given and all(_is_float(text) for text in given):
        return np.array([float(text) if text else np.nan for text in texts])
    if not given:
        return np.full(len(texts), np.nan)
    return pd.Series([text if text else None for text in texts], dtype="str")


def _is_float(text: str) -> bool:
    parse: Callable[[str], float] = float
    try:
        return repr(parse(text)) == text and text != "nan"
    except ValueError:
        return False
