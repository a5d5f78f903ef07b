"""Entries of a buffer that are left in any order."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from codesign.models.cpu.features.heap import first_free, take_first_free


@given(st.integers(1, 9), st.lists(st.integers(0, 50), max_size=60))
def test_the_entry_that_is_free_first_is_taken(size, stays):
    times, place = np.zeros(64, dtype=np.int64), 5
    times[:place], times[place + size :] = -1, -1
    plain = [0] * size
    for stay in stays:
        free = first_free.py_func(times, place)
        assert free == min(plain)
        plain.remove(free)
        plain.append(free + stay)
        take_first_free.py_func(times, place, size, free + stay)
        assert sorted(times[place : place + size].tolist()) == sorted(plain)
    assert np.all(times[:place] == -1)
    assert np.all(times[place + size :] == -1)
