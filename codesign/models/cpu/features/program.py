"""All that is kept of a program: what the predictor reads instead of the trace."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from codesign.errors import ModelInputError
from codesign.models.cpu.core import CoreSettings
from codesign.models.cpu.features.distributions import counted, resource_features
from codesign.models.cpu.features.memory_view import MEMORY_RATES, memory_view
from codesign.models.cpu.features.response import BRANCH_RATES, responses
from codesign.models.cpu.features.sample import Sample

Singles = npt.NDArray[np.float32]
FORMAT = 1


@dataclass(frozen=True)
class ProgramFeatures:
    """Numbers of one program; m anchors are the cores on which it was looked at.

    Attributes:
        name: of the program.
        numbers: shares and throughputs by name (``distributions.py``).
        log_cpi: of the one-pass recurrence on the anchors, shape (m,), float32.
        branches: ``BRANCH_RATES`` of the anchors' predictors, per instruction, shape (m, 2), float32.
        memory: ``MEMORY_RATES`` of the anchors' caches, per instruction, shape (m, rates), float32.
    """

    name: str
    numbers: Mapping[str, float]
    log_cpi: Singles
    branches: Singles
    memory: Singles


def program_features(
    part: Sample, anchors: Sequence[CoreSettings], signature: Sequence[CoreSettings]
) -> ProgramFeatures:
    """Return the features of a program.

    Args:
        part: the instructions that count, behind those that warm up.
        anchors: cores on which an excerpt is run.
        signature: cores on which the whole is run, to choose the excerpt.
    """
    core = CoreSettings()
    numbers = counted(part) | dict(resource_features(part, memory_view(part, core), core))
    found = responses(part, anchors, signature)
    singles = (found.log_cpi.astype(np.float32), found.branches.astype(np.float32), found.memory.astype(np.float32))
    return ProgramFeatures(part.trace.name, numbers, *singles)


def save_features(features: ProgramFeatures, path: Path) -> None:
    """Write features to a file ``.npz``, whole or not at all; equal features give equal bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}.npz")
    np.savez_compressed(
        partial,
        format=np.int64(FORMAT),
        name=np.array(features.name),
        keys=np.array(list(features.numbers)),
        values=np.array(list(features.numbers.values()), dtype=np.float64),
        rates=np.array((*BRANCH_RATES, *MEMORY_RATES)),
        log_cpi=features.log_cpi,
        branches=features.branches,
        memory=features.memory,
    )
    partial.replace(path)


def load_features(path: Path) -> ProgramFeatures:
    """Read what ``save_features`` wrote.

    Raises:
        ModelInputError: the file has another format or other rates.
    """
    with np.load(path, allow_pickle=False) as held:
        if "format" not in held or int(held["format"]) != FORMAT:
            raise ModelInputError(f"{path}: not features of format {FORMAT}; extract them again")
        if tuple(held["rates"].tolist()) != (*BRANCH_RATES, *MEMORY_RATES):
            raise ModelInputError(f"{path}: features with other rates than this version's; extract them again")
        numbers = dict(zip(held["keys"].tolist(), held["values"].tolist(), strict=True))
        return ProgramFeatures(str(held["name"]), numbers, held["log_cpi"], held["branches"], held["memory"])
