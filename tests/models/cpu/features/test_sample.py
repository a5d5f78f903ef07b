"""A sample knows how many instructions count, and which store each load reads from."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesign.errors import ModelInputError
from codesign.models.cpu.features.sample import last_stores, sample

from .programs import independent, trace


@given(st.lists(st.tuples(st.integers(0, 4), st.booleans()), max_size=40))
def test_the_last_store_to_an_address_is_found(operands):
    addresses = np.array([address for address, _ in operands], dtype=np.int64)
    written = np.array([flag for _, flag in operands], dtype=bool)
    expected, last, number = [], {}, 0
    for address, flag in operands:
        expected.append(last.get(address, -1))
        if flag:
            last[address] = number
            number += 1
    assert last_stores(addresses, written).tolist() == expected


def test_a_sample_counts_what_follows_the_warm_up():
    part = sample(trace(independent(80)), 16)
    assert (part.warmup, part.instructions, len(part.trace)) == (16, 64, 80)


@pytest.mark.parametrize("warmup", [-1, 80, 81])
def test_something_has_to_count(warmup):
    with pytest.raises(ModelInputError, match=f"'tiny' has 80 instructions: a warm-up of {warmup} leaves none"):
        sample(trace(independent(80)), warmup)
