"""``pe.mpgemm``: language models and other networks on arrays of low-bit processing elements."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from codesign.models.pe.answers import answer
from codesign.models.pe.metrics import METRICS
from codesign.models.pe.parameters import NAME, PARAMETERS
from codesign.models.protocol import Metric
from codesign.space.parameter import Parameter

VERSION = "1"


class PeMpgemm:
    """Latency, energy, area and accuracy of mixed-precision matrix multiplication, by processing element.

    See docs/models/pe.md.
    """

    @property
    def name(self) -> str:
        return NAME

    @property
    def version(self) -> str:
        return VERSION

    @property
    def description(self) -> str:
        return "Low-bit processing elements (MixPE, LUT Tensor Core, BitMoD, ...) on LLMs: latency, energy, area, loss"

    @property
    def sources(self) -> tuple[str, ...]:
        return (
            "Zhang et al., MixPE: Quantization and Hardware Co-design for Efficient LLM Inference, arXiv 2411.16158;"
            " simulator: yuzhang712/mixpe_simulator, commit 7e0d42c",
            "Mo et al., LUT Tensor Core: A Software-Hardware Co-Design for LUT-Based Low-Bit LLM Inference, ISCA 2025,"
            " arXiv 2408.06003",
            "Chen et al., BitMoD: Bit-serial Mixture-of-Datatype LLM Acceleration, HPCA 2025, arXiv 2411.11745;"
            " simulator: yc2367/BitMoD-HPCA-25, commit 58d7bdb",
            "codesign synthesis runs, 2026: Yosys 0.70 on NanGate45, sky130hd and ASAP7",
            "Stillmaker, Baas, Scaling equations for the accurate prediction of CMOS device performance from 180 nm to"
            " 7 nm, Integration 58, 2017",
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
            ModelInputError: a column that is no parameter, or no column ``network`` or ``pe``.
        """
        return answer(designs)
