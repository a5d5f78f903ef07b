"""``systolic.array``: networks on systolic arrays, with weight, output, input or row stationary dataflow."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from codesign.models.protocol import Metric
from codesign.models.systolic.answers import answer
from codesign.models.systolic.metrics import METRICS
from codesign.models.systolic.parameters import NAME, PARAMETERS
from codesign.models.systolic.reports import layer_report
from codesign.space.parameter import Parameter

VERSION = "1"


class SystolicArray:
    """Cycles, utilisation, data movement and energy of a network on a systolic array, in closed form.

    ws, os and is follow SCALE-Sim's mapping, rs that of the simulator behind DRACO. See docs/models/systolic.md.
    """

    @property
    def name(self) -> str:
        return NAME

    @property
    def version(self) -> str:
        return VERSION

    @property
    def description(self) -> str:
        return "Networks on a systolic array (weight, output, input, row stationary): cycles, traffic, energy"

    @property
    def sources(self) -> tuple[str, ...]:
        return (
            "Samajdar et al., A Systematic Methodology for Characterizing Scalability of DNN Accelerators using"
            " SCALE-Sim, ISPASS 2020; tool: scalesim 3.0.0 (PyPI)",
            "Jha et al., DRACO: Co-Optimizing Hardware Utilization, and Performance of DNNs on Systolic Accelerator,"
            " ISVLSI 2020, arXiv 2006.15103; simulator: shreyas1998/nn_dataflow, branch update, commit d6badf6",
            "Chen, Emer, Sze, Eyeriss: A Spatial Architecture for Energy-Efficient Dataflow for Convolutional Neural"
            " Networks, ISCA 2016",
            "Jha et al., Modeling Data Reuse in Deep Neural Networks by Taking Data-Types into Cognizance,"
            " arXiv 2008.02565 (DI; form recalled from summaries)",
            "Horowitz, Computing's Energy Problem (and What We Can Do about It), ISSCC 2014",
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
        """
        return answer(designs)

    def layer_report(self, design: Mapping[str, object]) -> pd.DataFrame:
        """Return the metrics of one design layer by layer: one row per layer of the network, in order.

        Counts, cycles and energies add up to those of ``evaluate``.

        Raises:
            ModelInputError: an unknown parameter, no ``network``, or a design that can't be built (with the reason).
        """
        return layer_report(design)
