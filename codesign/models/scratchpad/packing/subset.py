"""A few buffers that can't be packed by themselves: why a set of buffers doesn't fit."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from codesign.models.scratchpad.packing.errors import NotProvenError
from codesign.models.scratchpad.packing.instance import checked, checked_number, instance
from codesign.models.scratchpad.packing.sections import Ints
from codesign.models.scratchpad.packing.solve import checked_seconds, pack

PROOF_SHARE = 0.5
TRIAL_SHARE = 0.125


def infeasible_subset(
    lower: npt.ArrayLike,
    upper: npt.ArrayLike,
    size: npt.ArrayLike,
    capacity: int,
    *,
    alignment: int = 1,
    time_limit_s: float = 10.0,
    proven: bool = False,
) -> Ints:
    """Return increasing indices of buffers that can't be packed into ``capacity`` by themselves.

    Where a single buffer or the load of one moment is too large, the subset is irreducible: without any one of them,
    that moment's load is within the capacity. Otherwise buffers are left out, many at a time and then one by one, as
    long as the rest is proven infeasible; what can't be decided in an eighth of the time left stays in. So the subset
    is always infeasible, and irreducible when the time sufficed.

    Args:
        lower, upper, size, capacity, alignment: as ``pack``.
        time_limit_s: wall time in seconds; half of it may go into the first proof.
        proven: ``pack`` has said ``infeasible`` for these buffers. Then there is no first proof, and all buffers of
            size above 0 are the answer where the time doesn't suffice for fewer.

    Raises:
        NotProvenError: the buffers can be packed, or the time was over before this was decided; never if ``proven``.
        PackingError: as ``pack``.
    """
    started = time.monotonic()
    deadline = started + checked_seconds(time_limit_s)
    lowers, uppers, sizes = checked(lower, upper, size)
    capacity = checked_number("capacity", capacity, 0)
    alignment = checked_number("alignment", alignment, 1)
    real = np.flatnonzero(sizes)
    overloaded = _overload(lowers, uppers, sizes, capacity, alignment)
    if len(overloaded):
        return overloaded

    def infeasible(buffers: Ints, seconds: float) -> bool:
        where = lowers[buffers], uppers[buffers], sizes[buffers]
        return pack(*where, capacity, alignment=alignment, time_limit_s=max(1e-3, seconds)).status == "infeasible"

    if not proven and not infeasible(real, PROOF_SHARE * time_limit_s):
        raise NotProvenError(
            f"no proof in {PROOF_SHARE * time_limit_s:g} s that {len(real):,} buffers can't be packed into {capacity:,}"
        )
    kept = real[np.argsort(lowers[real], kind="stable")]
    chunk = len(kept) // 2
    while chunk:
        kept = _without_chunks(kept, chunk, infeasible, deadline)
        chunk //= 2
    return np.sort(kept)


def _without_chunks(kept: Ints, chunk: int, infeasible: Callable[[Ints, float], bool], deadline: float) -> Ints:
    """Leave out each run of ``chunk`` buffers without which the rest is still infeasible."""
    position = 0
    while position < len(kept) and time.monotonic() < deadline:
        fewer = np.delete(kept, slice(position, position + chunk))
        if len(fewer) and infeasible(fewer, TRIAL_SHARE * (deadline - time.monotonic())):
            kept = fewer
        else:
            position += chunk
    return kept


def _overload(lower: Ints, upper: Ints, size: Ints, capacity: int, alignment: int) -> Ints:
    """Return one buffer that is too large, or buffers of the first overloaded moment, none needless; empty without."""
    alone = np.flatnonzero(size > capacity)[:1]
    if len(alone):
        return alone
    real = np.flatnonzero(size)
    problem = instance(lower[real], upper[real], size[real], alignment)
    needed = problem.units * problem.unit_bytes
    spare = needed - problem.size_bytes
    for section in np.flatnonzero(problem.load_bytes() > capacity)[:1]:
        kept = np.flatnonzero((problem.sections.first <= section) & (section < problem.sections.end))
        for buffer in kept[np.lexsort([needed[kept]])]:
            fewer = kept[kept != buffer]
            if needed[fewer].sum() - spare[fewer].max(initial=0) > capacity:
                kept = fewer
        return real[kept]
    return np.zeros(0, dtype=np.int64)
