"""DRACO's claims for MobileNetV1, and the tables of the simulator behind it, beside ours."""

from __future__ import annotations

from functools import cache

import pandas as pd

from codesign.models.checks import Check
from codesign.models.systolic.model import SystolicArray
from codesign.models.systolic.references import reference_rows

SIMULATOR = "shreyas1998/nn_dataflow branch update (the simulator behind DRACO), MobileNetV1 224 px, batch 1, 200 MHz"
PAPER = "DRACO abstract, arXiv 2006.15103: MobileNetV1, 64x64 array, against row stationary"
BUFFER_KIB = {64: 512.0, 32: 256.0, 16: 128.0}
"""Global buffer with which the simulator was run, by the side of the array."""

_BLOCKING = (
    "the simulator searches the blocking of every layer; ours fills the register file with a square block of filters"
    " and channels, untuned"
)
_ENERGY_GOAL = (
    "the simulator was run for least energy here and may keep a slower split of the replicas; the closed form takes the"
    " fewest passes"
)
_UNIDENTIFIED = "the paper's configuration isn't identified; ours is G = 8 channels per group, the nearest of 1 ... 32"
_LAYERS = {
    "conv_cycles": ("conv", "compute_cycles", 1.0),
    "macs_millions": ("all", "macs", 1e-6),
    "latency_ms": ("all", "latency_ms", 1.0),
    "mean_utilisation_all": ("all", "mean_layer_utilisation", 1.0),
    "mean_utilisation_conv_fc": ("conv_fc", "mean_layer_utilisation", 1.0),
    "mean_utilisation_conv": ("conv", "mean_layer_utilisation", 1.0),
    "energy_1e9": ("all", "energy_mac_equivalents", 1e-9),
}


@cache
def _metrics(side: int, group_channels: int, layers: str, packed: bool) -> pd.Series[float]:
    buffer = BUFFER_KIB[side]
    design = {
        "network": "mobilenetv1",
        "group_channels": group_channels,
        "layers": layers,
        "dataflow": "rs",
        "depthwise": "packed" if packed else "per_channel",
        "array_rows": side,
        "array_columns": side,
        "ifmap_sram_kib": buffer / 2,
        "filter_sram_kib": buffer / 4,
        "ofmap_sram_kib": buffer / 4,
    }
    return SystolicArray().evaluate(pd.DataFrame([design])).iloc[0]


def draco() -> list[Check]:
    """Return cycles, latencies, utilisations and energies of the simulator, and the paper's two headline figures."""
    return [*_headline(), *(_table_row(row) for row in reference_rows("draco_mobilenetv1.csv"))]


def _headline() -> list[Check]:
    base, grouped = (_metrics(64, channels, "conv_fc", False) for channels in (1, 8))
    gain = 100.0 * (grouped["mean_layer_utilisation"] / base["mean_layer_utilisation"] - 1.0)
    base, grouped = (_metrics(64, channels, "all", False) for channels in (1, 8))
    saved = 100.0 * (1.0 - grouped["latency_ms"] / base["latency_ms"])
    item = "DRACO headline 64x64"
    return [
        Check(f"{item} higher mean utilisation", 41.8, float(gain), "%", 0.01, PAPER, _UNIDENTIFIED),
        Check(f"{item} lower latency", 42.6, float(saved), "%", 0.01, PAPER, _UNIDENTIFIED),
    ]


def _table_row(row: dict[str, str]) -> Check:
    layers, metric, factor = _LAYERS[row["quantity"]]
    native = row["mapping"] == "native"
    side, channels = int(row["side"]), int(row["group_channels"])
    ours = float(_metrics(side, channels, layers, native)[metric]) * factor
    theirs = float(row["value"])
    name = "native depthwise" if native else f"G={channels}"
    tolerance, note = 0.01, ""
    if row["quantity"] == "conv_cycles":
        tolerance = 0.0
    elif row["quantity"] == "energy_1e9":
        note = _BLOCKING
    elif row["goal"] == "energy":
        note = _ENERGY_GOAL
    item = f"DRACO {side}x{side} {name} {row['quantity']} ({row['goal']} goal)"
    return Check(item, theirs, ours, row["unit"], tolerance, SIMULATOR, note)
