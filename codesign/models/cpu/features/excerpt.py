"""Some intervals of a program, cut out behind one another: what the recurrence runs instead of the whole."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from codesign.models.cpu.features.cache_walk import LONG_AGO
from codesign.models.cpu.features.memory_view import SLOTS
from codesign.models.cpu.features.state import Integers, Program, Views

LEAD = 500
"""Instructions before each interval that are run to fill buffers, but not counted."""


@dataclass(frozen=True)
class Excerpt:
    """Intervals of a program as a program of their own.

    Caches and predictors are those of the whole program; what was in flight when an interval's lead begins is taken to
    have arrived.

    Attributes:
        program: the instructions of all intervals with their leads.
        instructions: positions of these in the whole, behind its warm-up, shape (instructions,).
        operands: positions of their operands in the whole, behind its warm-up, shape (operands,).
        marks: numbers of instructions after which an interval begins to count and ends, shape (2 intervals,).
    """

    program: Program
    instructions: Integers
    operands: Integers
    marks: Integers
    _places: npt.NDArray[np.int32]
    _segments: npt.NDArray[np.int32]

    def views(self, whole: Views) -> Views:
        """Return what views of the whole program say of the intervals."""
        return Views(
            wrong=whole.wrong[self.instructions],
            fetches=whole.fetches[self.instructions],
            code_walks=whole.code_walks[self.instructions],
            origins=self._fetchers(whole.origins[self.operands], SLOTS),
            levels=whole.levels[self.operands],
            ahead=whole.ahead[self.operands],
            below=self._fetchers(whole.below[self.operands], SLOTS),
            page_origins=self._fetchers(whole.page_origins[self.operands], 1),
            walks=whole.walks[self.operands],
        )

    def _fetchers(self, origins: npt.NDArray[np.int32], slots: int) -> npt.NDArray[np.int32]:
        """Renumber operands that fetched something; those outside of the operand's own interval are long ago."""
        known = origins >= 0
        fetcher = self._places[np.where(known, origins // slots, 0)]
        own = self._segments.reshape(-1, *(1,) * (origins.ndim - 1))
        near = known & (fetcher >= 0) & (self._segments[fetcher] == own)
        found: npt.NDArray[np.int32] = np.where(near, fetcher * slots + origins % slots, LONG_AGO).astype(np.int32)
        return found


def excerpt(program: Program, begins: Integers, length: int) -> Excerpt:
    """Return the intervals of ``length`` instructions that begin at ``begins``, each behind its lead.

    Args:
        program: the whole.
        begins: ascending, counted from the end of the warm-up; intervals don't overlap.
        length: instructions of an interval.
    """
    leads = np.minimum(LEAD, np.diff(begins, prepend=-length) - length)
    counts = leads + length
    instructions = ranges(begins - leads, counts) + program.warmup
    first = np.where(instructions > 0, program.ends[instructions - 1], 0)
    owned = program.ends[instructions] - first
    operands = ranges(first, owned)
    segments = np.repeat(np.repeat(np.arange(len(begins)), counts), owned).astype(np.int32)
    places = np.full(len(program.addresses), -1, dtype=np.int32)
    places[operands] = np.arange(len(operands), dtype=np.int32)
    marks = np.cumsum(np.stack((leads, np.full_like(leads, length)), axis=1).ravel())
    cut = program._replace(
        which=program.which[instructions],
        taken=program.taken[instructions],
        ends=np.cumsum(owned),
        addresses=program.addresses[operands],
        written=program.written[operands],
        forwarders=_forwarders(program, operands, segments),
        warmup=0,
        start=0,
        stores=0,
    )
    return Excerpt(
        cut, instructions - program.warmup, operands - program.start, marks, places[program.start :], segments
    )


def ranges(begins: Integers, counts: Integers) -> Integers:
    """Return begin, begin + 1, ... of each range, one after another."""
    jumps = np.repeat(begins - np.concatenate(([0], np.cumsum(counts)[:-1])), counts)
    found: Integers = jumps + np.arange(int(counts.sum()))
    return found


def _forwarders(program: Program, operands: Integers, segments: npt.NDArray[np.int32]) -> Integers:
    """Renumber the stores that loads get their data from; those outside of the load's own interval are none."""
    written = program.written[operands]
    place_of_store = np.flatnonzero(program.written)
    number = np.full(len(program.addresses), -1, dtype=np.int64)
    number[operands[written]] = np.arange(int(written.sum()))
    segment = np.full(len(program.addresses), -1, dtype=np.int32)
    segment[operands] = segments
    wanted = program.forwarders[operands]
    source = place_of_store[np.maximum(wanted, 0)] if len(place_of_store) else np.zeros_like(wanted)
    near = (wanted >= 0) & (segment[source] == segments)
    found: Integers = np.where(near, number[source], -1)
    return found
