"""``cpu.simulated`` and ``cpu.predicted``: an out-of-order core on programs, simulated or predicted."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from codesign.models.cpu import predicted
from codesign.models.cpu.metrics import SIMULATED_METRICS
from codesign.models.cpu.parameters import PARAMETERS, SIMULATED_PARAMETERS
from codesign.models.cpu.simulated import NAME, evaluated, program_rows
from codesign.models.protocol import Metric
from codesign.space.parameter import Parameter

VERSION = "1"
SOURCES = (
    "ChampSim (Apache-2.0), commit 2ff2501 (what the simulator is compared with)",
    "Li et al., McPAT, MICRO 2009 (method of area and energy)",
    "Seznec, Michaud, A case for (partially) tagged geometric history length branch prediction, JILP 2006 (TAGE)",
    "technology tables: each row of technology/data and models/cpu/silicon/data",
    "instruction traces of our own: workloads/instructions/data/README.md",
)

PREDICTOR_SOURCES = (
    "Nasr-Esfahany et al., Concorde, ISCA 2025, arXiv 2503.23076 (throughput under one limit, recurrence)",
    "Sherwood et al., SimPoint, ASPLOS 2002 (intervals that stand for a program)",
    "Rasmussen, Williams, Gaussian Processes for Machine Learning, 2006 (kriging)",
    "Lei et al., JASA 113, 2018 (split conformal intervals)",
)


class CpuSimulated:
    """IPC, misses, where the cycles go, energy and area of a core on programs. See docs/models/cpu.md."""

    @property
    def name(self) -> str:
        return NAME

    @property
    def version(self) -> str:
        return VERSION

    @property
    def description(self) -> str:
        return "Out-of-order cores on instruction traces, simulated: IPC, misses, stalls; energy and area estimated"

    @property
    def sources(self) -> tuple[str, ...]:
        return SOURCES

    @property
    def parameters(self) -> Mapping[str, Parameter]:
        return SIMULATED_PARAMETERS

    @property
    def metrics(self) -> Mapping[str, Metric]:
        return SIMULATED_METRICS

    def evaluate(self, designs: pd.DataFrame) -> pd.DataFrame:
        """Return all metrics, ``feasible``, ``reason`` and ``in_validated_range`` for each design, under its index.

        Every distinct pair of core and program is simulated once, on all processors.

        Raises:
            ModelInputError: a column that is no parameter, or no column ``program``.
        """
        return evaluated(designs)

    def program_report(self, designs: pd.DataFrame) -> pd.DataFrame:
        """Return the same one row for each design and program: the designs' columns, then the metrics.

        Raises:
            ModelInputError: see ``evaluate``.
            UnknownNameError: a design names a program that there isn't.
        """
        return program_rows(designs)


class CpuPredicted:
    """The same without simulating: learned from simulations of other cores. See docs/models/cpu-predictor.md."""

    @property
    def name(self) -> str:
        return predicted.NAME

    @property
    def version(self) -> str:
        return VERSION

    @property
    def description(self) -> str:
        return "Out-of-order cores on instruction traces, predicted: IPC with an interval, misses; energy and area"

    @property
    def sources(self) -> tuple[str, ...]:
        return (*SOURCES, *PREDICTOR_SOURCES)

    @property
    def parameters(self) -> Mapping[str, Parameter]:
        return PARAMETERS

    @property
    def metrics(self) -> Mapping[str, Metric]:
        return predicted.predicted_metrics()

    def evaluate(self, designs: pd.DataFrame) -> pd.DataFrame:
        """Return all metrics, ``feasible``, ``reason`` and ``in_validated_range`` for each design, under its index.

        Designs outside of the space that the predictor was trained on are infeasible. Features of a trace that doesn't
        come with the package are taken first, once in a process (about ten seconds).

        Raises:
            ModelInputError: a column that is no parameter, or no column ``program``.
        """
        return predicted.evaluated(designs)
