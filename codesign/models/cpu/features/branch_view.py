"""What the branch predictors of a core do with a sample: they depend on the order of branches alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
from numba import njit

from codesign.models.compiled import OPTIONS
from codesign.models.cpu.core import CoreSettings
from codesign.models.cpu.encoding import encode_core
from codesign.models.cpu.features.sample import Sample
from codesign.models.cpu.features.stamp import loops_stamp
from codesign.models.cpu.machine.branches import predict
from codesign.models.cpu.machine.layout import PLAIN, STATE, SYSTEM

AT_EXECUTION, AT_DECODE = 1, 2


@dataclass(frozen=True)
class BranchView:
    """What one direction predictor does.

    Attributes:
        wrong: per counted instruction 0, ``AT_EXECUTION`` or ``AT_DECODE``: where a wrong prediction shows (int8).
    """

    wrong: npt.NDArray[np.int8]

    @property
    def rates(self) -> dict[str, float]:
        """Mispredictions per counted instruction by where they show."""
        return {
            "execution": float(np.mean(self.wrong == AT_EXECUTION)),
            "decode": float(np.mean(self.wrong == AT_DECODE)),
        }


def branch_view(part: Sample, core: CoreSettings) -> BranchView:
    """Run the predictors of a core over a sample."""
    made = encode_core(core, part.encoded, reference=False)
    trace = part.encoded
    wrong = np.zeros(part.instructions, dtype=np.int8)
    _branch_loop()(
        made.config, made.table, made.memory, np.zeros(1, dtype=STATE), trace.pcs, trace.kinds, trace.which,
        trace.taken, trace.windows, part.warmup, wrong,
    )  # fmt: skip
    return BranchView(wrong)


@cache
def _branch_loop() -> Callable[..., int]:
    stamp = loops_stamp()

    @njit(nogil=True, cache=True, **OPTIONS)
    def run(cfgs, tab, m, states, pcs, kinds, which, taken, boundaries, warmup, wrong):  # type: ignore[no-untyped-def]
        cfg, st = cfgs[0], states[0]
        boundary = 1
        for i in range(len(which)):
            now = which[i]
            kind = kinds[now] if kinds[now] != SYSTEM else PLAIN
            ended = boundary < len(boundaries) and i + 1 == boundaries[boundary]
            if ended:
                boundary += 1
            if kind == PLAIN:
                continue
            target = pcs[which[i + 1]] if taken[i] and not ended and i + 1 < len(which) else 0
            predict(cfg, tab, m, st, pcs[now], kind, 1 if taken[i] else 0, target)
            if i >= warmup and st.mispredicted:
                wrong[i - warmup] = AT_DECODE if st.at_decode else AT_EXECUTION
        return stamp

    return run  # type: ignore[no-any-return]
