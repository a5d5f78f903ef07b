"""The prices of units and elements beside synthesis on three cell libraries, and beside measured energies."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from codesign.models.checks import Check
from codesign.models.pe.array.prices import structure_price
from codesign.models.pe.element_synthesis import synthesised_elements
from codesign.models.pe.reference_elements import BASELINE, reference_elements, reference_sum
from codesign.technology.energy import data_rows
from codesign.technology.unit_costs import unit_cost
from codesign.technology.unit_fit import (
    FITTED_TARGET_PS,
    SYNTHESIS_FILES,
    SynthesisPoint,
    fitted_points,
    fitted_target_ps,
    read_points,
)
from codesign.technology.units import KINDS, Unit

TOLERANCE = 0.10
BASE_ELEMENT = "int8"
_MAPPING = (
    "how synthesis happens to order the gates moves a unit by several per cent, a small one by up to a quarter; the"
    " data file says of how many runs a point is the middle one"
)
_CHAINED = "parts that share one clock period are sized for more speed than each alone"


@dataclass(frozen=True)
class Pair:
    """One number of theirs and ours, with what it is of."""

    item: str
    reference: float
    ours: float

    @property
    def error(self) -> float:
        """ours / reference - 1."""
        return self.ours / self.reference - 1.0


def synthesis() -> list[Check]:
    """Return area and delay of units, area and area ratio of elements, and energies, beside synthesis.

    Units: the worst size of each kind on each library, with the number of sizes and the root mean square error in the
    note. Elements: the worst configuration of each, and its ratio to the 8-bit integer element.
    """
    return [
        *_unit_areas(),
        *_unit_delays(),
        *_element_rows(),
        *_element_delays(),
        *_reference_rows(),
        *_unit_energies(),
    ]


def root_mean_square(pairs: Iterable[Pair]) -> float:
    """Return the root mean square of the relative errors."""
    errors = [pair.error for pair in pairs]
    return math.sqrt(math.fsum(error * error for error in errors) / len(errors))


def _worst(item: str, unit: str, pairs: list[Pair], source: str, reason: str) -> Check:
    """Return the row of the pair with the largest error."""
    worst = max(pairs, key=lambda pair: abs(pair.error))
    note = f"worst of {len(pairs)}, root mean square {root_mean_square(pairs):.1%}"
    if abs(worst.error) > TOLERANCE:
        note += f"; {reason}"
    return Check(f"{item}, {worst.item}", worst.reference, worst.ours, unit, TOLERANCE, source, note)


def synthesised_units(quantity: str) -> list[SynthesisPoint]:
    """Return the synthesised units with the clock target that prices are for, those not fitted included."""
    points = read_points(row for file in SYNTHESIS_FILES for row in data_rows(file))
    return [one for one in points if one.target_ps == fitted_target_ps(one.library, one.unit.kind, quantity)]


def _source(library: str) -> str:
    return f"codesign synthesis runs, 2026: Yosys 0.70 on {library}"


def _unit_areas() -> Iterator[Check]:
    points = synthesised_units("area")
    for library in FITTED_TARGET_PS:
        for kind in KINDS:
            same = [point for point in points if (point.library, point.unit.kind) == (library, kind)]
            fitted = {point.unit for point in fitted_points(same, "area")}
            pairs = [Pair(_sizes(one.unit), one.area_um2, unit_cost(one.unit, library).area_um2) for one in same]
            if pairs:
                used = [pair for pair, one in zip(pairs, same, strict=True) if one.unit in fitted]
                left = [pair for pair, one in zip(pairs, same, strict=True) if one.unit not in fitted]
                row = _worst(f"{library} {kind} area", "um2", used, _source(library), _MAPPING)
                yield replace(row, note=row.note + _unfitted(left))


def _unfitted(pairs: list[Pair]) -> str:
    """Return the errors of units too small to be fitted, as text."""
    if not pairs:
        return ""
    listed = ", ".join(f"{pair.item} {pair.error:+.0%}" for pair in pairs)
    return f"; too small for their structure to count, not fitted: {listed}"


def _unit_delays() -> Iterator[Check]:
    points = fitted_points(synthesised_units("delay"), "delay")
    for library in FITTED_TARGET_PS:
        pairs = [
            Pair(str(point.unit), point.delay_ps, ours)
            for point in points
            if point.library == library and point.delay_ps > 0 and (ours := unit_cost(point.unit, library).delay_ps) > 0
        ]
        if pairs:
            reason = (
                "within its clock period synthesis trades delay for area and doesn't say where; without a target it"
                " sizes a few cells for speed"
            )
            yield _worst(f"{library} delay of units", "ps", pairs, _source(library), reason)


def _sizes(unit: Unit) -> str:
    return "x".join(map(str, unit.sizes))


def element_pairs() -> dict[tuple[str, str], list[Pair]]:
    """Return (library, element) -> area of the element in each synthesised configuration."""
    found: dict[tuple[str, str], list[Pair]] = {}
    for row in synthesised_elements():
        if row.target_ps == FITTED_TARGET_PS[row.library]:
            ours = structure_price(row.structure, row.library).element.area_um2
            found.setdefault((row.library, row.element), []).append(Pair(str(row), row.area_um2, ours))
    return found


def _element_rows() -> Iterator[Check]:
    pairs = element_pairs()
    for (library, name), own in pairs.items():
        yield _worst(f"{library} element {name} area", "um2", own, _source(library), _CHAINED)
        if name == BASE_ELEMENT or (library, BASE_ELEMENT) not in pairs:
            continue
        base = pairs[library, BASE_ELEMENT][0]
        ratios = [Pair(pair.item, pair.reference / base.reference, pair.ours / base.ours) for pair in own]
        yield _worst(f"{library} element {name} area over {BASE_ELEMENT}", "1", ratios, _source(library), _CHAINED)


def _element_delays() -> Iterator[Check]:
    for library, target in FITTED_TARGET_PS.items():
        pairs = [
            Pair(f"{row.element} {row}", row.delay_ps, structure_price(row.structure, library).path_ps)
            for row in synthesised_elements()
            if (row.library, row.target_ps) == (library, target) and row.delay_ps > 0
        ]
        if pairs:
            reason = (
                "delays along the path are added up, though a unit starts on first bits of the one before (too long)"
                " and drives more inside an element than alone (too short)"
            )
            yield _worst(f"{library} path of elements", "ps", pairs, _source(library), reason)


def reference_pairs(library: str) -> list[tuple[Pair, Pair]]:
    """Return area and area ratio to the baseline of each reference element on a library."""
    areas = {
        one.key: Pair(str(one), one.area_um2, reference_sum(one.key, library).area_um2)
        for one in reference_elements()
        if one.library == library
    }
    base = areas[BASELINE]
    return [(area, Pair(area.item, area.reference / base.reference, area.ours / base.ours)) for area in areas.values()]


def _reference_rows() -> Iterator[Check]:
    for library in FITTED_TARGET_PS:
        for area, ratio in reference_pairs(library):
            source = _source(library)
            note = _CHAINED if abs(area.error) > TOLERANCE else ""
            yield Check(f"{library} {area.item} area", area.reference, area.ours, "um2", TOLERANCE, source, note)
            if area.item != "mac_int 8x8x32":
                note = _CHAINED if abs(ratio.error) > TOLERANCE else ""
                item = f"{library} {area.item} area over mac_int 8x8x32"
                yield Check(item, ratio.reference, ratio.ours, "1", TOLERANCE, source, note)


def reference_energies() -> list[Pair]:
    """Return the energy of a busy cycle of each reference element that was measured; none of them was fitted."""
    return [
        Pair(str(one), one.energy_fj, reference_sum(one.key, one.library).busy_fj)
        for one in reference_elements()
        if one.energy_fj is not None
    ]


def _unit_energies() -> Iterator[Check]:
    source = "codesign synthesis runs, 2026: gate-level activity on nangate45"
    rows = list(data_rows("unit_energy.csv"))
    for kind in dict.fromkeys(row["kind"] for row in rows):
        pairs = []
        for row in rows:
            if row["kind"] == kind:
                cost = unit_cost(Unit(kind, tuple(int(size) for size in row["sizes"].split("x"))), row["library"])
                theirs = float(row["operation_fj"]) + float(row["clock_fj"])
                pairs.append(Pair(row["sizes"], theirs, cost.energy_fj + cost.clock_fj))
        yield _worst(f"nangate45 {kind} energy", "fJ", pairs, source, "its area is off by as much")
    for pair in reference_energies():
        note = (
            "partial sums were extended from 16 bits and weights loaded in half of the cycles, so that less toggles"
            if abs(pair.error) > TOLERANCE
            else ""
        )
        yield Check(f"nangate45 {pair.item} energy", pair.reference, pair.ours, "fJ", TOLERANCE, source, note)
