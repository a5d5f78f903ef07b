"""Energy of an SRAM access over the capacity of the SRAM."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class SramCurve:
    """Energy of one access at tabulated capacities, straight lines between them in the logarithms of both.

    log E(c) = log E_i + (log c - log c_i) / (log c_(i+1) - log c_i) * (log E_(i+1) - log E_i), c_i <= c <= c_(i+1).

    Outside the tabulated capacities the nearest line is continued, which no source backs: see ``in_range``.

    Attributes:
        points: (capacity in KiB, energy of one access), at least two, capacities rising.
        access_bits: bits that one access moves.
    """

    points: tuple[tuple[float, float], ...]
    access_bits: int

    def __post_init__(self) -> None:
        capacities = [capacity for capacity, _ in self.points]
        if len(capacities) < 2 or sorted(set(capacities)) != capacities:
            raise ValueError(f"an SRAM curve needs at least two points with rising capacities, found {capacities}")

    def energy(self, capacity_kib: float) -> float:
        """Return the energy of one access of ``access_bits``, in the unit of ``points``.

        A tabulated capacity gives its tabulated energy to the last digit.
        """
        for capacity, energy in self.points:
            if capacity == capacity_kib:
                return energy
        above = [i for i, (capacity, _) in enumerate(self.points) if capacity > capacity_kib]
        i = min(max((above[0] if above else len(self.points)) - 1, 0), len(self.points) - 2)
        (low, energy_low), (high, energy_high) = self.points[i], self.points[i + 1]
        slope = math.log(energy_high / energy_low) / math.log(high / low)
        return energy_low * math.exp(slope * math.log(capacity_kib / low))

    def in_range(self, capacity_kib: float) -> bool:
        """Whether the capacity lies between the smallest and the largest tabulated one."""
        return self.points[0][0] <= capacity_kib <= self.points[-1][0]
