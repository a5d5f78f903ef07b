"""One channel's share of a trace whose neighbouring blocks of addresses lie in different channels."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from codesign.errors import WorkloadError
from codesign.workloads.memory.trace import MemoryTrace


def channel_share(
    parts: MemoryTrace | Iterable[MemoryTrace], channel: int, channels: int, block_bytes: int
) -> Iterator[MemoryTrace]:
    """Yield the requests of one channel, under its own addresses; parts without any are left out.

    Byte a is in channel floor(a / B) mod C, at address floor(a / (B C)) * B + a mod B of it, for blocks of B bytes and
    C channels. The times stay: each channel has a port of its own, so that C channels take up to C requests a clock.

    Args:
        parts: a trace, whole or in parts one after another.
        channel: which one, from 0.
        channels: how many there are.
        block_bytes: neighbouring bytes in one channel.

    Raises:
        WorkloadError: there is no such channel, or a block has no byte.
    """
    if channels < 1 or not 0 <= channel < channels:
        raise WorkloadError(f"channel {channel} of {channels}: it must be from 0 to {channels - 1}")
    if block_bytes < 1:
        raise WorkloadError(f"a block must have at least 1 byte, found {block_bytes}")
    for part in [parts] if isinstance(parts, MemoryTrace) else parts:
        block, within = np.divmod(part.address, block_bytes)
        own = np.flatnonzero(block % channels == channel)
        if own.size:
            address = block[own] // channels * block_bytes + within[own]
            yield MemoryTrace(part.name, part.clock_mhz, part.cycle[own], address, part.write[own])
