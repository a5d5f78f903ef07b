"""The cores on which every program is looked at, and its features on them."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from codesign.models.cpu.core import CoreSettings
from codesign.models.cpu.design import core_settings, drawn_cores
from codesign.models.cpu.features.program import ProgramFeatures, load_features, program_features, save_features
from codesign.models.cpu.features.sample import sample
from codesign.models.cpu.parameters import WARMUP
from codesign.models.cpu.predictor.cache_rates import CACHES
from codesign.workloads.instructions.trace import InstructionTrace

ANCHORS, ANCHOR_SEED = 512, 1
SIGNATURE, SIGNATURE_SEED = 8, 2
CACHE_SETS, CACHE_SEED = 128, 3


@cache
def anchors() -> pd.DataFrame:
    """Return the anchors: rows of the space of cores, not among those that labels are made for.

    They share ``CACHE_SETS`` combinations of caches, so that caches are walked that often only.
    """
    rows = drawn_cores(ANCHORS, ANCHOR_SEED)
    caches = drawn_cores(CACHE_SETS, CACHE_SEED)[list(CACHES)]
    caches.loc[caches["l1d_prefetcher"] != "stride", "prefetch_degree"] = 1
    for name in CACHES:
        rows[name] = caches[name].to_numpy()[np.arange(ANCHORS) % CACHE_SETS]
    return rows


@cache
def _settings() -> tuple[tuple[CoreSettings, ...], tuple[CoreSettings, ...]]:
    return tuple(core_settings(anchors())), tuple(core_settings(drawn_cores(SIGNATURE, SIGNATURE_SEED)))


def features_of_trace(trace: InstructionTrace) -> ProgramFeatures:
    """Return the features of a trace, taken on the anchors (about ten seconds for a million instructions).

    Raises:
        ModelInputError: the trace isn't longer than ``WARMUP``.
    """
    looked, signature = _settings()
    return program_features(sample(trace, WARMUP), looked, signature)


def kept_features(trace: InstructionTrace, folder: Path) -> ProgramFeatures:
    """Return the features of a trace from a folder or, where it lacks them, extracted and kept."""
    file = folder / f"{trace.name}.npz"
    if not file.exists():
        save_features(features_of_trace(trace), file)
    return load_features(file)
