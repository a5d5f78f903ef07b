"""Reads the statistics file that gem5 writes at the end of a simulation (``stats.txt``)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from codesign.errors import WorkloadError, nearest

BEGIN = "---------- Begin Simulation Statistics ----------"
END = "---------- End Simulation Statistics   ----------"
_SCALAR = re.compile(r"^(\S+)[ \t]+([-+]?(?:\d[\d.]*(?:[eE][-+]?\d+)?|nan|inf))(?=[ \t\r\n]|\Z)", re.MULTILINE)


def read_dumps(text: str, origin: str) -> list[dict[str, float]]:
    """Return the statistics of each dump of a file: name -> value, in the order of the file.

    A line holds a name, a value, perhaps shares, and after ``#`` a description; of these the first value is taken.
    A histogram on one line (``name | ...``) has no single value and is left out; its moments have lines of their own.

    Args:
        text: of the file.
        origin: its name, for messages.

    Raises:
        WorkloadError: there is no dump, or the last one was cut short.
    """
    starts = [match.end() for match in re.finditer(re.escape(BEGIN), text)]
    ends = [match.start() for match in re.finditer(re.escape(END), text)]
    if not starts:
        raise WorkloadError(f"{origin}: no gem5 statistics: no line {BEGIN!r}")
    if len(ends) != len(starts) or any(end < start for start, end in zip(starts, ends, strict=True)):
        raise WorkloadError(
            f"{origin}: cut short: {len(starts)} dumps of gem5 statistics begin, {len(ends)} end with {END!r}"
        )
    return [
        {match[1]: float(match[2]) for match in _SCALAR.finditer(text, start, end)}
        for start, end in zip(starts, ends, strict=True)
    ]


def per_core(
    statistics: Mapping[str, float], core: str, cores: int, names: Sequence[str], origin: str
) -> list[dict[str, float]]:
    """Return the named statistics of each core.

    Args:
        statistics: name -> value of one dump.
        core: path of a core without its number (``system.cpu``).
        cores: how many there are; they are numbered from 0.
        names: what is wanted of each, below its path.
        origin: of the statistics, for messages.

    Raises:
        WorkloadError: a statistic is missing.
    """
    rows = []
    for number in range(cores):
        paths = {name: f"{core}{number}.{name}" for name in names}
        missing = [path for path in paths.values() if path not in statistics]
        if missing:
            raise WorkloadError(f"{origin}: no statistic {missing[0]!r}{nearest(missing[0], statistics)}")
        rows.append({name: statistics[path] for name, path in paths.items()})
    return rows
