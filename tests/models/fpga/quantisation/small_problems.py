"""Small problems, and their answers by trying everything."""

import itertools

import numpy as np
from hypothesis import strategies as st

from codesign.models.fpga.quantisation import QuantisationProblem


def every_assignment(problem):
    """Yield the widths of each assignment that respects choices and ties, whatever it costs."""
    for columns in itertools.product(range(len(problem.bits)), repeat=len(problem.layers)):
        allowed = all(problem.allowed[layer, column] for layer, column in enumerate(columns))
        chosen = dict(zip(problem.layers, columns, strict=True))
        tied = all(len({chosen[name] for name in group}) == 1 for group in problem.ties)
        if allowed and tied:
            yield tuple(problem.bits[column] for column in columns)


def brute_force(problem):
    """Return (cost, sensitivity) of every assignment within the cap."""
    sums = [(problem.cost_of(widths), problem.sensitivity_of(widths)) for widths in every_assignment(problem)]
    return [pair for pair in sums if pair[0] <= problem.limit]


@st.composite
def problems(draw, whole_costs=None):
    """Up to five layers and three widths, ties and choices, caps from impossible to slack; costs of any scale."""
    layers = [f"layer{number}" for number in range(draw(st.integers(1, 5)))]
    bits = sorted(draw(st.sets(st.sampled_from([1, 2, 4, 6, 8]), min_size=1, max_size=3)))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    shape = (len(layers), len(bits))
    scale = 10.0 ** draw(st.integers(-6, 9))
    whole = draw(st.booleans()) if whole_costs is None else whole_costs
    cost = rng.integers(0, 12, shape).astype(float) if whole else rng.random(shape) * scale
    sensitivity = np.round(rng.random(shape), draw(st.integers(0, 6))) * 10.0 ** draw(st.integers(-9, 6))
    ties = draw(st.lists(st.lists(st.sampled_from(layers), min_size=2, max_size=3), max_size=2))
    limited = draw(st.lists(st.sampled_from(layers), max_size=2, unique=True))
    choices = {name: draw(st.lists(st.sampled_from(bits), min_size=1, unique=True)) for name in limited}
    free = QuantisationProblem(layers, bits, sensitivity, cost, np.inf, ties, choices)
    costs = sorted({pair[0] for pair in brute_force(free)}) or [1.0]
    reached = draw(st.sampled_from(costs))
    cap = reached * draw(st.sampled_from([1.0, 1.0, 0.7, 1.3]))
    return QuantisationProblem(layers, bits, sensitivity, cost, cap if cap > 0 else 1.0, ties, choices)
