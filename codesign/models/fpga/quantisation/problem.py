"""Bits for every layer of a network: what may be chosen, what each choice loses, and what it costs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from codesign.errors import UserError, nearest

Floats = npt.NDArray[np.float64]

CAP_ROUNDING = 1e-9
"""Share of the cap by which a sum of costs may exceed it, so that the order of summation decides nothing."""


class QuantisationError(UserError):
    """A choice of bits can't be stated as it was given."""


@dataclass(frozen=True, eq=False)
class QuantisationProblem:
    """minimise sum_l sensitivity[l, b_l] subject to sum_l cost[l, b_l] <= cap and b_l = b_k for tied l, k.

    The formulation is that of HAWQ-V3 (Yao et al., ICML 2021, arXiv 2011.10680) with any set of widths.
    Costs add up over the layers, so a latency belongs to layers that run one after the other.

    Attributes:
        layers: names, each once.
        bits: widths in ascending order, the columns of both tables.
        sensitivity: layers x widths; see ``sensitivity.hessian_sensitivity``. Unit of the loss.
        cost: layers x widths, 0 or more; bytes, bit operations or time.
        cap: on the summed cost, in its unit; inf for none.
        ties: groups of layers that take one width, such as branches that read one feature map (``shared_input_ties``).
        choices: layer -> the widths that it may take; a layer not named may take all. The cells that are no choice are
            not read, and are NaN in both tables afterwards.

    Raises:
        QuantisationError: the parts don't fit together.
    """

    layers: Sequence[str]
    bits: Sequence[int]
    sensitivity: Floats
    cost: Floats
    cap: float
    ties: Sequence[Sequence[str]] = ()
    choices: Mapping[str, Sequence[int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "layers", tuple(self.layers))
        object.__setattr__(self, "bits", tuple(int(width) for width in self.bits))
        object.__setattr__(self, "ties", tuple(tuple(group) for group in self.ties))
        _require_distinct("layers", self.layers)
        _require_widths(self.bits)
        self._require_known("ties", [name for group in self.ties for name in group])
        self._require_known("choices", self.choices)
        for name in ("sensitivity", "cost"):
            object.__setattr__(self, name, self._table(name))
        if not self.cap > 0:
            raise QuantisationError(f"the cap must be above 0 (inf for none), found {self.cap}")

    def _require_known(self, where: str, names: Sequence[str] | Mapping[str, object]) -> None:
        for name in names:
            if name not in self.layers:
                raise QuantisationError(f"{where}: no layer {name!r}{nearest(name, self.layers)}")

    def _table(self, name: str) -> Floats:
        table = np.array(getattr(self, name), dtype=np.float64)
        shape = (len(self.layers), len(self.bits))
        if table.shape != shape:
            raise QuantisationError(
                f"{name} must have {shape[0]} rows (layers) and {shape[1]} columns (bits), found {table.shape}"
            )
        low = 0.0 if name == "cost" else -math.inf
        bad = np.argwhere(self.allowed & ~(np.isfinite(table) & (table >= low)))
        if len(bad):
            row, column = bad[0]
            wanted = "a finite number, 0 or more" if name == "cost" else "a finite number"
            raise QuantisationError(
                f"{name} of layer {self.layers[row]!r} at {self.bits[column]} bits must be {wanted},"
                f" found {table[row, column]}"
            )
        table[~self.allowed] = math.nan
        table.setflags(write=False)
        return table

    @property
    def allowed(self) -> npt.NDArray[np.bool_]:
        """layers x widths: what each layer may take, ties not yet considered."""
        allowed = np.ones((len(self.layers), len(self.bits)), dtype=bool)
        for name, widths in self.choices.items():
            if not widths:
                raise QuantisationError(f"choices: layer {name!r} has no width to take")
            for width in widths:
                if width not in self.bits:
                    known = ", ".join(map(str, self.bits))
                    raise QuantisationError(f"choices: layer {name!r} may take {width} bits; the tables have {known}")
            allowed[self.layers.index(name)] = np.isin(self.bits, list(widths))
        return allowed

    def units(self) -> list[list[int]]:
        """Return the layers, by number, that are decided together: tied groups joined where they overlap, else alone.

        In the order of their first layer.
        """
        leader = list(range(len(self.layers)))
        for group in self.ties:
            tied = [self.layers.index(name) for name in group]
            found = {leader[layer] for layer in tied}
            leader = [min(found) if own in found else own for own in leader]
        members: dict[int, list[int]] = {}
        for layer, first in enumerate(leader):
            members.setdefault(first, []).append(layer)
        return list(members.values())

    def columns_of(self, widths: Sequence[int]) -> npt.NDArray[np.int64]:
        """Return the column of the tables for the width of each layer; QuantisationError for one it may not take."""
        if len(widths) != len(self.layers):
            raise QuantisationError(f"{len(self.layers)} layers need as many widths, found {len(widths)}")
        for name, width, allowed in zip(self.layers, widths, self.allowed, strict=True):
            choices = [bits for bits, good in zip(self.bits, allowed, strict=True) if good]
            if width not in choices:
                known = ", ".join(map(str, choices))
                raise QuantisationError(f"layer {name!r} can't take {width} bits; it may take {known}")
        return np.array([self.bits.index(width) for width in widths], dtype=np.int64)

    def sensitivity_of(self, widths: Sequence[int]) -> float:
        """Return the summed sensitivity of an assignment, one width for each layer in their order."""
        return math.fsum(self.sensitivity[np.arange(len(self.layers)), self.columns_of(widths)])

    def cost_of(self, widths: Sequence[int]) -> float:
        """Return the summed cost of an assignment, one width for each layer in their order."""
        return math.fsum(self.cost[np.arange(len(self.layers)), self.columns_of(widths)])

    @property
    def limit(self) -> float:
        """What a summed cost may be: the cap and the rounding of a sum."""
        return self.cap * (1.0 + CAP_ROUNDING)


def _require_distinct(what: str, names: Sequence[str]) -> None:
    if not names:
        raise QuantisationError(f"{what} is empty; give at least one")
    twice = next((name for position, name in enumerate(names) if name in names[:position]), None)
    if twice is not None:
        raise QuantisationError(f"{what}: {twice!r} is given twice")


def _require_widths(bits: Sequence[int]) -> None:
    if not bits or any(width < 1 for width in bits) or list(bits) != sorted(set(bits)):
        raise QuantisationError(f"bits must be whole numbers from 1 in ascending order, each once; found {list(bits)}")
