"""A table of designs in, the table of predicted metrics out: each program's predictor on all designs that run it."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cache, lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from codesign.errors import CodesignError
from codesign.models.columns import Columns, FloatArray, IntArray, read_columns
from codesign.models.cpu.design import SPACE, refuse_small_windows
from codesign.models.cpu.metrics import METRICS
from codesign.models.cpu.outcome import ENDS, ProgramOutcome, metric_columns, silicon_of
from codesign.models.cpu.parameters import PARAMETERS, WARMUP
from codesign.models.cpu.predictor.anchors import features_of_trace
from codesign.models.cpu.predictor.artefact import trained_errors, trained_predictor, trained_program
from codesign.models.cpu.predictor.cache_rates import CACHES
from codesign.models.cpu.predictor.evaluation import LEARNED
from codesign.models.cpu.predictor.predictor import ProgramPredictor
from codesign.models.cpu.predictor.rates import RATES
from codesign.models.cpu.programs import program_names
from codesign.models.cpu.silicon.of_simulation import trace_events
from codesign.models.cpu.splits_protocol import BOTH_UNSEEN, UNSEEN_CORE
from codesign.models.protocol import Metric
from codesign.workloads.instructions.catalogue import instruction_trace

NAME = "cpu.predicted"
LISTED = (*CACHES, "predictor_entries")
"""Parameters of which only the values of ``SPACE`` can be predicted; of the others all between the ends."""
FROM_IPC = (
    "ipc",
    *ENDS,
    "cpi",
    "time_per_instruction_ns",
    "energy_per_instruction_pj",
    "power_w",
    "energy_delay_pj_ns",
)
KEPT_PREDICTORS = 64


def evaluated(designs: pd.DataFrame) -> pd.DataFrame:
    """Evaluate a table of designs (see ``CpuPredicted.evaluate``)."""
    columns = read_columns(designs, PARAMETERS, NAME)
    refuse_small_windows(columns)
    _refuse_unknown(columns)
    metrics = np.full((len(METRICS), columns.rows), math.nan)
    allowed = columns.allowed()
    rows = np.arange(columns.rows) if isinstance(allowed, slice) else allowed
    if len(rows):
        some = columns.kept(allowed)
        cores = _cores(some)
        for text, places in _questions(some):
            try:
                outcomes = _outcomes(program_names(text), cores.iloc[places])
            except CodesignError as error:
                columns.reasons |= dict.fromkeys(rows[places].tolist(), str(error))
                continue
            found = metric_columns(silicon_of(some.kept(places)), outcomes)
            metrics[:, rows[places]] = np.stack([found[name] for name in METRICS])
    return columns.framed(designs.index, list(METRICS), metrics, ~np.isnan(metrics[0]))


@cache
def predicted_metrics() -> Mapping[str, Metric]:
    """Return ``metrics.METRICS`` with the errors that training measured on held-out cores and programs."""
    errors = {(row["split"], row["predictor"]): row["mape_cpi_percent"] for row in trained_errors()["errors"]}
    seen, unseen = (errors[split, LEARNED] for split in (UNSEEN_CORE, BOTH_UNSEEN))
    text = (
        f"against cpu.simulated: CPI {seen:.1f} % in the mean on cores not simulated for training, {unseen:.1f} % on"
        " programs and cores that weren't (docs/models/cpu-predictor.md); to which come the errors of cpu.simulated: "
    )
    changed = {name: replace(METRICS[name], known_error=text + METRICS[name].known_error) for name in FROM_IPC}
    return MappingProxyType({**METRICS, **changed})


def _refuse_unknown(columns: Columns) -> None:
    """Give designs outside of the space that the predictor was trained on a reason."""
    for name, values in SPACE.items():
        if isinstance(values[0], str):
            given = np.array(columns.labels[name], dtype=object)[columns.codes[name]]
            bad, allowed = ~np.isin(given, values), ", ".join(map(str, values))
        else:
            given = columns.numbers[name]
            if name in LISTED:
                bad, allowed = ~np.isin(given, values), ", ".join(f"{float(value):g}" for value in values)
            else:
                low, high = float(min(values)), float(max(values))
                bad, allowed = ~((given >= low) & (given <= high)), f"{low:g} to {high:g}"
        texts = {
            row: f"{name} = {_shown(given[0 if given.size == 1 else row])}; {NAME} knows {allowed}, cpu.simulated more"
            for row in (range(columns.rows) if bad.size == 1 else np.flatnonzero(bad).tolist())
            if bad.any()
        }
        columns.refuse(bad, texts)


def _shown(value: object) -> str:
    return repr(value) if isinstance(value, str) else f"{value:g}"


def _cores(columns: Columns) -> pd.DataFrame:
    """Return the parameters of ``SPACE``, one row for each design."""
    found: dict[str, Any] = {}
    for name, values in SPACE.items():
        if isinstance(values[0], str):
            codes = np.broadcast_to(columns.codes[name], (columns.rows,))
            found[name] = pd.Categorical.from_codes(codes, categories=pd.Index(columns.labels[name]))
        else:
            found[name] = np.broadcast_to(columns.numbers[name], (columns.rows,))
    return pd.DataFrame(found)


def _questions(columns: Columns) -> list[tuple[str, IntArray]]:
    """Return each text that names programs, with the positions of its designs."""
    codes = np.broadcast_to(columns.codes["program"], (columns.rows,))
    return [(columns.labels["program"][code], np.flatnonzero(codes == code)) for code in np.unique(codes).tolist()]


def _outcomes(programs: Sequence[str], cores: pd.DataFrame) -> list[ProgramOutcome]:
    for name in programs:
        _predictor(name), _events(name)
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        return list(pool.map(lambda name: _outcome(name, cores), programs))


def _outcome(program: str, cores: pd.DataFrame) -> ProgramOutcome:
    """Return what is predicted; no core commits more than ``width`` instructions a cycle."""
    told, width = _predictor(program).predict_all(cores), cores["width"].to_numpy()
    rates: dict[str, FloatArray] = {name: np.minimum(told[name].to_numpy(), width) for name in ("ipc", *ENDS)}
    rates |= {name: told[name].to_numpy() for name in RATES}
    return ProgramOutcome(_events(program), rates)


def _predictor(program: str) -> ProgramPredictor:
    if program in trained_predictor().programs:
        return trained_program(program)
    file = Path(program)
    found = file.stat() if file.exists() else None
    return _extracted(program, 0 if found is None else found.st_mtime_ns)


@lru_cache(maxsize=KEPT_PREDICTORS)
def _extracted(program: str, changed: int) -> ProgramPredictor:
    """Return the predictor of a trace that was not simulated for training; ``changed``: when its file was."""
    return trained_predictor().of_features(features_of_trace(instruction_trace(program)))


@lru_cache(maxsize=KEPT_PREDICTORS)
def _events(program: str) -> Mapping[str, float]:
    trace = instruction_trace(program)
    return trace_events(trace, WARMUP, len(trace) - WARMUP)
