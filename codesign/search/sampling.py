"""Searches that learn nothing: every feasible design in turn, at random, or evenly spread."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from scipy.stats import qmc

from codesign.errors import SearchError
from codesign.search.protocol import Outcome, empty_batch, take_options
from codesign.space.coding import CodeArray
from codesign.space.domain import Value
from codesign.space.space import Space

DRAW_ROWS = 4_096
MAX_PERMUTED_DESIGNS = 5_000_000
MAX_SOBOL_DIMENSIONS = qmc.Sobol.MAXDIM


class _Sequence:
    """A search whose proposals are fixed beforehand."""

    never_repeats = True
    complete = False

    def __init__(self, space: Space) -> None:
        self._space = space
        self._batches = self._propose()

    def _propose(self) -> Iterator[CodeArray]:
        raise NotImplementedError

    def ask(self) -> CodeArray:
        return next(self._batches, empty_batch(self._space))

    def tell(self, codes: CodeArray, outcome: Outcome) -> None:
        """Nothing is learned."""


class Exhaustive(_Sequence):
    """Walks the whole feasible set in canonical order, in chunks; memory doesn't grow with the space."""

    complete = True

    def __init__(self, space: Space, seed: int, options: Mapping[str, Value]) -> None:
        take_options("exhaustive", options, {})
        if not space.discrete:
            raise SearchError("exhaustive search needs a countable space; give every continuous range a step")
        super().__init__(space)

    def _propose(self) -> Iterator[CodeArray]:
        return self._space.chunks()


class Random(_Sequence):
    """Uniform over the feasible set, without repetition while the designs can be numbered (at most 5 million)."""

    def __init__(self, space: Space, seed: int, options: Mapping[str, Value]) -> None:
        take_options("random", options, {})
        self._rng = np.random.default_rng(seed)
        count = space.feasible_set.table_size
        self._permuted = space.sampler.direct and count <= MAX_PERMUTED_DESIGNS
        self.never_repeats = self.complete = self._permuted
        super().__init__(space)

    def _propose(self) -> Iterator[CodeArray]:
        if self._permuted:
            order = self._rng.permutation(self._space.feasible_set.table_size)
            for start in range(0, len(order), DRAW_ROWS):
                yield self._space.at_ranks(order[start : start + DRAW_ROWS])
            return
        while True:
            yield self._space.sampler.uniform(DRAW_ROWS, self._rng)


class QuasiMonteCarlo(_Sequence):
    """A scrambled Sobol' sequence, mapped onto the feasible set so that every value gets its share.

    Source: Owen, "Scrambled net variance for integrals of smooth functions", 1997; the map is
    ``codesign.space.feasible_set.row_of_unit``.
    """

    never_repeats = False

    def __init__(self, space: Space, seed: int, options: Mapping[str, Value]) -> None:
        take_options("qmc", options, {})
        if len(space.parameters) > MAX_SOBOL_DIMENSIONS:
            raise SearchError(f"qmc takes at most {MAX_SOBOL_DIMENSIONS} parameters, found {len(space.parameters)}")
        self._sobol = qmc.Sobol(len(space.parameters), scramble=True, rng=np.random.default_rng(seed))
        super().__init__(space)

    def _propose(self) -> Iterator[CodeArray]:
        while True:
            codes, good = self._space.sampler.from_unit(self._sobol.random(DRAW_ROWS))
            yield codes[good]
