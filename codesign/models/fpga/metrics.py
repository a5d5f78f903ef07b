"""What ``fpga.subgraph`` gives: every metric with its unit and exactly what it contains."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from codesign.models.protocol import Direction, Metric

_TIME = "five board latencies of CoDeNet within 5 % with three free parameters (a calibration, not a validation)"
_SIZE = "formulas of FINN and published packing tables at every tabulated point; no design was placed and routed"
_PREDICTED = (
    "Accel-NASBench, 1,000 training networks: Kendall tau 0.90 and mean error 0.5 points on the others, coverage of the"
    " 90 % interval 0.91; a search that picks the best predictions will miss more often"
)


def _metric(name: str, unit: str, direction: Direction, description: str, known_error: str = "") -> Metric:
    return Metric(name, unit, direction, description, known_error)


METRICS: Mapping[str, Metric] = MappingProxyType(
    {
        metric.name: metric
        for metric in (
            _metric(
                "latency_ms",
                "ms",
                "minimize",
                "one batch on the best accelerator that fits: all calls one after the other, with loading weights, the"
                " processor's start of each call and its own operators; the optimum of the integer program",
                _TIME,
            ),
            _metric("fps", "images/s", "maximize", "batch / latency: one image after another, no pipelining", _TIME),
            _metric("accelerator_ms", "ms", "minimize", "latency_ms without the processor's own operators", _TIME),
            _metric("cycles", "cycles", "minimize", "of the accelerator, all calls"),
            _metric("calls", "calls", "minimize", "starts of the accelerator for one batch"),
            _metric("macs", "MAC", "minimize", "multiply-accumulates on the accelerator for one batch"),
            _metric("gmacs_per_s", "GMAC/s", "maximize", "macs / latency"),
            _metric("macs_per_dsp_cycle", "MAC", "maximize", "macs / (cycles * DSP slices taken); NaN without any"),
            _metric("lut", "LUT", "minimize", "look-up tables taken", _SIZE),
            _metric("dsp", "DSP", "minimize", "DSP slices taken", _SIZE),
            _metric("bram18", "BRAM18", "minimize", "block memories of 18 Kibit taken", _SIZE),
            _metric("uram", "URAM", "minimize", "UltraRAM blocks taken", _SIZE),
            _metric(
                "accelerators_considered",
                "1",
                "minimize",
                "accelerators that fit the budget, of which the best is taken",
            ),
            _metric(
                "top1_percent",
                "%",
                "maximize",
                "published accuracy of this network at these widths; NaN where nobody published it",
            ),
            _metric(
                "float_top1_percent",
                "%",
                "maximize",
                "published accuracy of this network in floating point: what its bits may take away isn't in it",
            ),
            _metric(
                "predicted_top1_percent",
                "%",
                "maximize",
                "accuracy in floating point by support-vector regression on 1,000 networks of the tabulated space; NaN"
                " for other networks and without the public set",
                _PREDICTED,
            ),
            _metric("predicted_low_percent", "%", "maximize", "lower end of its 90 % conformal interval", _PREDICTED),
            _metric("predicted_high_percent", "%", "maximize", "upper end of its 90 % conformal interval", _PREDICTED),
            _metric("total_bits", "bits", "maximize", "weight_bits + activation_bits: more bits lose less"),
        )
    }
)
"""Every metric by name."""
