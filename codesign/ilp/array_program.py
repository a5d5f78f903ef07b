"""A mixed-integer linear program as arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from codesign.ilp.errors import IlpError

Floats = npt.NDArray[np.float64]
INTEGRALITY = 1.1e-5  # the loosest that a solver's default allows is 1e-5
FEASIBILITY = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class ArrayProgram:
    """minimise cost . x + constant, row_lower <= rows @ x <= row_upper, lower <= x <= upper.

    Attributes:
        cost: n floats.
        lower, upper: n floats; -inf and inf where there is no bound.
        integer: n booleans, which columns take whole numbers only.
        rows: m x n, scipy.sparse.
        row_lower, row_upper: m floats; -inf and inf where there is no bound.
        constant: of the objective.
    """

    cost: Floats
    lower: Floats
    upper: Floats
    integer: npt.NDArray[np.bool_]
    rows: sparse.csr_matrix
    row_lower: Floats
    row_upper: Floats
    constant: float = 0.0

    def __post_init__(self) -> None:
        if not sparse.issparse(self.rows):
            raise IlpError(f"rows must be a scipy.sparse matrix, found {type(self.rows).__name__}")
        rows = sparse.csr_matrix(self.rows, dtype=np.float64, copy=True)
        rows.sum_duplicates()
        object.__setattr__(self, "rows", rows)
        m, n = rows.shape
        for name, length in (("cost", n), ("lower", n), ("upper", n), ("row_lower", m), ("row_upper", m)):
            object.__setattr__(self, name, _vector(name, getattr(self, name), length))
        integer = np.asarray(self.integer)
        if integer.dtype != np.bool_ or integer.shape != (n,):
            raise IlpError(f"integer must be {n} booleans, found {integer.dtype} of shape {integer.shape}")
        object.__setattr__(self, "integer", integer)
        if not (np.isfinite(rows.data).all() and np.isfinite(self.cost).all() and np.isfinite(self.constant)):
            raise IlpError("cost, constant and rows must be finite numbers")
        if (self.lower == np.inf).any() or (self.row_lower == np.inf).any():
            raise IlpError("a lower bound can't be +inf")
        if (self.upper == -np.inf).any() or (self.row_upper == -np.inf).any():
            raise IlpError("an upper bound can't be -inf")

    def objective_of(self, x: Floats) -> float:
        """Return cost . x + constant."""
        return float(self.cost @ x) + self.constant

    def box_bound(self) -> float:
        """Return the least objective within the columns' bounds alone, a valid if weak bound."""
        used = self.cost != 0
        best = np.where(self.cost > 0, self.lower, self.upper)
        return float(self.cost[used] @ best[used]) + self.constant

    def violation(self, x: Floats) -> str | None:
        """Say which column or row x violates most clearly, or return None.

        A row may be missed by 1e-6 plus the rounding noise of its terms; a row with continuous columns by 1e-9 of its
        largest term more.
        """
        beyond = np.maximum(self.lower - x, x - self.upper)
        if beyond.size and beyond.max() > FEASIBILITY:
            j = int(beyond.argmax())
            return f"column {j} is {x[j]:.12g}, outside {self.lower[j]:.12g} ... {self.upper[j]:.12g}"
        if self.rows.shape[0] == 0:
            return None
        value = self.rows @ x
        scale = abs(self.rows) @ np.abs(x)
        mixed = abs(self.rows) @ (~self.integer).astype(float) > 0
        allowed = FEASIBILITY + np.where(mixed, 1e-9, 1e-12) * scale
        missed = np.maximum(self.row_lower - value, value - self.row_upper) - allowed
        i = int(missed.argmax())
        if missed[i] <= 0:
            return None
        return f"row {i} is {value[i]:.12g}, outside {self.row_lower[i]:.12g} ... {self.row_upper[i]:.12g}"


def _vector(name: str, values: npt.ArrayLike, length: int) -> Floats:
    try:
        array = np.ascontiguousarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise IlpError(f"{name} must be {length} numbers: {error}") from error
    if array.shape != (length,):
        raise IlpError(f"{name} must be {length} numbers, found the shape {array.shape}")
    if np.isnan(array).any():
        raise IlpError(f"{name} holds a NaN at position {int(np.isnan(array).argmax())}")
    return array
