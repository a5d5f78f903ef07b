"""Hits and misses of loops that fit a set, or don't."""

from dataclasses import replace

import numpy as np
import pytest

from codesign.models.cpu.core import CoreSettings
from codesign.models.cpu.features.cache_walk import FROM_UOP_CACHE, IN_DRAM, IN_L2, LONG_AGO
from codesign.models.cpu.features.memory_view import SLOTS, memory_view

from .programs import chain, independent, walk, whole

CORE = CoreSettings(l1d_sets=1, l1d_ways=4)
LINE = 64


def own(view):
    """Which operands fetched their line themselves."""
    return view.origins == np.arange(len(view.origins)) * SLOTS


@pytest.mark.parametrize("lines", [1, 3, 4])
def test_a_loop_over_as_many_lines_as_ways_misses_no_more(lines):
    steps = walk([LINE * k for k in range(lines)], 10)
    assert own(memory_view(whole(steps, warmup=2 * lines), CORE)).sum() == 0
    roomy = memory_view(whole(steps), replace(CORE, l1d_sets=64))
    assert roomy.rates["l1d"] == lines / len(steps)


def test_a_loop_over_one_line_more_than_ways_always_misses():
    view = memory_view(whole(walk([LINE * k for k in range(5)], 10)), CORE)
    assert own(view).all()
    assert view.levels[:5].tolist() == [IN_DRAM] * 5
    assert set(view.levels[5:]) == {IN_L2}


def test_lines_of_the_warm_up_were_fetched_long_ago():
    view = memory_view(whole(walk([0, LINE], 10), warmup=2), CORE)
    assert set(view.origins) == {LONG_AGO}
    assert view.rates["l1d"] == 0


def test_every_later_access_names_who_fetched_its_line():
    view = memory_view(whole(walk([0, LINE], 3)), CORE)
    assert (view.origins // SLOTS).tolist() == [0, 1, 0, 1, 0, 1]


def test_the_next_line_is_fetched_by_the_access_before():
    core = replace(CORE, l1d_sets=64, l1d_prefetcher="next_line")
    view = memory_view(whole(walk([LINE * k for k in range(20)])), core)
    assert own(view).tolist() == [True] + [False] * 19
    assert view.origins[1:].tolist() == [SLOTS * k + 1 for k in range(19)]


def test_a_stride_is_found_after_two_equal_steps():
    core = replace(CORE, l1d_sets=64, l1d_prefetcher="stride", prefetch_degree=2)
    view = memory_view(whole(walk([3 * LINE * k for k in range(10)])), core)
    assert own(view).tolist() == [True] * 3 + [False] * 7


def test_the_second_level_fetches_the_line_behind_a_miss():
    core = replace(CORE, l2_prefetcher="next_line")
    view = memory_view(whole(walk([0, LINE])), core)
    assert view.ahead[0, 0] == IN_DRAM
    assert (view.levels[1], view.below[1, 0]) == (IN_L2, 0)


def test_more_pages_than_the_tlb_holds_are_translated_again():
    core = replace(CORE, dtlb_sets=1, dtlb_ways=4)
    few, many = (memory_view(whole(walk([4096 * k for k in range(n)], 6)), core) for n in (4, 5))
    assert few.rates["dtlb"] * len(few.levels) == 4
    assert many.rates["dtlb"] == 1


def test_a_loop_comes_from_the_uop_cache():
    view = memory_view(whole(chain(800)), CoreSettings())
    assert np.count_nonzero(view.fetches != FROM_UOP_CACHE) == 8 // 4
    without = memory_view(whole(independent(800)), CoreSettings(uop_cache_sets=1, uop_cache_ways=1))
    assert np.count_nonzero(without.fetches != FROM_UOP_CACHE) > 100


@pytest.mark.parametrize("ways", [1, 2, 4, 8])
def test_more_ways_never_miss_more(ways):
    addresses = np.random.default_rng(0).integers(0, 40, 600) * LINE
    steps = walk(addresses.tolist())
    less, more = (memory_view(whole(steps), replace(CORE, l1d_ways=count)) for count in (ways, ways + 1))
    assert own(more).sum() <= own(less).sum()


def test_the_second_level_also_runs_ahead_of_prefetches():
    core = replace(CORE, l1d_sets=64, l1d_prefetcher="next_line", l2_prefetcher="next_line")
    view = memory_view(whole(walk([0, LINE, 2 * LINE])), core)
    assert view.ahead.tolist() == [[0, IN_DRAM, IN_DRAM], [0, IN_L2, IN_DRAM], [0, IN_L2, IN_DRAM]]
    assert view.below[1, 1] == 2
