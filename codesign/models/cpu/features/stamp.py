"""What the compiled loops of this package are made of."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from codesign.models.compiled import source_stamp
from codesign.models.cpu import machine


@cache
def loops_stamp() -> int:
    """Return a number that changes with any source of this package and of the simulator's machine.

    A loop that refers to it isn't taken from the disk after one of the functions that it calls was edited.
    """
    return source_stamp(Path(__file__).parent) ^ source_stamp(Path(machine.__file__).parent)
