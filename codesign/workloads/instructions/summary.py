"""What a trace consists of."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from codesign.workloads.instructions.trace import BRANCHES, OPERATIONS, InstructionTrace

LINE_BYTES = 64
PAGE_BYTES = 4096


def summary(trace: InstructionTrace) -> pd.DataFrame:
    """Return one row with these columns:

    - ``trace``; ``instructions``: executed; ``static_instructions``: distinct ones; ``windows``.
    - ``load_share``, ``store_share``: memory operands read and written per instruction.
    - ``branch_share``: branches per instruction; ``taken_share``: of conditional branches, those that jumped (NaN where
      there is none).
    - ``code_lines``: lines of 64 bytes in which instructions begin; ``data_lines``, ``data_pages``: lines, and pages of
      4 KiB, in which operands begin or end.
    """
    conditional = (trace.code.branch == BRANCHES.index("conditional"))[trace.which]
    return pd.DataFrame(
        {
            "trace": [trace.name],
            "instructions": [len(trace)],
            "static_instructions": [len(trace.code)],
            "windows": [len(trace.windows)],
            "load_share": [float(trace.loads.mean())],
            "store_share": [float(trace.stores.mean())],
            "branch_share": [float(branch_counts(trace)["share"].sum())],
            "taken_share": [float(trace.taken[conditional].mean()) if conditional.any() else float("nan")],
            "code_lines": [len(np.unique(trace.code.address[np.unique(trace.which)] // np.uint64(LINE_BYTES)))],
            "data_lines": [_touched(trace, LINE_BYTES)],
            "data_pages": [_touched(trace, PAGE_BYTES)],
        }
    )


def operation_counts(trace: InstructionTrace) -> pd.DataFrame:
    """Return columns ``operation``, ``instructions``, ``share``: classes that occur, the most frequent first."""
    return _counted("operation", OPERATIONS, np.bincount(trace.code.operation[trace.which], minlength=len(OPERATIONS)))


def branch_counts(trace: InstructionTrace) -> pd.DataFrame:
    """Return columns ``branch``, ``instructions``, ``share`` (of all instructions) of the kinds that occur."""
    counts = np.bincount(trace.code.branch[trace.which], minlength=len(BRANCHES))
    found = _counted("branch", BRANCHES, counts)
    return found[found["branch"] != "none"].reset_index(drop=True)


def _counted(what: str, names: tuple[str, ...], counts: npt.NDArray[np.int64]) -> pd.DataFrame:
    table = pd.DataFrame({what: names, "instructions": counts, "share": counts / counts.sum()})
    table = table[table["instructions"] > 0].sort_values("instructions", ascending=False, kind="stable")
    return table.reset_index(drop=True)


def _touched(trace: InstructionTrace, block_bytes: int) -> int:
    block = np.uint64(block_bytes)
    last = trace.operand_address + np.maximum(trace.operand_size, np.uint8(1)).astype(np.uint64) - np.uint64(1)
    return len(np.unique(np.concatenate([trace.operand_address // block, last // block])))
