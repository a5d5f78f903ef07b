"""Random small spaces, and a brute-force reading of what a space means."""

import itertools
import re

import numpy as np
from hypothesis import strategies as st

from codesign.space import Choices, Float, Integer, Parameter, Space, boolean

CONSTRAINTS = [
    "a + b <= 6",
    "a * c >= b",
    'k != "y" or a < 3',
    "not (f and b > 2)",
    "a % 2 == 0 or g < 1.0",
    "min(a, b, c) <= 2",
    'k in ["x", "z"]',
    "d > a",
    "1 <= a < c + 2",
    "e != 2 or b == 1",
]
CONDITIONS = [None, 'k == "x"', "a > 2", "f", "b in [1, 2]"]


@st.composite
def spaces(draw):
    """Draw a space over all kinds of discrete parameters, two of them conditional (one on the other)."""
    second = draw(st.sampled_from([None, "d > 1", "a <= 2"]))
    parameters = [
        Parameter("a", Integer(1, draw(st.integers(1, 5)))),
        Parameter("b", Choices(tuple(range(1, draw(st.integers(2, 5)))))),
        Parameter("c", Integer(0, 6, draw(st.integers(1, 3)))),
        Parameter("f", boolean()),
        Parameter("k", Choices(("x", "y", "z"))),
        Parameter("g", Float(0.5, 1.5, 0.5)),
        Parameter("d", Integer(1, 3), when=draw(st.sampled_from(CONDITIONS))),
        Parameter("e", Choices((1, 2)), when=second),
    ]
    constraints = draw(st.lists(st.sampled_from(CONSTRAINTS), max_size=4, unique=True))
    return Space(draw(st.permutations(parameters)), constraints=constraints)


def brute_force(space):
    """Return the set of all distinct feasible designs, found by trying every combination in plain Python."""
    domains = {
        p.name: [v.item() if hasattr(v, "item") else v for v in p.domain.at(_all_indices(p))] for p in space.parameters
    }
    found = set()
    for combination in itertools.product(*domains.values()):
        design = dict(zip(domains, combination, strict=True))
        for name in ("d", "e"):
            when = next(p.when for p in space.parameters if p.name == name)
            if when is not None and not _active(when, design):
                design[name] = None
        if all(_allowed(constraint.text, design) for constraint in space.constraints):
            found.add(tuple(design[p.name] for p in space.parameters))
    return found


def _all_indices(parameter):
    return np.arange(parameter.domain.size)


def _reads_inactive(text, design):
    return any(design[name] is None for name in re.findall(r"\b[a-gk]\b", re.sub(r'"[^"]*"', "", text)))


def _truth(text, design):
    return bool(eval(text, {"__builtins__": {"min": min}}, design))


def _active(text, design):
    """A condition that reads an inactive parameter does not hold."""
    return not _reads_inactive(text, design) and _truth(text, design)


def _allowed(text, design):
    """A constraint that reads an inactive parameter is not violated (all of CONSTRAINTS read few enough for that)."""
    return _reads_inactive(text, design) or _truth(text, design)
