"""A table of designs in, the table of metrics out: each program on each distinct core is simulated once."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
import pandas as pd

from codesign.errors import CodesignError
from codesign.models.columns import Columns, FloatArray, IntArray, read_columns
from codesign.models.cpu.core import CoreSettings
from codesign.models.cpu.design import refuse_small_windows, settings_of
from codesign.models.cpu.machine.layout import STALLS
from codesign.models.cpu.metrics import MISSES, SIMULATED_METRICS
from codesign.models.cpu.outcome import ENDS, ProgramOutcome, metric_columns, silicon_of
from codesign.models.cpu.parameters import SIMULATED_PARAMETERS
from codesign.models.cpu.programs import program_names
from codesign.models.cpu.silicon.event_columns import TIMED_RATES
from codesign.models.cpu.silicon.of_simulation import timed_rates, trace_events
from codesign.models.cpu.simulator import CoreSimulation, simulations
from codesign.workloads.instructions.catalogue import instruction_trace

NAME = "cpu.simulated"
COMPARED: Mapping[str, tuple[float, float]] = MappingProxyType(
    {
        "width": (1, 8),
        "rob": (32, 512),
        "l1i_kib": (16, 32),
        "l1d_kib": (16, 48),
        "l1d_mshrs": (4, 16),
        "l2_kib": (128, 1024),
        "llc_mib": (0.5, 2),
        "dram_data_rate_mts": (2400.0, 3200.0),
    }
)
"""Least and largest values of cores that were compared with ChampSim."""
COMPARED_TEXTS: Mapping[str, str] = MappingProxyType(
    {"branch_predictor": "bimodal", "l1d_prefetcher": "none", "l2_prefetcher": "none"}
)

Part = tuple[str, int, int]
"""A program, instructions of its warm-up, instructions that are timed."""


@dataclass(frozen=True)
class Question:
    """Designs that run the same.

    Attributes:
        programs: in their order.
        warmup, instructions: of each.
        places: of the designs.
    """

    programs: tuple[str, ...]
    warmup: int
    instructions: int
    places: IntArray

    @property
    def parts(self) -> list[Part]:
        """What is simulated."""
        return [(program, self.warmup, self.instructions) for program in self.programs]


@dataclass
class Answer:
    """What one program does on some cores: events of its trace, outcome by number of the core; or why it can't run."""

    of_trace: Mapping[str, float] = field(default_factory=dict)
    of_core: Mapping[int, CoreSimulation] = field(default_factory=dict)
    failure: str = ""


def evaluated(designs: pd.DataFrame) -> pd.DataFrame:
    """Evaluate a table of designs (see ``CpuSimulated.evaluate``)."""
    columns = read_columns(designs, SIMULATED_PARAMETERS, NAME)
    refuse_small_windows(columns)
    metrics = np.full((len(SIMULATED_METRICS), columns.rows), math.nan)
    in_range = np.zeros(columns.rows, dtype=bool)
    allowed = columns.allowed()
    rows = np.arange(columns.rows) if isinstance(allowed, slice) else allowed
    if len(rows):
        some = columns.kept(allowed)
        cores, core_of = _distinct_cores(some)
        questions = list(_questions(some))
        answers = _answers(questions, cores, core_of)
        for question in questions:
            failures = [answers[part].failure for part in question.parts if answers[part].failure]
            if failures:
                columns.reasons |= dict.fromkeys(rows[question.places].tolist(), failures[0])
                continue
            found = _metrics(some.kept(question.places), question, answers, core_of[question.places])
            metrics[:, rows[question.places]] = np.stack([found[name] for name in SIMULATED_METRICS])
        in_range[rows] = _compared(some)
    in_range &= ~np.isnan(metrics[0])
    return columns.framed(designs.index, list(SIMULATED_METRICS), metrics, in_range)


def program_rows(designs: pd.DataFrame) -> pd.DataFrame:
    """Return the designs' own columns and metrics, one row for each design and program, under the designs' index.

    Raises:
        ModelInputError: see ``CpuSimulated.evaluate``.
        UnknownNameError: a design names a program that there isn't.
    """
    names = [program_names(str(text)) for text in designs["program"]]
    each = designs.iloc[np.repeat(np.arange(len(designs)), [len(one) for one in names])]
    each = each.assign(program=[name for one in names for name in one])
    return pd.concat([each, evaluated(each)], axis=1)


def _distinct_cores(columns: Columns) -> tuple[list[CoreSettings], IntArray]:
    """Return the distinct cores, and for each design its one. A degree that no prefetcher reads is 1."""
    known: dict[CoreSettings, int] = {}
    which = []
    for core in settings_of(columns):
        same = core if core.l1d_prefetcher == "stride" else replace(core, prefetch_degree=1)
        which.append(known.setdefault(same, len(known)))
    return list(known), np.array(which, dtype=np.int64)


def _questions(columns: Columns) -> Iterator[Question]:
    names = np.array(columns.labels["program"], dtype=object)[columns.codes["program"]]
    numbers = [columns.numbers[name].astype(np.int64) for name in ("warmup", "instructions")]
    keys = [np.broadcast_to(values, (columns.rows,)).tolist() for values in (names, *numbers)]
    places: dict[tuple[str, int, int], list[int]] = {}
    for place, key in enumerate(zip(*keys, strict=True)):
        places.setdefault(key, []).append(place)
    for (text, warmup, instructions), own in places.items():
        yield Question(program_names(text), warmup, instructions, np.array(own, dtype=np.int64))


def _answers(questions: list[Question], cores: list[CoreSettings], core_of: IntArray) -> dict[Part, Answer]:
    """Simulate every program on every core that some design asks for, once."""
    wanted: dict[Part, set[int]] = {}
    for question in questions:
        for part in question.parts:
            wanted.setdefault(part, set()).update(core_of[question.places].tolist())
    return {part: _answer(part, sorted(numbers), cores) for part, numbers in wanted.items()}


def _answer(part: Part, numbers: list[int], cores: list[CoreSettings]) -> Answer:
    program, warmup, instructions = part
    try:
        trace = instruction_trace(program)
        found = simulations(
            trace,
            [cores[number] for number in numbers],
            warmup=warmup,
            instructions=instructions,
            threads=os.cpu_count() or 1,
        )
    except CodesignError as error:
        return Answer(failure=str(error))
    return Answer(trace_events(trace, warmup, instructions), dict(zip(numbers, found, strict=True)))


def _metrics(
    columns: Columns, question: Question, answers: Mapping[Part, Answer], core_of: IntArray
) -> dict[str, FloatArray]:
    """Return the metrics of the designs of one question."""
    runs = [[answers[part].of_core[number] for number in core_of.tolist()] for part in question.parts]
    outcomes = [
        ProgramOutcome(answers[part].of_trace, _rates(found)) for part, found in zip(question.parts, runs, strict=True)
    ]
    return metric_columns(silicon_of(columns), outcomes) | _stall_shares(runs)


def _rates(runs: list[CoreSimulation]) -> dict[str, FloatArray]:
    rows = [timed_rates(run) for run in runs]
    found = {name: np.array([row[name] for row in rows]) for name in TIMED_RATES}
    found |= {f"{name}_mpki": np.array([run.mpki[name] for run in runs]) for name in MISSES}
    return found | dict.fromkeys(ENDS, found["ipc"])


def _stall_shares(runs: list[list[CoreSimulation]]) -> dict[str, FloatArray]:
    """Return slots of each kind / all slots, both per instruction and added up over programs."""
    slots = {name: np.zeros(len(runs[0])) for name in STALLS}
    for found in runs:
        for name in STALLS:
            slots[name] = slots[name] + np.array([run.stall_slots[name] / run.instructions for run in found])
    total = np.zeros(len(runs[0]))
    for values in slots.values():
        total = total + values
    return {f"{name}_share": values / total for name, values in slots.items()}


def _compared(columns: Columns) -> npt.NDArray[np.bool_]:
    """Return which designs lie within the cores that were compared."""
    inside = np.ones(columns.rows, dtype=bool)
    for name, (least, largest) in COMPARED.items():
        inside &= (columns.numbers[name] >= least) & (columns.numbers[name] <= largest)
    for name, text in COMPARED_TEXTS.items():
        inside &= columns.codes[name] == columns.labels[name].index(text)
    return inside
