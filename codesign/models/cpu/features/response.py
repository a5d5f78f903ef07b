"""One-pass times of a short excerpt of a program on many cores; mispredictions and misses of the whole program."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from codesign.errors import ModelInputError
from codesign.models.cpu.core import CoreSettings
from codesign.models.cpu.features.branch_view import branch_view
from codesign.models.cpu.features.cache_walk import STRUCTURES
from codesign.models.cpu.features.excerpt import Excerpt, excerpt
from codesign.models.cpu.features.intervals import LENGTH, Intervals, chosen_intervals
from codesign.models.cpu.features.machine import machine
from codesign.models.cpu.features.memory_view import MEMORY_RATES, memory_view
from codesign.models.cpu.features.recurrence import one_pass
from codesign.models.cpu.features.sample import Sample
from codesign.models.cpu.features.state import Integers, Program, Views, program_of, views_of

Values = npt.NDArray[np.float64]
BRANCH_SETTINGS = (
    "branch_predictor",
    "predictor_entries",
    "history_bits",
    "btb_sets",
    "btb_ways",
    "return_stack",
    "indirect_entries",
)
MEMORY_SETTINGS = (
    *(f"{name}_{size}" for name in STRUCTURES for size in ("sets", "ways")),
    "l1d_prefetcher",
    "l2_prefetcher",
    "prefetch_degree",
)
BRANCH_RATES = ("execution", "decode")
Key = tuple[object, ...]


@dataclass(frozen=True)
class Responses:
    """What a program does on some cores.

    Attributes:
        log_cpi: log of the one-pass cycles per instruction of the excerpt, shape (cores,).
        branches: ``BRANCH_RATES`` per instruction of the whole program, shape (cores, 2).
        memory: ``MEMORY_RATES`` per instruction of the whole program, shape (cores, rates).
        intervals: that the excerpt is made of.
    """

    log_cpi: Values
    branches: Values
    memory: Values
    intervals: Intervals


def responses(part: Sample, cores: Sequence[CoreSettings], signature: Sequence[CoreSettings]) -> Responses:
    """Return the responses of a program.

    Args:
        part: the whole.
        cores: whose responses are wanted; those that agree in their caches share one pass through these.
        signature: unlike cores on which the whole program is run to choose the intervals.

    Raises:
        ModelInputError: the program is shorter than one interval.
    """
    if part.instructions < LENGTH:
        raise ModelInputError(
            f"trace {part.trace.name!r} has {part.instructions} instructions behind a warm-up of {part.warmup};"
            f" needed: {LENGTH} at least"
        )
    program = program_of(part)
    branches = {key: branch_view(part, core) for key, core in _distinct(cores, BRANCH_SETTINGS).items()}
    intervals = _intervals(part, program, signature)
    cut = excerpt(program, intervals.begins, LENGTH)
    wrong = {key: view.wrong[cut.instructions] for key, view in branches.items()}
    log_cpi = np.zeros(len(cores))
    memory = np.zeros((len(cores), len(MEMORY_RATES)))
    for key, shared in _distinct(cores, MEMORY_SETTINGS).items():
        caches = memory_view(part, shared)
        views = cut.views(views_of(next(iter(branches.values())), caches))
        rates = caches.rates
        for place, core in enumerate(cores):
            if _key(core, MEMORY_SETTINGS) == key:
                own = views._replace(wrong=wrong[_key(core, BRANCH_SETTINGS)])
                log_cpi[place] = np.log(_cpi(cut, intervals, machine(core, part.encoded.registers), own))
                memory[place] = [rates[name] for name in MEMORY_RATES]
    mispredicted = [branches[_key(core, BRANCH_SETTINGS)].rates for core in cores]
    branch = np.array([[one[name] for name in BRANCH_RATES] for one in mispredicted])
    return Responses(log_cpi, branch, memory, intervals)


def _intervals(part: Sample, program: Program, signature: Sequence[CoreSettings]) -> Intervals:
    marks = np.arange(LENGTH, part.instructions + 1, LENGTH)
    cycles = []
    for core in signature:
        views = views_of(branch_view(part, core), memory_view(part, core))
        commits = one_pass(program, machine(core, part.encoded.registers), views, marks)
        cycles.append(np.diff(commits, prepend=0))
    return chosen_intervals(np.stack(cycles, axis=1).astype(np.float64))


def _cpi(cut: Excerpt, intervals: Intervals, machine: Integers, views: Views) -> float:
    commits = one_pass(cut.program, machine, views, cut.marks)
    return float((commits[1::2] - commits[::2]) @ intervals.weights) / LENGTH


def _key(core: CoreSettings, settings: Sequence[str]) -> Key:
    return tuple(getattr(core, name) for name in settings)


def _distinct(cores: Sequence[CoreSettings], settings: Sequence[str]) -> dict[Key, CoreSettings]:
    """Return one core for each combination of settings."""
    found: dict[Key, CoreSettings] = {}
    for core in cores:
        found.setdefault(_key(core, settings), core)
    return found
