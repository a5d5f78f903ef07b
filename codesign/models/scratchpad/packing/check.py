"""Judge a packing: nothing of the packer is used here."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def check_packing(
    lower: npt.ArrayLike,
    upper: npt.ArrayLike,
    size: npt.ArrayLike,
    offsets: npt.ArrayLike,
    capacity: int,
    *,
    alignment: int = 1,
) -> list[str]:
    """Return what is wrong with the offsets, one sentence per fault; an empty list proves the packing.

    Two buffers collide when their lifetimes [lower, upper) and their addresses [offset, offset + size) both overlap;
    each pair is looked at. A buffer of size 0 collides with nothing.
    """
    lows, ups, sizes, starts = (np.asarray(each, dtype=np.int64) for each in (lower, upper, size, offsets))
    if not len(lows) == len(ups) == len(sizes) == len(starts):
        return [f"{len(starts)} offsets for {len(lows)} buffers ({len(ups)} ends, {len(sizes)} sizes)"]
    tops = starts + sizes
    faults = []
    for buffer in np.flatnonzero(starts < 0):
        faults.append(f"buffer {buffer} starts at {starts[buffer]}, below 0")
    for buffer in np.flatnonzero(tops > capacity):
        faults.append(f"buffer {buffer} ends at {tops[buffer]}, beyond the capacity {capacity}")
    for buffer in np.flatnonzero(starts % alignment):
        faults.append(f"buffer {buffer} starts at {starts[buffer]}, not a multiple of {alignment}")
    for one in range(len(lows) - 1):
        rest = slice(one + 1, None)
        in_time = (lows[one] < ups[rest]) & (lows[rest] < ups[one])
        in_space = (starts[one] < tops[rest]) & (starts[rest] < tops[one]) & (sizes[one] > 0) & (sizes[rest] > 0)
        for other in one + 1 + np.flatnonzero(in_time & in_space):
            times = f"[{max(lows[one], lows[other])}, {min(ups[one], ups[other])})"
            places = f"[{max(starts[one], starts[other])}, {min(tops[one], tops[other])})"
            faults.append(f"buffers {one} and {other} are both alive in {times} and both occupy {places}")
    return faults
