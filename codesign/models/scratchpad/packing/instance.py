"""A packing problem, checked and brought to its smallest whole numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from codesign.models.scratchpad.packing.errors import PackingError
from codesign.models.scratchpad.packing.sections import Ints, Sections, sections

LARGEST = 2**53


@dataclass(frozen=True)
class Instance:
    """Buffers of one memory; all of them have a size above 0.

    With a unit u that divides the alignment's multiples of all sizes, some packing, if there is one, has all offsets at
    multiples of u: buffers that are pushed down rest on each other or on the ground. So everything is counted in u.

    Attributes:
        size_bytes: (buffers).
        width: (buffers) length of the lifetime in the original time.
        sections: lifetimes counted in sections.
        unit_bytes: u.
        units: (buffers) size, rounded up to the alignment.
    """

    size_bytes: Ints
    width: Ints
    sections: Sections
    unit_bytes: int
    units: Ints

    def height_bytes(self, offset_units: Ints) -> int:
        """Return the largest offset + size."""
        return int((offset_units * self.unit_bytes + self.size_bytes).max(initial=0))

    def latest_units(self, capacity_bytes: int) -> Ints:
        """Return the largest offset at which each buffer ends within the capacity; negative where it never does."""
        return (capacity_bytes - self.size_bytes) // self.unit_bytes

    def load_bytes(self) -> Ints:
        """Return the least height that each section needs, shape (sections).

        The sizes of what is alive, rounded up to the alignment but for the buffer on top.
        """
        rounded = self.units * self.unit_bytes
        spare = rounded - self.size_bytes
        most_spare = np.zeros(self.sections.count, dtype=np.int64)
        for buffer in np.flatnonzero(spare):
            here = slice(self.sections.first[buffer], self.sections.end[buffer])
            most_spare[here] = np.maximum(most_spare[here], spare[buffer])
        return self.sections.sums(rounded) - most_spare

    def part(self, buffers: Ints) -> Instance:
        """Return the problem of some of the buffers."""
        first, end = self.sections.first[buffers], self.sections.end[buffers]
        inner = sections(first, end)
        return Instance(
            size_bytes=self.size_bytes[buffers],
            width=self.width[buffers],
            sections=Sections(inner.first, inner.end, self.sections.time[inner.time]),
            unit_bytes=self.unit_bytes,
            units=self.units[buffers],
        )


def instance(lower: Ints, upper: Ints, size: Ints, alignment: int) -> Instance:
    """Return the problem of checked arrays without sizes of 0 (see ``checked``)."""
    rounded = -(-size // alignment) * alignment
    unit = int(np.gcd.reduce(rounded)) if len(size) else 1
    return Instance(size, upper - lower, sections(lower, upper), unit, rounded // unit)


def checked(lower: npt.ArrayLike, upper: npt.ArrayLike, size: npt.ArrayLike) -> tuple[Ints, Ints, Ints]:
    """Return lifetimes and sizes as arrays of int64, one dimension, equal lengths.

    Raises PackingError for other shapes, numbers that aren't whole or beyond ±2**53, negative sizes, sizes that add up
    beyond 2**53, and lifetimes that don't end after they start.
    """
    arrays = [_whole(name, values) for name, values in (("lower", lower), ("upper", upper), ("size", size))]
    lengths = [len(each) for each in arrays]
    if len(set(lengths)) > 1:
        raise PackingError(f"lower, upper and size must be equally long; found the lengths {lengths}")
    lowers, uppers, sizes = arrays
    for buffer in np.flatnonzero(uppers <= lowers)[:1]:
        raise PackingError(
            f"buffer {buffer}: upper must be greater than lower; found lower {lowers[buffer]}, upper {uppers[buffer]}"
        )
    for buffer in np.flatnonzero(sizes < 0)[:1]:
        raise PackingError(f"buffer {buffer}: size must be 0 or more; found {sizes[buffer]}")
    if sizes.astype(np.float64).sum() > LARGEST:
        raise PackingError("the sizes add up to more than 2**53")
    return lowers, uppers, sizes


def checked_number(name: str, value: int, least: int) -> int:
    """Return a whole number from ``least`` to 2**53; raise PackingError for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or not least <= value <= LARGEST:
        raise PackingError(f"{name} must be a whole number from {least} to 2**53; found {value!r}")
    return int(value)


def max_load(lower: npt.ArrayLike, upper: npt.ArrayLike, size: npt.ArrayLike) -> tuple[int, int]:
    """Return (load, time): the largest sum of the sizes alive at one time, and the first time at which it is reached.

    No capacity below the load can hold the buffers. (0, 0) without buffers.
    """
    lowers, uppers, sizes = checked(lower, upper, size)
    if not len(sizes):
        return 0, 0
    found = sections(lowers, uppers)
    loads = found.sums(sizes)
    fullest = int(np.argmax(loads))
    return int(loads[fullest]), int(found.time[fullest])


def _whole(name: str, values: npt.ArrayLike) -> Ints:
    array = np.asarray(values)
    if array.ndim != 1:
        raise PackingError(f"{name} must have one dimension; found the shape {array.shape}")
    if not array.size:
        return np.zeros(0, dtype=np.int64)
    if array.dtype.kind not in "iu":
        raise PackingError(f"{name} must be whole numbers; found values of the type {array.dtype}")
    if int(array.max()) > LARGEST or int(array.min()) < -LARGEST:
        raise PackingError(f"{name} must lie within ±2**53; found {array.min()} to {array.max()}")
    return array.astype(np.int64)
