"""Memory traces to files."""

from __future__ import annotations

import gzip
import os
from collections.abc import Iterable, Iterator
from itertools import chain

import numpy as np

from codesign.errors import StorageError, UnknownNameError, WorkloadError, nearest
from codesign.workloads.memory.formats import FORMATS, TraceFormat
from codesign.workloads.memory.trace import MemoryTrace

_REQUESTS = 1 << 16


def write_trace(
    trace: MemoryTrace | Iterable[MemoryTrace], path: str | os.PathLike[str], form: str = "dramsys"
) -> None:
    """Write a trace; compressed where ``path`` ends in ``.gz``, the same bytes every time.

    No format holds the clock: it has to be given again when the file is read. ``load-store`` and ``read-write`` hold no
    times either and take only traces with one request in each cycle, from cycle 0 on.

    Args:
        trace: to be written, whole or in parts one after another (written as they come).
        path: of the file.
        form: one of ``formats.FORMATS``.

    Raises:
        UnknownNameError: there is no such format.
        WorkloadError: the format can't hold the trace's times; of a trace in parts, those before are written by then.
        StorageError: the file can't be written.
    """
    if form not in FORMATS:
        raise UnknownNameError(f"unknown trace format {form!r}{nearest(form, FORMATS)}; known: {', '.join(FORMATS)}")
    chosen = FORMATS[form]
    if isinstance(trace, MemoryTrace):
        if not chosen.timed:
            _require_one_each_cycle(trace, 0, form)
        trace = [trace]
    parts = iter(trace)
    first = next(parts, None)
    if first is None:
        raise WorkloadError("a trace without parts has no request")
    texts = _texts(chain([first], parts), chosen, form)
    try:
        with open(path, "wb") as file:
            if os.fspath(path).endswith(".gz"):
                with gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=0) as packed:
                    packed.writelines(texts)
            else:
                file.writelines(texts)
    except OSError as error:
        raise StorageError(f"{path}: can't be written: {error.strerror or error}") from error


def _require_one_each_cycle(trace: MemoryTrace, first: int, form: str) -> None:
    """Raise unless requests ``first``, ``first`` + 1, ... are at the cycles of these numbers."""
    others = np.flatnonzero(trace.cycle != np.arange(first, first + len(trace)))
    if others.size:
        at = int(others[0])
        raise WorkloadError(
            f"trace {trace.name!r}: the format {form} holds no times, request i is sent in cycle i; request"
            f" {first + at} is at cycle {trace.cycle[at]}. Write it as dramsys or dramsim3"
        )


def _texts(parts: Iterable[MemoryTrace], chosen: TraceFormat, form: str) -> Iterator[bytes]:
    line = chosen.line.format
    written = 0
    for part in parts:
        if not chosen.timed:
            _require_one_each_cycle(part, written, form)
        for piece in part.parts(_REQUESTS):
            requests = zip(piece.cycle.tolist(), piece.address.tolist(), piece.write.tolist(), strict=True)
            yield "".join(line(cycle=c, address=a, direction=chosen.directions[w]) for c, a, w in requests).encode()
        written += len(part)
