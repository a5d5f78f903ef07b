"""True IPC and events of programs on drawn cores: simulated once, kept in a folder, taken up after a break."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

import pandas as pd

from codesign.models.compiled import source_stamp
from codesign.models.cpu import machine
from codesign.models.cpu.core import CoreSettings
from codesign.models.cpu.design import SPACE, core_settings, drawn_cores
from codesign.models.cpu.encoding import encode_core
from codesign.models.cpu.parameters import WARMUP
from codesign.models.cpu.predictor.rates import RATES
from codesign.models.cpu.silicon.of_simulation import timed_rates
from codesign.models.cpu.simulator import CoreSimulation, simulations
from codesign.workloads.instructions.trace import InstructionTrace

Progress = Callable[[str, int, int], None]
"""Called with the program, the cores that are done, and all of them."""
PART = 64
KEPT = ("ipc", *RATES)


def labels(trace: InstructionTrace, count: int, folder: Path, threads: int, progress: Progress) -> pd.DataFrame:
    """Return what a trace does on the first ``count`` drawn cores: columns program, core and ``KEPT``.

    Every ``PART`` cores are written to a file of their own; those that are there already are read. A file's name holds
    what its numbers depend on: the trace, the warm-up, the space of cores, and the sources of the simulator.
    """
    cores = core_settings(drawn_cores(count))
    place = folder / f"{trace.name}-{fingerprint(trace)}"
    place.mkdir(parents=True, exist_ok=True)
    parts = []
    for first in range(0, count, PART):
        chunk = cores[first : first + PART]
        found = _part(trace, chunk, place / f"{first}-{len(chunk)}.parquet", threads)
        parts.append(found.assign(core=range(first, first + len(chunk))))
        progress(trace.name, min(first + PART, count), count)
    return pd.concat(parts, ignore_index=True).assign(program=trace.name)[["program", "core", *KEPT]]


def fingerprint(trace: InstructionTrace) -> str:
    """Return twelve digits that move with the instructions of a trace, the space of cores and the simulator."""
    digest = hashlib.sha256()
    code = trace.code
    for held in (trace.which, trace.operand_address, trace.taken, code.operation, code.sources, code.destinations):
        digest.update(held.tobytes())
    digest.update(f"{WARMUP} {_simulator_stamp()} {dict(SPACE)} {CoreSettings()}".encode())
    return digest.hexdigest()[:12]


def _part(trace: InstructionTrace, cores: Sequence[CoreSettings], file: Path, threads: int) -> pd.DataFrame:
    if not file.exists():
        found = pd.DataFrame([_row(one) for one in simulations(trace, cores, warmup=WARMUP, threads=threads)])
        partial = file.with_suffix(f".{os.getpid()}.partial")
        found[list(KEPT)].to_parquet(partial)
        partial.replace(file)
    return pd.read_parquet(file)


def _row(run: CoreSimulation) -> dict[str, float]:
    return {f"{name}_mpki": rate for name, rate in run.mpki.items()} | dict(timed_rates(run))


@cache
def _simulator_stamp() -> str:
    """Text that moves with the sources of the simulator; taken once, when they are compiled."""
    encoding = Path(str(sys.modules[encode_core.__module__].__file__)).read_bytes()
    return f"{source_stamp(Path(machine.__file__).parent)} {hashlib.sha256(encoding).hexdigest()}"
