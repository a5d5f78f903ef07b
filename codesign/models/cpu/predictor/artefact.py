"""What training leaves in the package: one file for all programs, the features of each, the errors."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from codesign.errors import ModelInputError, UnknownNameError, nearest
from codesign.models.cpu.design import drawn_cores
from codesign.models.cpu.features.program import ProgramFeatures, load_features
from codesign.models.cpu.predictor.anchors import anchors
from codesign.models.cpu.predictor.encoding import settings_of
from codesign.models.cpu.predictor.predictor import ProgramPredictor
from codesign.models.cpu.predictor.rates import LEARNED, CommonRates, OwnRates
from codesign.models.cpu.predictor.residual import fitted_residual
from codesign.models.cpu.predictor.rows import LOG_CPI, POINTS, feature_rows, surface_of
from codesign.models.cpu.predictor.surface import Scales
from codesign.models.cpu.predictor.trees import Trees

FORMAT = 1
DATA = "codesign.models.cpu.predictor"
TREE_ARRAYS = ("roots", "feature", "left", "right", "threshold")
Singles = npt.NDArray[np.float32]


@dataclass(frozen=True)
class SimulatedProgram:
    """What is kept of a program that was simulated.

    Attributes:
        scales: of its surface's kernel.
        ipc: simulated on the first drawn cores, shape (cores,), float32.
        noise: of the correction that these tell.
        rates: of its events.
        factors: of the interval, by level.
    """

    scales: Scales
    ipc: Singles
    noise: float
    rates: OwnRates
    factors: Mapping[float, float]


@dataclass(frozen=True)
class IpcPredictor:
    """Everything that was trained.

    Attributes:
        correction: of log CPI, of programs never simulated.
        rates: of events, of these.
        factors: of intervals by level, of programs never simulated.
        programs: that were simulated, by name.
    """

    correction: Trees
    rates: CommonRates
    factors: Mapping[float, float]
    programs: Mapping[str, SimulatedProgram] = field(default_factory=dict)

    def of_features(self, features: ProgramFeatures) -> ProgramPredictor:
        """Return the predictor of a program that was never simulated."""
        return ProgramPredictor(surface_of(features, anchors()), self.correction, self.rates, self.factors)

    def of_program(self, features: ProgramFeatures) -> ProgramPredictor:
        """Return the predictor of one of ``programs``, which knows its simulations.

        Raises:
            UnknownNameError: the program isn't among them.
        """
        name = features.name
        if name not in self.programs:
            known = ", ".join(self.programs)
            raise UnknownNameError(
                f"program {name!r} was not simulated for training{nearest(name, self.programs)}; known: {known}"
            )
        held = self.programs[name]
        surface = surface_of(features, anchors(), held.scales)
        cores = drawn_cores(len(held.ipc))
        rows = feature_rows(surface, cores, settings_of(cores))
        residuals = -np.log(held.ipc.astype(np.float64)) - rows[:, LOG_CPI].astype(np.float64)
        residual = fitted_residual(np.ascontiguousarray(rows[:, POINTS]), residuals, held.scales, held.noise)
        return ProgramPredictor(surface, residual, held.rates, held.factors)


def save_predictor(predictor: IpcPredictor, path: Path) -> None:
    """Write a trained predictor to a file ``.npz``."""
    programs = predictor.programs
    trees = (predictor.correction, *predictor.rates.trees)
    held: dict[str, Any] = {f"{name}_{n}": getattr(t, name) for n, t in enumerate(trees) for name in TREE_ARRAYS}
    np.savez_compressed(
        path,
        format=np.int64(FORMAT),
        rates=np.array(LEARNED),
        bases=np.array([tree.base for tree in trees]),
        levels=np.array(list(predictor.factors)),
        factors=np.array(list(predictor.factors.values())),
        programs=np.array(list(programs)),
        inverse=np.array([one.scales.inverse for one in programs.values()]),
        trend=np.array([one.scales.trend for one in programs.values()]),
        noise=np.array([one.scales.noise for one in programs.values()]),
        ipc=np.array([one.ipc for one in programs.values()]),
        own_noise=np.array([one.noise for one in programs.values()]),
        own_rates=np.array([one.rates.weights for one in programs.values()]),
        own_factors=np.array([[one.factors[level] for level in predictor.factors] for one in programs.values()]),
        **held,
    )


def load_predictor(path: Path) -> IpcPredictor:
    """Read what ``save_predictor`` wrote.

    Raises:
        ModelInputError: the file has another format.
    """
    with np.load(path, allow_pickle=False) as file:
        if "format" not in file or int(file["format"]) != FORMAT or tuple(file["rates"].tolist()) != LEARNED:
            raise ModelInputError(f"{path}: not a predictor of format {FORMAT}; train it again")
        held = {name: file[name] for name in file.files}
    bases = held["bases"].tolist()
    trees = [Trees(base, *(held[f"{name}_{n}"] for name in TREE_ARRAYS)) for n, base in enumerate(bases)]
    levels = held["levels"].tolist()
    programs = {
        str(name): SimulatedProgram(
            Scales(held["inverse"][place], float(held["trend"][place]), float(held["noise"][place])),
            held["ipc"][place],
            float(held["own_noise"][place]),
            OwnRates(held["own_rates"][place]),
            dict(zip(levels, held["own_factors"][place].tolist(), strict=True)),
        )
        for place, name in enumerate(held["programs"])
    }
    factors = dict(zip(levels, held["factors"].tolist(), strict=True))
    return IpcPredictor(trees[0], CommonRates(tuple(trees[1:])), factors, programs)


@cache
def trained_predictor() -> IpcPredictor:
    """Return the predictor that comes with the package."""
    with as_file(files(DATA).joinpath("data/predictor.npz")) as path:
        return load_predictor(path)


@cache
def trained_features(program: str) -> ProgramFeatures:
    """Return the features of a committed program.

    Raises:
        UnknownNameError: there are none.
    """
    known = trained_predictor().programs
    if program not in known:
        raise UnknownNameError(
            f"no features of program {program!r}{nearest(program, known)}; known: {', '.join(known)}"
        )
    with as_file(files(DATA).joinpath(f"data/features/{program}.npz")) as path:
        return load_features(path)


@cache
def trained_program(program: str) -> ProgramPredictor:
    """Return the predictor of a committed program, which knows its simulations.

    Raises:
        UnknownNameError: there is none.
    """
    return trained_predictor().of_program(trained_features(program))


@cache
def trained_errors() -> Mapping[str, Any]:
    """Return the errors of the trained predictor on held-out programs and cores, as training wrote them."""
    text = files(DATA).joinpath("data/errors.json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    return found
