"""``fpga.subgraph``: networks on the best accelerator that an FPGA has room for."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from codesign.models.fpga.answers import answer
from codesign.models.fpga.metrics import METRICS
from codesign.models.fpga.parameters import NAME, PARAMETERS
from codesign.models.protocol import Metric
from codesign.space.parameter import Parameter

VERSION = "1"


class FpgaSubgraph:
    """Latency, resources and published accuracy of a network on its proven best accelerator of a template.

    See docs/models/fpga.md.
    """

    @property
    def name(self) -> str:
        return NAME

    @property
    def version(self) -> str:
        return VERSION

    @property
    def description(self) -> str:
        return "Networks on FPGAs: the proven best accelerator of a template under LUT, DSP, BRAM and bandwidth limits"

    @property
    def sources(self) -> tuple[str, ...]:
        return (
            "Dong et al., HAO: Hardware-aware neural Architecture Optimization for Efficient Inference, FCCM 2021,"
            " arXiv 2104.12766 (method; its constants aren't published)",
            "Huang et al., CoDeNet, FPGA 2021; hqjenny/CoDeNet 4c98b0c (pipeline and board latencies)",
            "Blott et al., FINN-R, TRETS 2018; Xilinx/finn 39f0c9a (resource formulas)",
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
