"""Counting, enumeration, sampling and repair agree with brute force."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chisquare

from codesign.errors import SamplingError
from codesign.space import Choices, Float, Integer, Parameter, Space, feasible_set
from tests.space.strategies import brute_force, spaces


def designs_of(space, codes):
    table = space.decode(codes).astype(object)
    return [tuple(None if pd.isna(value) else value for value in row) for row in table.itertuples(index=False)]


@given(spaces())
@settings(max_examples=60, deadline=None)
def test_count_and_enumeration_equal_brute_force(space):
    expected = brute_force(space)
    assert space.feasible_count == len(expected)
    codes = np.concatenate([np.empty((0, 8)), *space.chunks(rows=17)])
    found = designs_of(space, codes)
    assert len(found) == len(set(found)) == len(expected)
    assert set(found) == expected


@given(spaces())
@settings(max_examples=30, deadline=None)
def test_a_streamed_set_is_the_same_set(space):
    streamed = Space(space.parameters, constraints=[c.text for c in space.constraints])
    streamed.__dict__["feasible_set"] = feasible_set.build(
        streamed.parameters, streamed.conditions, streamed.constraints, max_rows=3
    )
    codes = np.concatenate([np.empty((0, 8)), *streamed.chunks(rows=50)])
    assert set(designs_of(streamed, codes)) == brute_force(space)
    assert len(codes) == space.feasible_count


@given(spaces(), st.integers(0, 2**32))
@settings(max_examples=40, deadline=None)
def test_whatever_comes_in_what_comes_out_is_feasible(space, seed):
    if space.feasible_count == 0:
        with pytest.raises(SamplingError, match="no design meets the constraints"):
            space.sample(1)
        return
    rng = np.random.default_rng(seed)
    assert space.contains(space.sample(20, seed)).all()
    codes, good = space.sampler.from_unit(rng.random((50, 8)))
    assert good.all()
    assert space.contains(space.decode(codes)).all()
    anything = np.column_stack([rng.integers(0, p.domain.size, 50) for p in space.parameters]).astype(float)
    repaired, good = space.sampler.repair(anything)
    assert good.all()
    assert space.contains(space.decode(repaired)).all()
    again, _ = space.sampler.repair(repaired)
    np.testing.assert_array_equal(again, repaired)


@given(spaces())
@settings(max_examples=30, deadline=None)
def test_encode_is_the_inverse_of_decode(space):
    for codes in space.chunks(rows=40):
        np.testing.assert_array_equal(space.encode(space.decode(codes)), codes)


@given(spaces())
@settings(max_examples=30, deadline=None)
def test_each_constraint_cuts_what_brute_force_cuts(space):
    whole = len(brute_force(Space(space.parameters)))
    assert space.cardinality == whole
    for row in space.cuts().itertuples():
        alone = Space(space.parameters, constraints=[row.constraint])
        assert row.designs_cut == whole - len(brute_force(alone))
        assert row.exact


def skewed_space(max_rows=None):
    space = Space(
        [
            Parameter("kind", Choices(("p", "q"))),
            Parameter("size", Integer(1, 6)),
            Parameter("extra", Integer(1, 4), when='kind == "q"'),
            Parameter("width", Integer(1, 5)),
        ],
        constraints=["size + extra <= 6", "size * width <= 12"],
    )
    if max_rows is not None:
        space.__dict__["feasible_set"] = feasible_set.build(
            space.parameters, space.conditions, space.constraints, max_rows=max_rows
        )
    return space


@pytest.mark.parametrize("max_rows", [None, 5])
def test_samples_are_uniform_over_the_feasible_set(max_rows):
    space = skewed_space(max_rows)
    assert (space.feasible_set.stream is not None) == (max_rows is not None)
    everything = designs_of(space, np.concatenate(list(space.chunks())))
    drawn = designs_of(space, space.sampler.uniform(40_000, np.random.default_rng(3)))
    counts = pd.Series(drawn).value_counts().reindex(everything, fill_value=0)
    assert chisquare(counts.to_numpy()).pvalue > 1e-3


def test_from_unit_gives_every_design_its_share():
    space = skewed_space()
    everything = designs_of(space, np.concatenate(list(space.chunks())))
    codes, _ = space.sampler.from_unit(np.random.default_rng(5).random((40_000, 4)))
    counts = pd.Series(designs_of(space, codes)).value_counts().reindex(everything, fill_value=0)
    assert chisquare(counts.to_numpy()).pvalue > 1e-3


def test_one_feasible_design_in_a_hundred_thousand():
    space = Space(
        [Parameter(f"x{i}", Integer(0, 99)) for i in range(5)],
        constraints=["x0 + x1 == 7", "x2 == x3", "x1 * x3 == 12 * x4", "x0 < 6"],
    )
    sample = space.sample(200, seed=1)
    assert (sample.x0 + sample.x1 == 7).all()
    assert (sample.x2 == sample.x3).all()
    assert space.contains(sample).all()
    assert space.feasible_count / space.cardinality < 1e-5
    assert sample.drop_duplicates().shape[0] > 100


def test_rare_designs_of_a_set_too_large_for_tables_are_drawn_by_walking():
    names = [f"x{i}" for i in range(7)]
    space = Space([Parameter(n, Integer(0, 9)) for n in names], constraints=[f"{' + '.join(names)} <= 1"])
    space.__dict__["feasible_set"] = feasible_set.build(
        space.parameters, space.conditions, space.constraints, max_rows=1_000
    )
    assert space.feasible_set.stream is not None
    drawn = space.decode(space.sampler.uniform(800, np.random.default_rng(0)))
    assert (drawn.sum(axis=1) <= 1).all()
    assert chisquare(drawn.astype(str).agg(" ".join, axis=1).value_counts().to_numpy()).pvalue > 1e-3
    assert len(drawn.drop_duplicates()) == space.feasible_count == 8


def test_when_rejection_cannot_work_it_says_so():
    space = Space([Parameter("x", Float(0, 1)), Parameter("y", Float(0, 1))], constraints=["x + y < 1e-7"])
    with pytest.raises(SamplingError, match=r"of 4,.* random designs met .*, so rejection can't work.*step"):
        space.sample(10)


def test_continuous_parameters_are_drawn_within_their_ranges():
    space = Space(
        [
            Parameter("x", Float(1e-3, 1.0, log=True)),
            Parameter("n", Integer(1, 4)),
            Parameter("y", Float(0, 2), when="n > 2"),
        ],
        constraints=["x * n <= 1.0"],
    )
    table = space.sample(2_000, seed=2)
    assert table.x.between(1e-3, 1.0).all()
    assert (table.x * table.n <= 1.0).all()
    assert (table.y.isna() == (table.n <= 2)).all()
    assert 0.35 < (table.x < 0.0316).mean() < 0.75  # half of a logarithmic range, more or less what the constraint cuts
    assert space.cardinality is None


def test_a_hundred_million_designs_are_counted_exactly():
    space = Space(
        [Parameter(f"p{i}", Integer(0, 99)) for i in range(6)],
        constraints=["p0 <= p1", "p2 + p3 < 100", "p4 != p5"],
    )
    assert space.cardinality == 100**6
    assert space.feasible_count == (100 * 101 // 2) * (100 * 101 // 2) * (100 * 99)


def test_chunks_have_the_size_asked_for_and_the_order_never_changes():
    space = skewed_space()
    small, large = list(space.chunks(rows=7)), list(space.chunks(rows=50))
    assert {len(chunk) for chunk in small[:-1]} == {7}
    np.testing.assert_array_equal(np.concatenate(small), np.concatenate(large))


def test_the_nearest_feasible_design_keeps_what_it_can():
    space = Space([Parameter("a", Integer(0, 9)), Parameter("b", Integer(0, 9))], constraints=["a + b <= 9"])
    repaired, good = space.sampler.repair(np.array([[3.0, 9.0], [9.0, 9.0], [2.0, 2.0]]))
    assert good.all()
    assert repaired.tolist() == [[3.0, 6.0], [9.0, 0.0], [2.0, 2.0]]
