"""Rates of every combination of caches, from some of them."""

from itertools import product

import numpy as np
import pandas as pd
import pytest

from codesign.errors import ModelInputError
from codesign.models.cpu.design import SPACE, drawn_cores
from codesign.models.cpu.predictor.anchors import anchors
from codesign.models.cpu.predictor.cache_rates import CACHES, SHAPE, cache_numbers, places_in_space, rates_everywhere

EVERYTHING = pd.DataFrame(list(product(*(SPACE[name] for name in CACHES))), columns=list(CACHES))
WALKED = cache_numbers(anchors())


def additive(cores):
    """Rates that are sums over settings and pairs of them; the degree counts with the prefetcher ``stride`` only."""
    l1d, l2, llc = (np.log2(cores[name].to_numpy(dtype=float)) for name in ("l1d_kib", "l2_kib", "llc_mib"))
    degree = np.where(cores["l1d_prefetcher"] == "stride", cores["prefetch_degree"], 0)
    ahead = cores["l2_prefetcher"].to_numpy() == "next_line"
    first = 20 - 2 * l1d + (1 + 0.2 * l1d) * (cores["l1d_prefetcher"].to_numpy() == "none") - 0.1 * degree
    second = 12 - l2 + 0.1 * l1d * ahead - 0.3 * llc * ahead + 0.02 * degree * l2
    return np.stack((first, second), axis=1)


def test_combinations_are_numbered_as_they_are_listed():
    assert cache_numbers(EVERYTHING).tolist() == list(range(int(np.prod(SHAPE))))


def test_walked_combinations_keep_their_rates_where_pairs_tell_them():
    """Within a hundredth of the spread: the ridge draws the weights a little towards 0."""
    truth = additive(EVERYTHING)
    found = rates_everywhere(WALKED, truth[WALKED])
    assert found.shape == truth.shape
    assert np.all(np.abs(found - truth)[WALKED] < 0.01 * np.ptp(truth, axis=0))


def test_combinations_that_were_not_walked_are_near():
    """Within a tenth of the spread: 128 combinations don't tell all pairs."""
    truth = additive(EVERYTHING)
    assert np.all(np.abs(rates_everywhere(WALKED, truth[WALKED]) - truth) < 0.1 * np.ptp(truth, axis=0))


def test_the_degree_counts_with_the_prefetcher_stride_only():
    draw = np.random.default_rng(0)
    found = rates_everywhere(WALKED, 100 + draw.random((len(WALKED), 3)))
    cores = drawn_cores(64).assign(l1d_prefetcher="none")
    one, four = (found[cache_numbers(cores.assign(prefetch_degree=degree))] for degree in (1, 4))
    assert one.tolist() == four.tolist()
    cores = cores.assign(l1d_prefetcher="stride")
    one, four = (found[cache_numbers(cores.assign(prefetch_degree=degree))] for degree in (1, 4))
    assert np.all(one != four)


def test_rates_are_never_below_zero():
    found = rates_everywhere(WALKED, np.random.default_rng(0).exponential(1, (len(WALKED), 2)) ** 4)
    assert found.min() == 0


def test_combinations_that_are_given_twice_count_once():
    truth = additive(EVERYTHING)
    once, twice = np.unique(WALKED), np.concatenate((WALKED, WALKED[:40]))
    assert rates_everywhere(twice, truth[twice]).tolist() == rates_everywhere(once, truth[once]).tolist()


def test_a_value_that_is_not_in_the_space_is_refused():
    cores = drawn_cores(3).set_index(pd.Index(["x", "y", "z"]))
    cores.loc["y", "l2_kib"] = 384
    with pytest.raises(ModelInputError, match="core y: l2_kib is 384; allowed: 256, 512, 1024"):
        cache_numbers(cores)
    with pytest.raises(ModelInputError, match="core x: branch_predictor is perceptron; allowed: bimodal, gshare"):
        places_in_space("branch_predictor", cores.assign(branch_predictor="perceptron"))


def test_categorical_columns_are_read_as_plain_ones():
    cores = drawn_cores(32)
    plain = places_in_space("l1d_prefetcher", cores)
    assert places_in_space("l1d_prefetcher", cores.astype({"l1d_prefetcher": "category"})).tolist() == plain.tolist()
    assert [SPACE["l1d_prefetcher"][place] for place in plain] == cores["l1d_prefetcher"].tolist()
