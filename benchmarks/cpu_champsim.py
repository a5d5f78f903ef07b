"""ChampSim on a shipped instruction trace, if it is built here: ``CHAMPSIM=path/to/bin/champsim``.

Build commit 2ff2501 with the core ``mid`` of ``codesign/models/cpu/data/cores.yaml``.
"""

from __future__ import annotations

import os
import resource
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import numpy.typing as npt

from codesign.workloads.instructions.trace import BRANCHES, InstructionTrace

VARIABLE = "CHAMPSIM"
STATED_K_PER_S = 134.0
"""Thousands of instructions a CPU second: the middle of 51 runs (17 programs on cores of width 2, 4 and 6; 5 ... 319),
commit 2ff2501 on an AMD EPYC, 2026."""
RECORD = np.dtype(
    [
        ("address", "<u8"),
        ("is_branch", "u1"),
        ("taken", "u1"),
        ("destinations", "u1", 2),
        ("sources", "u1", 4),
        ("stores", "<u8", 2),
        ("loads", "<u8", 4),
    ]
)
"""One instruction of its trace files."""


def records(trace: InstructionTrace, count: int) -> npt.NDArray[np.void]:
    """Return the first ``count`` instructions as ChampSim's records."""
    which, code = trace.which[:count], trace.code
    found = np.zeros(count, dtype=RECORD)
    found["address"] = code.address[which]
    kind = code.branch[which]
    found["is_branch"] = (kind != BRANCHES.index("none")) & (kind != BRANCHES.index("system"))
    found["taken"] = trace.taken[:count]
    found["destinations"] = code.destinations[which][:, :2]
    found["sources"] = code.sources[which][:, :4]
    operands = trace.loads[:count].astype(np.int64) + trace.stores[:count]
    owner = np.repeat(np.arange(count), operands)
    written, address = trace.operand_store[: len(owner)], trace.operand_address[: len(owner)]
    for name, chosen, most in (("stores", written, 2), ("loads", ~written, 4)):
        mine = owner[chosen]
        place = np.arange(len(mine)) - np.searchsorted(mine, mine)
        kept = place < most
        found[name][mine[kept], place[kept]] = address[chosen][kept]
    return found


def measured_k_per_s(trace: InstructionTrace, warmup: int, instructions: int) -> float | None:
    """Return thousands of instructions that it simulates in a CPU second; None where it isn't built here."""
    binary = os.environ.get(VARIABLE)
    if not binary:
        return None
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"{trace.name}.champsimtrace"
        ahead = instructions // 10
        records(trace, min(warmup + instructions + ahead, len(trace))).tofile(file)
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        command = [binary, "-w", str(warmup), "-i", str(instructions), "--hide-heartbeat", str(file)]
        subprocess.run(command, check=True, capture_output=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return (warmup + instructions) / seconds / 1e3
