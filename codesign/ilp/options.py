"""What a solver is told besides the program."""

from __future__ import annotations

import math
from dataclasses import dataclass

from codesign.ilp.errors import IlpError


@dataclass(frozen=True, slots=True)
class Options:
    """Limits and tolerances, checked when made.

    Attributes:
        time_limit_s: wall seconds, 0 or more; None for as long as it takes.
        relative_gap: stop when |objective - bound| <= relative_gap * |objective|.
        absolute_gap: stop when |objective - bound| <= absolute_gap; None leaves it to the solver (1e-6 or less).
        node_limit: branch-and-bound nodes, 1 or more; None for no limit.
        threads: 1 or more. With 1 equal programs give equal answers as long as no time limit is hit.
    """

    time_limit_s: float | None = None
    relative_gap: float = 0.0
    absolute_gap: float | None = None
    node_limit: int | None = None
    threads: int = 1

    def __post_init__(self) -> None:
        if self.time_limit_s is not None:
            require_amount("time_limit_s", self.time_limit_s)
        require_amount("relative_gap", self.relative_gap)
        if self.absolute_gap is not None:
            require_amount("absolute_gap", self.absolute_gap)
        if self.node_limit is not None:
            require_count("node_limit", self.node_limit)
        require_count("threads", self.threads)

    @property
    def accepts_a_gap(self) -> bool:
        """Whether the solver may stop before objective and bound meet."""
        return self.relative_gap > 0 or bool(self.absolute_gap)


def require_amount(name: str, value: float) -> None:
    """Raise IlpError unless ``value`` is a finite number, 0 or more."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value < 0:
        raise IlpError(f"{name} must be a finite number, 0 or more; found {value!r}")


def require_count(name: str, value: int) -> None:
    """Raise IlpError unless ``value`` is a whole number, 1 or more."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise IlpError(f"{name} must be a whole number, 1 or more; found {value!r}")
