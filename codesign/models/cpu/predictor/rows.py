"""What the correction reads of a program on a core: one row of numbers for each pair."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from codesign.errors import ModelInputError
from codesign.models.cpu.features.program import ProgramFeatures
from codesign.models.cpu.predictor.bounds import RESOURCES, bounds
from codesign.models.cpu.predictor.encoding import COORDINATES, SeenProgram, coordinates, seen_program, settings_of
from codesign.models.cpu.predictor.surface import Points, Scales, fitted_scales, surface_values, weights

Rows = npt.NDArray[np.float32]
Values = npt.NDArray[np.float64]
SHARES = ("alu", "multiply", "divide", "fp", "fp_divide", "branch", "loads", "stores", "taken")
PROGRAM_NUMBERS = (
    *(f"{name}{most}" for name in SHARES for most in ("", "_most")),
    "dependences_p10",
    "dependences_p50",
    "dependences_p90",
    "dependences_all",
    "rob_32_all",
    "rob_128_p10",
    "rob_128_all",
    "rob_512_all",
    "loads_32_all",
    "stores_32_all",
)
SCALE_ANCHORS = 384
"""Anchors that the scales are fitted to."""
BOUND_COLUMNS = tuple(f"bound_{name}" for name in RESOURCES)
COLUMNS = ("log_cpi", *BOUND_COLUMNS, "bound", *COORDINATES, *PROGRAM_NUMBERS)
LOG_CPI = COLUMNS.index("log_cpi")
BOUND = COLUMNS.index("bound")
POINTS = slice(COLUMNS.index(COORDINATES[0]), COLUMNS.index(COORDINATES[-1]) + 1)


@dataclass(frozen=True)
class Surface:
    """The one-pass log CPI of one program over the space of cores.

    Attributes:
        program: who sees the cores.
        scales: of the kernel.
        points: of the anchors, shape (anchors, coordinates).
        mean: of the values.
        slopes: weights, shape (anchors, 1), float32.
    """

    program: SeenProgram
    scales: Scales
    points: Points
    mean: Values
    slopes: Points


def surface_of(features: ProgramFeatures, anchors: pd.DataFrame, scales: Scales | None = None) -> Surface:
    """Return the surface through the responses of a program on the anchors.

    Args:
        features: of the program.
        anchors: rows of the space of cores on which they were taken.
        scales: of the kernel; fitted to the responses if None.

    Raises:
        ModelInputError: there are responses for another number of anchors.
    """
    if len(features.log_cpi) != len(anchors):
        raise ModelInputError(
            f"features of {features.name!r} hold {len(features.log_cpi)} responses; the anchors are {len(anchors)}"
        )
    program = seen_program(features, anchors)
    points = coordinates(program, anchors, settings_of(anchors))
    values = features.log_cpi.astype(np.float64)
    if scales is None:
        scales = fitted_scales(points[:SCALE_ANCHORS], values[:SCALE_ANCHORS])
    mean, slopes = weights(points, values[:, None], scales)
    return Surface(program, scales, points, mean, slopes.astype(np.float32))


def feature_rows(surface: Surface, cores: pd.DataFrame, settings: Points) -> Rows:
    """Return ``COLUMNS`` of a program on each core, shape (cores, columns).

    Args:
        surface: of the program.
        cores: rows of the space.
        settings: ``settings_of`` the cores.
    """
    points = coordinates(surface.program, cores, settings)
    log_cpi = surface_values(points, surface.points, surface.slopes, surface.mean, surface.scales)
    limits = np.log(bounds(surface.program.numbers, cores)).astype(np.float32)
    numbers = np.array([surface.program.numbers[name] for name in PROGRAM_NUMBERS], dtype=np.float32)
    repeated = np.broadcast_to(numbers, (len(cores), len(numbers)))
    return np.concatenate((log_cpi, limits, limits.min(axis=1, keepdims=True), points, repeated), axis=1)
