"""What approximate normalisation saves (arXiv 2408.11997), beside ours."""

from __future__ import annotations

import numpy as np

from codesign.models.checks import Check
from codesign.models.pe.array.prices import part_sum
from codesign.models.pe.elements.approximate import coarse_normaliser, exact_normaliser, multiply_add

PAPER = "arXiv:2408.11997 (28 nm, 1 GHz), mean over its settings"
LIBRARY = "nangate45"
SETTINGS = ((1, 1), (1, 2), (2, 2))
"""(k, lambda) of the coarse normaliser."""
_ORGANISATION = (
    "the element around the normaliser is ours (24 significand bits, truncating alignment, no rounding before the foot"
    " of the column), against an exact one that anticipates the leading zeros; both unpipelined"
)


def approximate_normalisation() -> list[Check]:
    """Return the area and the power that the coarse normaliser saves of a BF16 multiply-add element.

    saved = 1 - coarse / exact, a mean over the settings; power is that of a busy cycle, without leakage.
    """
    exact = part_sum(multiply_add(exact_normaliser()), LIBRARY)
    coarse = [part_sum(multiply_add(coarse_normaliser(*setting)), LIBRARY) for setting in SETTINGS]

    def saved(quantity: str) -> float:
        return 100.0 * float(np.mean([1.0 - getattr(one, quantity) / getattr(exact, quantity) for one in coarse]))

    item = "approximate normalisation, BF16 element:"
    area = "the paper's settings save 14 to 19 %; "
    return [
        Check(f"{item} area saved", 16.0, saved("area_um2"), "%", 0.1, PAPER, area + _ORGANISATION),
        Check(f"{item} power saved", 13.0, saved("busy_fj"), "%", 0.1, PAPER, _ORGANISATION),
    ]
