"""What was evaluated already: a repeated design costs nothing."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from codesign.space.coding import CodeArray, design_keys
from codesign.study.evaluation import Results, join_results

PlaceArray = npt.NDArray[np.int64]


class Memo:
    """Results by design. One study has one space, model, version and workload, so codes alone are the key."""

    def __init__(self, batches: Iterable[tuple[CodeArray, Results]] = ()) -> None:
        self._places: dict[bytes, int] = {}
        self._pieces: list[Results] = []
        self._starts: list[int] = []
        self._count = 0
        for codes, results in batches:
            self.add(codes, results)

    def __len__(self) -> int:
        return len(self._places)

    def add(self, codes: CodeArray, results: Results) -> None:
        """Remember a batch of designs that are not known yet."""
        for place, key in enumerate(design_keys(codes), start=self._count):
            self._places[key] = place
        self._pieces.append(results)
        self._starts.append(self._count)
        self._count += len(codes)
        while len(self._pieces) > 1 and len(self._pieces[-2]) <= len(self._pieces[-1]):
            last = self._pieces.pop()
            self._starts.pop()
            self._pieces[-1] = join_results([self._pieces[-1], last])

    def find(self, codes: CodeArray) -> PlaceArray:
        """Return per row the place of its results, -1 where the design is new."""
        return np.array([self._places.get(key, -1) for key in design_keys(codes)], dtype=np.int64)

    def take(self, places: PlaceArray) -> Results:
        """Return the results at ``places``, in their order."""
        piece_of = np.searchsorted(self._starts, places, side="right") - 1
        order = np.argsort(piece_of, kind="stable")
        found = [
            self._pieces[piece].take(places[piece_of == piece] - self._starts[piece]) for piece in np.unique(piece_of)
        ]
        back = np.empty_like(order)
        back[order] = np.arange(len(order))
        return join_results(found).take(back)
