"""Fits the coefficients of ``unit_features`` to synthesis results: area and delay of each kind on each library.

Non-negative least squares on the relative error: minimise the sum over points of (x . c / y - 1)^2 with c >= 0, so that
a small unit weighs as much as a large one and no structure ever costs less than nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import nnls

from codesign.technology.unit_features import AREA_FEATURES, DELAY_FEATURES, Features
from codesign.technology.units import KINDS, Unit

QUANTITIES = ("area", "delay")
SYNTHESIS_FILES = ("unit_synthesis.csv", "unit_synthesis_relaxed.csv")
"""Measurements in this package's ``data/``; the second has selecting kinds at ``RELAXED_TARGET_PS``."""
RELAXED_TARGET_PS = 100_000
"""A clock target that every unit meets at its smallest."""
SELECTING_KINDS = (
    "negate",
    "barrel_shifter",
    "leading_zeros",
    "multiplexer",
    "maximum",
    "and_row",
    "xor_row",
    "or_reduce",
    "constant_table",
    "register_enable",
)
"""Kinds that stand beside or between the arithmetic of an element."""
PRODUCTS = ("multiplier", "signed_multiplier", "shift_add")
REWRITTEN_INPUTS = 6
"""Inputs of the largest cut that ABC's mapper (``&nf``) takes as one."""
FITTED_TARGET_PS: Mapping[str, int | None] = {"nangate45": 1000, "sky130hd": None, "asap7": None}
"""Library -> clock target of the synthesis runs that its coefficients are fitted to; None: no target."""


@dataclass(frozen=True)
class SynthesisPoint:
    """One unit synthesised on one library.

    Attributes:
        library: name.
        unit: what.
        target_ps: clock period that synthesis aimed at; None without a target.
        area_um2: of all cells.
        delay_ps: of the combinational logic; NaN where it wasn't measured.
    """

    library: str
    unit: Unit
    target_ps: int | None
    area_um2: float
    delay_ps: float


@dataclass(frozen=True)
class Fit:
    """Coefficients of one kind on one library.

    Attributes:
        library, kind: of what.
        quantity: ``area`` in um2 or ``delay`` in ps.
        coefficients: feature -> value; unit of the quantity per feature.
        fitted_range: size name -> smallest and largest fitted.
        points: how many.
        worst, rms: relative residuals, the largest in size and the root mean square.
        leave_one_out_worst, leave_one_out_rms: the same where each point is predicted by a fit to all others; NaN with
            fewer points than two more than coefficients.
    """

    library: str
    kind: str
    quantity: str
    coefficients: Mapping[str, float]
    fitted_range: Mapping[str, tuple[int, int]]
    points: int
    worst: float
    rms: float
    leave_one_out_worst: float
    leave_one_out_rms: float


def features_of(quantity: str, unit: Unit) -> Features:
    """Return the features of a unit's area or delay."""
    table: Mapping[str, Callable[[Unit], Features]] = AREA_FEATURES if quantity == "area" else DELAY_FEATURES
    return table[unit.kind](unit)


def read_points(rows: Iterable[Mapping[str, str]]) -> list[SynthesisPoint]:
    """Return the points of a table with the columns library, kind, sizes (``8x4``), target_ps, area_um2, delay_ps."""
    return [
        SynthesisPoint(
            library=row["library"],
            unit=Unit(row["kind"], tuple(int(size) for size in row["sizes"].split("x"))),
            target_ps=int(float(row["target_ps"])) if row["target_ps"] else None,
            area_um2=float(row["area_um2"]),
            delay_ps=float(row["delay_ps"]) if row["delay_ps"] else math.nan,
        )
        for row in rows
    ]


def fitted_target_ps(library: str, kind: str, quantity: str) -> int | None:
    """Return the clock target of the runs that a fit takes; None: runs without one, sized for speed.

    Without a target synthesis sizes the slowest path of whatever it is given for speed. In an element that is the
    path through its arithmetic; selecting gates beside it stay small. Alone they would be the slowest path, and come
    out two to three times as large; so their areas are taken from runs with a target that anything meets.
    """
    target = FITTED_TARGET_PS[library]
    relaxed = target is None and quantity == "area" and kind in SELECTING_KINDS
    return RELAXED_TARGET_PS if relaxed else target


def fitted_points(points: Iterable[SynthesisPoint], quantity: str) -> list[SynthesisPoint]:
    """Return those with the clock target that the quantity is fitted at, less units that are rewritten as a whole."""
    return [
        point
        for point in points
        if point.target_ps == fitted_target_ps(point.library, point.unit.kind, quantity)
        and not rewritten_whole(point.unit)
    ]


def rewritten_whole(unit: Unit) -> bool:
    """Return whether a unit is so small that its structure counts for little.

    Synthesis maps a function of six inputs as a whole: products of six bits together; and a table of two inputs is one
    gate an output, or none.
    """
    if unit.kind == "constant_table":
        return unit.sizes[0] <= 2
    return unit.kind in PRODUCTS and sum(unit.sizes) <= REWRITTEN_INPUTS


def fit_all(points: Sequence[SynthesisPoint]) -> list[Fit]:
    """Return the fit of every library, kind and quantity that has points, in the order of ``KINDS``."""
    chosen = {quantity: fitted_points(points, quantity) for quantity in QUANTITIES}
    fits = []
    for library in FITTED_TARGET_PS:
        for kind in KINDS:
            for quantity in QUANTITIES:
                same = [point for point in chosen[quantity] if (point.library, point.unit.kind) == (library, kind)]
                found = _fit(library, kind, quantity, same)
                if found is not None:
                    fits.append(found)
    return fits


def _fit(library: str, kind: str, quantity: str, points: Sequence[SynthesisPoint]) -> Fit | None:
    measured = [
        (point.unit, value)
        for point in points
        if math.isfinite(value := point.area_um2 if quantity == "area" else point.delay_ps) and value > 0
    ]
    if not measured or not features_of(quantity, measured[0][0]):
        return None
    units = [unit for unit, _ in measured]
    names = list(features_of(quantity, units[0]))
    design = np.array([[features_of(quantity, unit)[name] for name in names] for unit in units])
    values = np.array([value for _, value in measured])
    ranges = {
        name: (min(unit.named_sizes[name] for unit in units), max(unit.named_sizes[name] for unit in units))
        for name in KINDS[kind]
    }
    return _summary(library, kind, quantity, names, ranges, design, values)


def relative_least_squares(design: npt.NDArray[np.float64], values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return c >= 0 that minimises the sum of (design @ c / values - 1)^2.

    Args:
        design: features of every point, points x features.
        values: measured, all positive.
    """
    solution: npt.NDArray[np.float64] = nnls(design / values[:, None], np.ones(len(values)))[0]
    return solution


def leave_one_out(design: npt.NDArray[np.float64], values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the relative residual of every point under the fit to all others; empty with too few points."""
    points, features = design.shape
    if points < features + 2:
        return np.empty(0)
    residuals = np.empty(points)
    for i in range(points):
        others = np.arange(points) != i
        coefficients = relative_least_squares(design[others], values[others])
        residuals[i] = design[i] @ coefficients / values[i] - 1.0
    return residuals


@dataclass(frozen=True)
class EnergyPoint:
    """Energy and leakage of one unit, measured at random inputs.

    Attributes:
        kind: of unit.
        area_um2: of its cells.
        flip_flops: how many.
        operation_fj: one operation, without the clock.
        clock_fj: per cycle, all flip-flops.
        leakage_nw: of the unit.
    """

    kind: str
    area_um2: float
    flip_flops: int
    operation_fj: float
    clock_fj: float
    leakage_nw: float


ENERGY_CLASSES: Mapping[str, tuple[str, ...]] = {
    "multiplier": ("multiplier", "signed_multiplier", "shift_add"),
    "signed_multiplier": ("multiplier", "signed_multiplier", "shift_add"),
    "multiply_add": ("multiplier", "signed_multiplier", "shift_add"),
    "shift_add": ("multiplier", "signed_multiplier", "shift_add"),
    "adder_tree": ("multiplier", "signed_multiplier", "shift_add"),
    "power_of_two_multiplier": ("power_of_two_multiplier",),
    "adder": ("adder",),
    "negate": ("adder",),
    "maximum": ("adder",),
    "xor_row": ("adder",),
    "barrel_shifter": ("multiplexer",),
    "multiplexer": ("multiplexer",),
    "leading_zeros": ("multiplexer",),
    "and_row": ("multiplexer",),
    "or_reduce": ("multiplexer",),
    "constant_table": ("multiplexer",),
    "register": ("register",),
    "register_enable": ("register",),
    "float_multiply": ("float_multiply",),
    "float_add": ("float_add",),
}
"""Kind -> the kinds measured whose energy per area it takes: carry-save arrays are alike, carry chains of XOR gates are
alike, selecting gates are alike."""


def read_energy_points(rows: Iterable[Mapping[str, str]]) -> list[EnergyPoint]:
    """Return the points of a table with the columns of ``data/unit_energy.csv``."""
    return [
        EnergyPoint(
            row["kind"],
            float(row["area_um2"]),
            int(row["flip_flops"]),
            float(row["operation_fj"]),
            float(row["clock_fj"]),
            float(row["leakage_nw"]),
        )
        for row in rows
    ]


def fit_energy(library: str, points: Sequence[EnergyPoint]) -> list[Fit]:
    """Return energy (fJ/um2) and leakage (nW/um2) of every kind, and the clock energy of a flip-flop (fJ)."""
    fits = []
    for kind, measured in ENERGY_CLASSES.items():
        same = [point for point in points if point.kind in measured]
        area = np.array([[point.area_um2] for point in same])
        for quantity, values in (
            ("energy", np.array([point.operation_fj for point in same])),
            ("leakage", np.array([point.leakage_nw for point in same])),
        ):
            fits.append(_one_coefficient(library, kind, quantity, "area_um2", area, values))
    clocked = [point for point in points if point.flip_flops]
    count = np.array([[float(point.flip_flops)] for point in clocked])
    values = np.array([point.clock_fj for point in clocked])
    return [*fits, _one_coefficient(library, "register", "clock", "flip_flops", count, values)]


def _one_coefficient(
    library: str,
    kind: str,
    quantity: str,
    feature: str,
    design: npt.NDArray[np.float64],
    values: npt.NDArray[np.float64],
) -> Fit:
    return _summary(library, kind, quantity, [feature], {}, design, values)


def _summary(
    library: str,
    kind: str,
    quantity: str,
    names: Sequence[str],
    ranges: Mapping[str, tuple[int, int]],
    design: npt.NDArray[np.float64],
    values: npt.NDArray[np.float64],
) -> Fit:
    coefficients = relative_least_squares(design, values)
    residuals = design @ coefficients / values - 1.0
    left_out = leave_one_out(design, values)
    return Fit(
        library,
        kind,
        quantity,
        dict(zip(names, coefficients.tolist(), strict=True)),
        ranges,
        len(values),
        float(np.abs(residuals).max()),
        float(np.sqrt(np.mean(residuals**2))),
        float(np.abs(left_out).max()) if left_out.size else math.nan,
        float(np.sqrt(np.mean(left_out**2))) if left_out.size else math.nan,
    )
