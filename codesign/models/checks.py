"""A comparison of one of our numbers with one that we did not make."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd


@dataclass(frozen=True)
class Check:
    """Published (or measured, or simulated elsewhere) against ours.

    Attributes:
        item: what is compared, readable by itself.
        reference: their number; None where none could be had (the row then stays visible, with the note).
        ours: our number; None where we can't compute it.
        unit: of both.
        tolerance: largest relative difference that counts as a match; 0 means equal to the last digit.
        source: where their number comes from.
        note: why the two differ, or what the comparison leaves out.
    """

    item: str
    reference: float | None
    ours: float | None
    unit: str
    tolerance: float
    source: str
    note: str = ""

    @property
    def difference(self) -> float:
        """(ours - reference) / |reference|; NaN when one of them is missing."""
        if self.reference is None or self.ours is None:
            return math.nan
        if self.ours == self.reference:
            return 0.0
        return (self.ours - self.reference) / abs(self.reference) if self.reference else math.inf

    @property
    def verdict(self) -> str:
        """``match``, ``differs`` or ``not available``."""
        if math.isnan(self.difference):
            return "not available"
        return "match" if abs(self.difference) <= self.tolerance else "differs"


def check_table(checks: Sequence[Check]) -> pd.DataFrame:
    """One row per check: item, reference, ours, unit, difference, tolerance, verdict, source, note."""
    return pd.DataFrame(
        {
            "item": [c.item for c in checks],
            "reference": [math.nan if c.reference is None else c.reference for c in checks],
            "ours": [math.nan if c.ours is None else c.ours for c in checks],
            "unit": [c.unit for c in checks],
            "difference": [c.difference for c in checks],
            "tolerance": [c.tolerance for c in checks],
            "verdict": [c.verdict for c in checks],
            "source": [c.source for c in checks],
            "note": [c.note for c in checks],
        }
    )
