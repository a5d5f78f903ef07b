"""Timing that can be compared: several runs, the median, and what else ran in the same process."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any


def median_seconds(function: Callable[[], Any], runs: int = 5) -> float:
    """Return the median CPU time of ``runs`` calls, after one call that isn't counted."""
    function()
    times = []
    for _ in range(runs):
        started = time.process_time()
        function()
        times.append(time.process_time() - started)
    return statistics.median(times)
