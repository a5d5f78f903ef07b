"""Is an instruction trace whole? Compiled code doesn't check the places that it reads."""

from __future__ import annotations

import numpy as np

from codesign.errors import WorkloadError
from codesign.workloads.instructions.trace import BRANCHES, OPERATIONS, REGISTERS, InstructionTrace


def check_trace(trace: InstructionTrace) -> None:
    """Raise WorkloadError where arrays of the trace are too short or name what isn't there."""
    code, count = trace.code, len(trace)
    operands = int(trace.loads.sum(dtype=np.int64) + trace.stores.sum(dtype=np.int64))
    executed = f"{count} instructions with {operands} memory operands"
    for name, needed in (
        ("loads", count),
        ("stores", count),
        ("taken", count),
        ("operand_address", operands),
        ("operand_store", operands),
    ):
        shape = getattr(trace, name).shape
        if shape != (needed,):
            raise WorkloadError(f"trace {trace.name!r}: {name} has the shape {shape}; {executed} need ({needed},)")
    for name, values, most in (
        ("which", trace.which, len(code)),
        ("operation", code.operation, len(OPERATIONS)),
        ("branch", code.branch, len(BRANCHES)),
        ("sources", code.sources, REGISTERS),
        ("destinations", code.destinations, REGISTERS),
    ):
        found = values[(values < 0) | (values >= most)]
        if found.size:
            raise WorkloadError(f"trace {trace.name!r}: {name} holds {found[0]}; allowed are 0 to {most - 1}")
