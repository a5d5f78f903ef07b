"""A memory trace: which bytes are read or written, and when the initiator wants to send each request."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from codesign.errors import WorkloadError

IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class MemoryTrace:
    """Requests in order.

    Attributes:
        name: of the trace.
        clock_mhz: of the initiator; ``cycle`` counts its cycles.
        cycle: when each request is to be sent at the earliest, not falling, >= 0.
        address: its first byte, >= 0.
        write: whether it writes.

    Raises:
        WorkloadError: no request, arrays of different lengths, times that fall, a negative time or address, or a clock
            that isn't above 0.
    """

    name: str
    clock_mhz: float
    cycle: IntArray
    address: IntArray
    write: BoolArray

    def __post_init__(self) -> None:
        for attribute, dtype in (("cycle", np.int64), ("address", np.int64), ("write", np.bool_)):
            object.__setattr__(self, attribute, np.ascontiguousarray(getattr(self, attribute), dtype=dtype))
        count = len(self.cycle)
        if not count:
            raise WorkloadError(f"trace {self.name!r} has no request")
        if len(self.address) != count or len(self.write) != count:
            raise WorkloadError(
                f"trace {self.name!r}: {count} times, {len(self.address)} addresses, {len(self.write)} directions"
            )
        if not self.clock_mhz > 0:
            raise WorkloadError(f"trace {self.name!r}: the clock must be above 0 MHz, found {self.clock_mhz}")
        falls = np.flatnonzero(np.diff(self.cycle) < 0)
        if falls.size:
            at = int(falls[0]) + 1
            raise WorkloadError(
                f"trace {self.name!r}: request {at + 1} is at cycle {self.cycle[at]}, after one at cycle"
                f" {self.cycle[at - 1]}; times must not fall"
            )
        if self.cycle[0] < 0 or self.address.min() < 0:
            raise WorkloadError(f"trace {self.name!r}: times and addresses must be at least 0")

    def __len__(self) -> int:
        return len(self.cycle)

    def parts(self, requests: int) -> Iterator[MemoryTrace]:
        """Yield the trace in pieces of at most so many requests."""
        for start in range(0, len(self), requests):
            some = slice(start, start + requests)
            yield MemoryTrace(self.name, self.clock_mhz, self.cycle[some], self.address[some], self.write[some])


def joined(parts: Sequence[MemoryTrace]) -> MemoryTrace:
    """Return parts of one trace as one, with the first one's name and clock."""
    if len(parts) == 1:
        return parts[0]
    cycle, address, write = (np.concatenate([getattr(p, a) for p in parts]) for a in ("cycle", "address", "write"))
    return MemoryTrace(parts[0].name, parts[0].clock_mhz, cycle, address, write)
