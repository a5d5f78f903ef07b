"""One channel's share of a trace."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesign.errors import WorkloadError
from codesign.workloads.memory.interleaving import channel_share
from codesign.workloads.memory.trace import MemoryTrace, joined


def trace_of(addresses, first_cycle=0):
    cycle = np.arange(first_cycle, first_cycle + len(addresses))
    return MemoryTrace("t", 800.0, cycle, np.array(addresses), np.array(addresses) % 3 == 0)


def test_neighbouring_blocks_lie_in_neighbouring_channels():
    (share,) = channel_share(trace_of([0, 64, 70, 128, 192, 257, 320]), 1, 2, 64)
    assert share.address.tolist() == [0, 6, 64, 128]
    assert share.cycle.tolist() == [1, 2, 4, 6]
    assert share.clock_mhz == 800.0
    (other,) = channel_share(trace_of([0, 64, 70, 128, 192, 257, 320]), 0, 2, 64)
    assert other.address.tolist() == [0, 64, 129]
    assert other.write.tolist() == [True, False, False]


@given(st.lists(st.integers(0, 5000), min_size=1, max_size=40), st.integers(1, 5), st.sampled_from([1, 32, 64, 100]))
def test_the_channels_have_every_byte_once(addresses, channels, block_bytes):
    """Address b of channel c is byte (b div B * C + c) * B + b mod B of the trace."""
    trace = trace_of(addresses)
    found = []
    for channel in range(channels):
        for share in channel_share(trace, channel, channels, block_bytes):
            for cycle, address in zip(share.cycle.tolist(), share.address.tolist(), strict=True):
                block, within = divmod(address, block_bytes)
                found.append((cycle, (block * channels + channel) * block_bytes + within))
    assert sorted(found) == list(enumerate(addresses))


def test_parts_are_taken_one_by_one():
    parts = [trace_of([0, 64]), trace_of([64, 192], 2), trace_of([0, 128], 4)]
    shares = list(channel_share(iter(parts), 0, 2, 64))
    assert [share.address.tolist() for share in shares] == [[0], [0, 64]]
    assert joined(shares).cycle.tolist() == [0, 4, 5]


@pytest.mark.parametrize(
    ("channel", "channels", "block", "message"),
    [
        (2, 2, 64, "channel 2 of 2: it must be from 0 to 1"),
        (-1, 2, 64, "channel -1 of 2"),
        (0, 0, 64, "channel 0 of 0"),
        (0, 2, 0, "a block must have at least 1 byte, found 0"),
    ],
)
def test_what_is_refused(channel, channels, block, message):
    with pytest.raises(WorkloadError, match=message):
        next(channel_share(trace_of([0]), channel, channels, block))
