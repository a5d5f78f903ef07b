"""``dram.controller``: a memory controller and its DRAM on a trace, simulated event by event."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from codesign.models.dram.evaluation import evaluated
from codesign.models.dram.metrics import METRICS
from codesign.models.dram.parameters import NAME, PARAMETERS
from codesign.models.protocol import Metric
from codesign.space.parameter import Parameter

VERSION = "2"


class DramController:
    """Time, latency, bandwidth and energy of a trace under a controller's settings.

    See docs/models/dram.md.
    """

    @property
    def name(self) -> str:
        return NAME

    @property
    def version(self) -> str:
        return VERSION

    @property
    def description(self) -> str:
        return "Memory controllers on traces, event by event: page policy, scheduler, buffers, refresh; DRAM energy"

    @property
    def sources(self) -> tuple[str, ...]:
        return (
            "Steiner et al., DRAMSys4.0, 2022; tukl-msd/DRAMSys 7925e4a (behaviour of the controller)",
            "Chandrasekar et al., DRAMPower (energy of commands and states)",
            "Krishnan et al., ArchGym, ISCA 2023, arXiv 2306.08888; Krishnan et al., arXiv 2211.16385 (design space)",
            "data sheets and configurations of devices: each row of technology/data/dram_devices.csv",
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
            ModelInputError: a column that is no parameter, or no column ``trace``.
        """
        return evaluated(designs)
