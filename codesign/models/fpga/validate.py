"""Predicted against measured order of networks: the processing unit on the ZCU102 that Accel-NASBench was timed on."""

from __future__ import annotations

import numpy as np
import pandas as pd

from codesign.models.checks import Check
from codesign.models.fpga.dpu import dpu_latency_ms
from codesign.workloads.tabular.reading import read_tabular_set
from codesign.workloads.tabular.spaces import tabular_network
from codesign.workloads.tabular.store import stored_path

NAME = "accel-nasbench"
MEASURED = "latency_zcu102_ms"
ARCHITECTURE = "B4096"
CLOCK_MHZ = 281.0
EVERY = 8
"""One network in so many is compared: the order of a sample says as much, in an eighth of the time."""
TOLERANCE = 0.05
SOURCE = "Accel-NASBench, anb_dataset: measured on a ZCU102 with the vendor's processing unit, INT8"
NOTE = (
    "reference 1 is the same order; the model of that unit, not of this package's own engines; networks without"
    " squeeze-and-excitation, one in 8"
)


def latency_order() -> list[Check]:
    """Return the rank correlation of predicted and measured latency, beside that of plain multiply-accumulates.

    Without the public set both rows are there with the reason.
    """
    found = {"processing-unit model": None, "plain multiply-accumulates": None} | _correlations()
    missing = "" if stored_path(NAME) else f"the public set isn't on this machine: codesign data get {NAME}"
    notes = {
        "processing-unit model": NOTE,
        "plain multiply-accumulates": "what the model has to beat: the order by multiply-accumulates alone",
    }
    return [
        Check(
            item=f"order of {NAME} networks on the ZCU102, Spearman, {what}",
            reference=1.0,
            ours=value,
            unit="1",
            tolerance=TOLERANCE,
            source=SOURCE,
            note=missing or notes[what],
        )
        for what, value in found.items()
    ]


def _correlations() -> dict[str, float]:
    if stored_path(NAME) is None:
        return {}
    table = read_tabular_set(NAME).table
    plain = table[[name for name in table.columns.tolist() if name.endswith("_se")]].astype(bool).any(axis=1)
    sample = table[~plain & table[MEASURED].notna()].iloc[::EVERY]
    networks = [tabular_network(NAME, str(key)) for key in sample.index]
    predicted = [dpu_latency_ms(network, ARCHITECTURE, CLOCK_MHZ) for network in networks]
    macs = [network.macs for network in networks]
    return {
        "processing-unit model": _spearman(sample[MEASURED].to_numpy(), predicted),
        "plain multiply-accumulates": _spearman(sample[MEASURED].to_numpy(), macs),
    }


def _spearman(first: object, second: object) -> float:
    ranks = [pd.Series(np.asarray(values)).rank().to_numpy() for values in (first, second)]
    return float(np.corrcoef(ranks[0], ranks[1])[0, 1])
