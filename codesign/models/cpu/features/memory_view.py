"""What caches, TLBs and prefetchers of given sizes do with a sample, when time plays no part.

Least-recently-used sets, indexed as the simulator indexes them; accesses in program order, each with all the time that
it needs. What is found is which access fetched a line or a translation and from where; how long that takes is left to
the recurrence. Written lines that are driven out are not followed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
from numba import njit

from codesign.models.compiled import OPTIONS
from codesign.models.cpu.core import CoreSettings
from codesign.models.cpu.features.cache_walk import (
    FROM_UOP_CACHE,
    IN_DRAM,
    IN_L1,
    IN_L2,
    IN_LLC,
    LEVEL,
    LINE_BITS,
    LONG_AGO,
    MOST_SLOTS,
    ORIGIN,
    STRUCTURES,
    USED,
    WALKED,
    prefetch,
    read_code,
    read_data,
    translate_data,
)
from codesign.models.cpu.features.sample import Sample
from codesign.models.cpu.features.stamp import loops_stamp
from codesign.models.cpu.machine.layout import PREFETCHERS, STRIDE_ENTRIES

SLOTS = MOST_SLOTS
"""Numbers that one access gives to what it fetches: 0 its own line, then the lines ahead, at most 2 x 16."""
MEMORY_RATES = (
    "l1d",
    "l2",
    "llc",
    "later_l2",
    "later_llc",
    "ahead",
    "ahead_llc",
    "dtlb",
    "stlb",
    "blocks",
    "l1i",
    "l1i_l2",
    "uop_misses",
    "itlb",
)
"""Names of ``MemoryView.rates``."""


@dataclass(frozen=True)
class MemoryView:
    """What one set of caches does; operands are those of the counted instructions.

    Attributes:
        fetches: per instruction, where a new block of code came from (``IN_L1`` ... ``IN_DRAM``); ``NO_REQUEST`` where
            the block was asked for by the one before, ``FROM_UOP_CACHE`` where none is needed (int8).
        code_walks: per instruction, where the translation of such a block came from: 0, or as ``walks`` (int8).
        origins: per operand, who fetched its line: position of an operand times ``SLOTS``, plus 0 for its access or the
            number of its prefetch; ``LONG_AGO`` (int32).
        levels: per operand, where its line was fetched from (int8).
        ahead: levels from which an operand's access makes lines be fetched ahead, 0 where it doesn't: column 0 the
            second level's next line, 1 ... degree the prefetches into the first level, then the second level's next
            line behind each of them, shape (operands, 1 + 2 degree) (int8).
        below: who had made the second level fetch a line ahead that an operand's access (column 0) or prefetch took
            from there: position times ``SLOTS`` plus a column of ``ahead``; ``LONG_AGO``, shape (operands, 1 + degree)
            (int32).
        page_origins: per operand, the operand that fetched its translation; ``LONG_AGO`` (int32).
        walks: per operand, where its translation was fetched from: ``IN_STLB``, or ``WALKED`` + level (int8).
    """

    fetches: npt.NDArray[np.int8]
    code_walks: npt.NDArray[np.int8]
    origins: npt.NDArray[np.int32]
    levels: npt.NDArray[np.int8]
    ahead: npt.NDArray[np.int8]
    below: npt.NDArray[np.int32]
    page_origins: npt.NDArray[np.int32]
    walks: npt.NDArray[np.int8]

    @property
    def rates(self) -> dict[str, float]:
        """Events per counted instruction: demand misses by level, prefetched lines used, translations."""
        count = len(self.fetches)
        own = self.origins == np.arange(len(self.origins)) * SLOTS
        ahead = (self.origins >= 0) & ~own
        walked = self.page_origins == np.arange(len(self.origins))
        return {
            "l1d": float(own.sum() / count),
            "l2": float((own & (self.levels >= IN_LLC)).sum() / count),
            "llc": float((own & (self.levels >= IN_DRAM)).sum() / count),
            "later_l2": float((ahead & (self.levels >= IN_LLC)).sum() / count),
            "later_llc": float((ahead & (self.levels >= IN_DRAM)).sum() / count),
            "ahead": float((self.ahead > 0).sum() / count),
            "ahead_llc": float((self.ahead == IN_DRAM).sum() / count),
            "dtlb": float(walked.sum() / count),
            "stlb": float((walked & (self.walks >= WALKED)).sum() / count),
            "blocks": float((self.fetches >= IN_L1).sum() / count),
            "l1i": float((self.fetches > IN_L1).sum() / count),
            "l1i_l2": float((self.fetches > IN_L2).sum() / count),
            "uop_misses": float((self.fetches != FROM_UOP_CACHE).sum() / count),
            "itlb": float((self.code_walks > 0).sum() / count),
        }


def memory_view(part: Sample, core: CoreSettings) -> MemoryView:
    """Run caches, TLBs and prefetchers of a core over a sample."""
    sizes = np.array([(getattr(core, f"{name}_sets"), getattr(core, f"{name}_ways")) for name in STRUCTURES])
    entries = sizes.prod(axis=1)
    places = np.cumsum(entries) - entries
    held = np.full((4, int(entries.sum())), -1, dtype=np.int64)
    held[USED] = 0
    trace, count = part.encoded, part.instructions
    start = int(trace.ends[part.warmup - 1]) if part.warmup else 0
    operands = len(trace.addresses) - start
    view = MemoryView(
        fetches=np.zeros(count, dtype=np.int8),
        code_walks=np.zeros(count, dtype=np.int8),
        origins=np.zeros(operands, dtype=np.int32),
        levels=np.zeros(operands, dtype=np.int8),
        ahead=np.zeros((operands, 1 + 2 * core.prefetch_degree), dtype=np.int8),
        below=np.full((operands, 1 + core.prefetch_degree), LONG_AGO, dtype=np.int32),
        page_origins=np.zeros(operands, dtype=np.int32),
        walks=np.zeros(operands, dtype=np.int8),
    )
    kinds = PREFETCHERS.index(core.l1d_prefetcher), core.prefetch_degree, PREFETCHERS.index(core.l2_prefetcher)
    _loop()(
        np.concatenate((sizes, places[:, None]), axis=1), held, np.full((3, STRIDE_ENTRIES), -1, dtype=np.int64),
        np.array(kinds), np.array([1, -1]), trace.pcs, trace.which, trace.ends, trace.addresses, trace.written,
        part.warmup, start,
        view.fetches, view.code_walks, view.origins, view.levels, view.ahead, view.below, view.page_origins, view.walks,
    )  # fmt: skip
    return view


@cache
def _loop() -> Callable[..., int]:
    stamp = loops_stamp()

    @njit(nogil=True, cache=True, **OPTIONS)
    def run(sizes, held, strides, settings, state, pcs, which, ends, addresses, written, warmup, start, fetches, code_walks, origins, levels, ahead, below, page_origins, walks):  # type: ignore[no-untyped-def]  # fmt: skip  # noqa: E501
        first = 0
        for i in range(len(which)):
            pc, n = pcs[which[i]], i - warmup
            source, walked = read_code(sizes, held, state, settings[2], i, pc)
            if n >= 0:
                fetches[n], code_walks[n] = source, walked
            for k in range(first, ends[i]):
                state[0] += 1
                place, line = k - start, addresses[k] >> LINE_BITS
                if n >= 0 and not written[k]:
                    prefetch(sizes, held, strides, settings, ahead, below, place, pc, line, state[0])
                entry = read_data(sizes, held, settings[2], ahead, below, place, line, state[0])
                page = translate_data(sizes, held, place, addresses[k], state[0])
                if n >= 0:
                    origins[place] = max(held[ORIGIN, entry], LONG_AGO)
                    levels[place] = held[LEVEL, entry]
                    page_origins[place] = max(held[ORIGIN, page], LONG_AGO)
                    walks[place] = held[LEVEL, page]
            first = ends[i]
        return stamp

    return run  # type: ignore[no-any-return]
