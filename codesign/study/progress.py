"""What a running study tells whoever watches."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

INTERVAL_S = 0.25


@dataclass(frozen=True)
class Progress:
    """A moment of a running study.

    Attributes:
        evaluated: distinct designs so far, with those taken from the journal.
        total: how many there will be at most; None where unknown.
        feasible: how many of them are feasible.
        frontier_size: designs on the running frontier.
        hypervolume: of the running frontier, normalised to the box between the best and the worst feasible value of
            each objective so far; NaN while that box is empty.
        elapsed_s: since the run began.
        recalled: how many of the evaluated designs came from the journal.
    """

    evaluated: int
    total: int | None
    feasible: int
    frontier_size: int
    hypervolume: float
    elapsed_s: float
    recalled: int

    @property
    def rate(self) -> float:
        """New designs per second."""
        return (self.evaluated - self.recalled) / self.elapsed_s if self.elapsed_s > 0 else 0.0

    @property
    def left_s(self) -> float | None:
        """Seconds left at this rate; None where unknown."""
        if self.total is None or self.rate <= 0:
            return None
        return max(0.0, (self.total - self.evaluated) / self.rate)


Watcher = Callable[[Progress], None]


class Throttle:
    """Lets something happen at most every ``INTERVAL_S`` seconds."""

    def __init__(self) -> None:
        self.started = time.monotonic()
        self._last = -INTERVAL_S

    @property
    def elapsed_s(self) -> float:
        return time.monotonic() - self.started

    def due(self) -> bool:
        """Return True, and begin the next interval, when the last one is over."""
        now = self.elapsed_s
        if now - self._last < INTERVAL_S:
            return False
        self._last = now
        return True
