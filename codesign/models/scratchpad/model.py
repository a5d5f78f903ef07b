"""``scratchpad.plan``: networks run from a scratchpad: order, residency, addresses, DRAM traffic, with proof."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from codesign.models.protocol import Metric
from codesign.models.scratchpad.answers import answer, plan_design
from codesign.models.scratchpad.metrics import METRICS
from codesign.models.scratchpad.parameters import PARAMETERS
from codesign.models.scratchpad.planning import Planned
from codesign.space.parameter import Parameter

NAME = "scratchpad.plan"
VERSION = "1"


class ScratchpadPlan:
    """DRAM traffic of a network that runs from a software-managed scratchpad, with a plan that reaches it and a bound.

    The problem is COSMA's (operator order, allocation, replacement), solved by other means, and with options that it
    leaves out. See docs/models/scratchpad.md.
    """

    @property
    def name(self) -> str:
        return NAME

    @property
    def version(self) -> str:
        return VERSION

    @property
    def description(self) -> str:
        return "Networks run from a scratchpad (order, residency, addresses): DRAM traffic with its bound, energy, area"

    @property
    def sources(self) -> tuple[str, ...]:
        return (
            "Li, Gupta, Malik, Combined Scheduling, Memory Allocation and Tensor Replacement for Minimizing Off-Chip"
            " Data Accesses of DNN Accelerators (COSMA), arXiv 2311.18246, 2023",
            "Moffitt, MiniMalloc, ASPLOS 2023, vol. 4: ideas behind the exact packer",
            "Horowitz, Computing's Energy Problem (and What We Can Do about It), ISSCC 2014",
            "bit cells: codesign/technology/data/sram_area.csv, a source for each node",
        )

    @property
    def parameters(self) -> Mapping[str, Parameter]:
        return PARAMETERS

    @property
    def metrics(self) -> Mapping[str, Metric]:
        return METRICS

    def evaluate(self, designs: pd.DataFrame) -> pd.DataFrame:
        """Return all metrics, ``feasible``, ``reason`` and ``in_validated_range`` for each design, under its index.

        Raises:
            ModelInputError: a column that is no parameter, or no column ``network``.
            WrongPlanError: the checker refused a plan, which is a defect.
        """
        return answer(designs)

    def plan(self, design: Mapping[str, object]) -> Planned:
        """Return the plan of one design: what ``evaluate`` counts.

        Raises:
            ModelInputError: an unknown parameter, no ``network``, or a design that can't be built (with the reason).
            WrongPlanError: the checker refused the plan, which is a defect.
        """
        return plan_design(design)
