"""A trace as the one-pass models read it: some instructions that only warm up, then the ones that count."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from codesign.errors import ModelInputError
from codesign.models.cpu.encoding import EncodedTrace, encode_trace
from codesign.workloads.instructions.trace import InstructionTrace


@dataclass(frozen=True)
class Sample:
    """A trace.

    Attributes:
        trace: the trace itself.
        encoded: as the simulator reads it.
        warmup: how many of its instructions only train caches and predictors.
        forwarders: per memory operand, number of the store (counted over all stores, warm-up included) that wrote the
            same address last, -1 where there is none.
    """

    trace: InstructionTrace
    encoded: EncodedTrace
    warmup: int
    forwarders: npt.NDArray[np.int64]

    @property
    def instructions(self) -> int:
        """How many count."""
        return len(self.trace) - self.warmup


def sample(trace: InstructionTrace, warmup: int) -> Sample:
    """Return a trace of which the first ``warmup`` instructions only warm up.

    Raises:
        ModelInputError: no instruction counts.
    """
    if not 0 <= warmup < len(trace):
        raise ModelInputError(
            f"trace {trace.name!r} has {len(trace)} instructions: a warm-up of {warmup} leaves none that counts"
        )
    encoded = encode_trace(trace, len(trace), reference=False)
    return Sample(trace, encoded, warmup, last_stores(encoded.addresses, encoded.written))


def last_stores(addresses: npt.NDArray[np.int64], written: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """Return, for each operand, the number of the last store before it to its address; -1 where there is none.

    Args:
        addresses: of all operands in program order, shape (operands,).
        written: whether an operand is a store.
    """
    order = np.argsort(addresses, kind="stable")
    numbers = np.cumsum(written) - 1
    seen = np.where(written[order], numbers[order], -1)
    before = np.concatenate(([-1], seen[:-1]))
    begins = np.concatenate(([True], np.diff(addresses[order]) != 0)) if len(order) else np.zeros(0, dtype=bool)
    before[: len(order)][begins] = -1
    start = np.maximum.accumulate(np.where(begins, np.arange(len(order)), 0))
    latest = np.maximum.accumulate(np.where(before[: len(order)] >= 0, np.arange(len(order)), -1))
    found = np.where(latest >= start, before[latest], -1)
    result = np.full(len(order), -1, dtype=np.int64)
    result[order] = found
    return result
