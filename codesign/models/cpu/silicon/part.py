"""A part of a core: its area, its leakage, and what each event costs in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Part:
    """One part of a core.

    Attributes:
        name: of the part.
        area_mm2: placed.
        leakage_mw: always.
        event_pj: name of an event (a field of ``CoreEvents``) -> energy that each such event costs in this part.
    """

    name: str
    area_mm2: float
    leakage_mw: float
    event_pj: Mapping[str, float]
