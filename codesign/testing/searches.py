"""The contract of a search, as a pytest class."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from typing import ClassVar

import numpy as np
import pytest

from codesign.errors import SearchError
from codesign.pareto.objective import Objective
from codesign.search.protocol import Outcome, Search
from codesign.space.coding import CodeArray
from codesign.space.domain import Choices, Float, Integer, boolean, powers_of_two
from codesign.space.parameter import Parameter
from codesign.space.space import Limit, Space

SearchMaker = Callable[[Space, int], Search]


def contract_space(objectives: int = 2, **options: object) -> Space:
    """Return a space with every kind of discrete parameter, a condition and constraints (a third is feasible)."""
    return Space(
        [
            Parameter("engine", Choices(("plain", "wide", "split"))),
            Parameter("rows", powers_of_two(4, 256)),
            Parameter("columns", powers_of_two(4, 256)),
            Parameter("parts", Choices((2, 3, 4)), when='engine == "split"'),
            Parameter("gated", boolean()),
            Parameter("clock", Float(0.5, 2.0, 0.25)),
            Parameter("depth", Integer(1, 30)),
        ],
        constraints=[
            "rows * columns <= 4096",
            "rows >= columns / 4",
            'engine != "wide" or gated',
            "parts * depth <= 60",
        ],
        objectives=[Objective(f"cost_{i}", "minimize") for i in range(objectives)],
        **options,  # type: ignore[arg-type]
    )


def contract_costs(codes: CodeArray, objectives: int = 2) -> CodeArray:
    """Return smooth, conflicting costs of codes; what the metrics mean doesn't matter."""
    plain = np.nan_to_num(np.where(codes < 0, 0, codes))
    size = plain[:, 1] + plain[:, 2]
    first = 20.0 - size + 0.3 * plain[:, 0] - 0.2 * plain[:, 5] + 0.01 * (plain[:, 6] - 12.0) ** 2
    second = size + plain[:, 5] - plain[:, 4] + 0.5 * plain[:, 3]
    third = plain[:, 6] + 0.1 * size
    return np.column_stack([first, second, third][:objectives])


class SearchContract:
    """Subclass and set ``make``; ``objectives`` where the search takes another number than two."""

    make: ClassVar[SearchMaker]
    objectives: ClassVar[int] = 2
    proposals: ClassVar[int] = 120

    def space(self) -> Space:
        """The space of the contract; override where the search can't take every kind of parameter."""
        return contract_space(self.objectives)

    def drive(self, space: Space, seed: int, proposals: int | None = None) -> CodeArray:
        """Ask and tell until enough was proposed or the search ends; return the proposals."""
        wanted = self.proposals if proposals is None else proposals
        search = type(self).make(space, seed)
        batches: list[CodeArray] = []
        while sum(map(len, batches)) < wanted:
            codes = search.ask()
            if not len(codes):
                break
            values = contract_costs(codes, max(1, len(space.objectives)))
            search.tell(codes, Outcome(values, np.zeros(len(codes))))
            batches.append(codes)
        return np.concatenate(batches)[:wanted]

    def test_every_proposal_meets_the_hard_constraints(self) -> None:
        space = self.space()
        codes = self.drive(space, 0)
        assert len(codes)
        assert space.contains(space.decode(codes)).all()

    def test_inactive_parameters_have_no_value(self) -> None:
        space = self.space()
        if not space.conditional:
            pytest.skip("the search takes no conditional parameters")
        designs = space.decode(self.drive(space, 1))
        assert (designs["parts"].isna() == (designs["engine"] != "split")).all()

    def test_same_seed_same_proposals(self) -> None:
        np.testing.assert_array_equal(self.drive(self.space(), 5), self.drive(self.space(), 5))

    def test_same_proposals_in_another_process_with_another_hash_seed(self) -> None:
        module, name = type(self).__module__, type(self).__qualname__
        code = (
            f"import sys, importlib; sys.path[:0] = {[p for p in sys.path if p]!r}; "
            f"contract = getattr(importlib.import_module({module!r}), {name!r})(); "
            "sys.stdout.buffer.write(contract.drive(contract.space(), 5).tobytes())"
        )
        environment = {**os.environ, "PYTHONHASHSEED": "777"}
        done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr.decode()
        assert done.stdout == self.drive(self.space(), 5).tobytes()

    def test_another_seed_gives_other_proposals(self) -> None:
        space = self.space()
        if getattr(type(self).make(space, 0), "complete", False) and space.feasible_count == len(self.drive(space, 0)):
            pytest.skip("the search proposes everything, whatever the seed")
        assert not np.array_equal(self.drive(space, 1), self.drive(space, 2))

    def test_survives_designs_that_cannot_be_built(self) -> None:
        space = self.space()
        search = type(self).make(space, 3)
        for _ in range(4):
            codes = search.ask()
            values = contract_costs(codes, max(1, len(space.objectives)))
            violation = np.where(np.arange(len(codes)) % 2 == 0, 0.0, np.inf)
            values[~np.isfinite(violation)] = np.nan
            search.tell(codes, Outcome(values, violation))
        assert space.contains(space.decode(search.ask())).all()

    def test_survives_when_nothing_is_feasible(self) -> None:
        space = self.space()
        search = type(self).make(space, 3)
        for _ in range(3):
            codes = search.ask()
            search.tell(
                codes, Outcome(np.full((len(codes), len(space.objectives)), np.nan), np.full(len(codes), np.inf))
            )
        assert space.contains(space.decode(search.ask())).all()

    def test_limits_reach_the_search(self) -> None:
        space = Space(
            self.space().parameters,
            constraints=[c.text for c in self.space().constraints],
            objectives=self.space().objectives,
            limits=[Limit("cost_0", at_most=10.0)],
        )
        search = type(self).make(space, 0)
        for _ in range(3):
            codes = search.ask()
            values = contract_costs(codes, len(space.objectives))
            search.tell(codes, Outcome(values, np.maximum(0.0, values[:, 0] - 10.0)))
        assert space.contains(space.decode(search.ask())).all()

    def test_never_repeats_where_it_says_so(self) -> None:
        space = self.space()
        if not type(self).make(space, 0).never_repeats:
            pytest.skip("the search may repeat itself")
        codes = np.nan_to_num(self.drive(space, 0), nan=-9.0)
        assert len(np.unique(codes, axis=0)) == len(codes)

    def test_a_tiny_space_is_no_trouble(self) -> None:
        objectives = [Objective(f"cost_{i}", "minimize") for i in range(self.objectives)]
        space = Space(
            [Parameter("rows", Choices((1, 2))), Parameter("columns", Choices((1, 2)))], objectives=objectives
        )
        search = type(self).make(space, 0)
        for _ in range(3):
            codes = search.ask()
            if not len(codes):
                return
            assert space.contains(space.decode(codes)).all()
            costs = np.column_stack([codes.sum(axis=1), -codes.sum(axis=1), codes[:, 0]])[:, : self.objectives]
            search.tell(codes, Outcome(costs, np.zeros(len(codes))))

    def test_an_impossible_space_is_refused(self) -> None:
        objectives = [Objective(f"cost_{i}", "minimize") for i in range(self.objectives)]
        space = Space([Parameter("rows", Choices((1, 2)))], constraints=["rows > 2"], objectives=objectives)
        try:
            search = type(self).make(space, 0)
            codes = search.ask()
        except SearchError as error:
            assert "no design meets the constraints" in str(error)  # noqa: PT017 - or it ends at once
        else:
            assert len(codes) == 0
