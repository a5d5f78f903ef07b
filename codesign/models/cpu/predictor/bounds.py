"""Bounds of IPC that a core's resources set one by one, and the least of them: the plain analytical predictor."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from codesign.models.cpu.design import ARCHITECTURAL_REGISTERS
from codesign.models.cpu.features.distributions import QUEUE_SIZES, ROB_SIZES

Values = npt.NDArray[np.float64]
UNITS = ("width", "issue", "alu", "fp", "branch", "loads", "stores", "taken")
BUFFERS = ("rob", "load_queue", "store_queue")
RESOURCES = (*UNITS, *BUFFERS)
_SIZES = {"rob": ROB_SIZES, "loads": QUEUE_SIZES, "stores": QUEUE_SIZES}
LEAST_SHARE = 1e-3


def bounds(numbers: Mapping[str, float], rows: pd.DataFrame) -> Values:
    """Return the IPC that each of ``RESOURCES`` alone allows on each core, shape (cores, resources).

    Widths, units and ports: how many there are, over the share of instructions that need one; ``taken``: one taken
    branch per cycle; buffers: throughput of the recurrence at that size.
    """
    rob = rows["rob"].to_numpy().astype(np.float64)
    buffers = (
        between(rob, "rob", numbers),
        between(rob * rows["load_queue_share"].to_numpy(), "loads", numbers),
        between(rob * rows["store_queue_share"].to_numpy(), "stores", numbers),
    )
    return np.concatenate((_units(numbers, rows), np.stack(buffers, axis=1)), axis=1)


def static_bound(numbers: Mapping[str, float], rows: pd.DataFrame) -> Values:
    """Return the least bound of widths, units and ports, shape (cores,)."""
    least: Values = _units(numbers, rows).min(axis=1)
    return least


def window_size(numbers: Mapping[str, float], rows: pd.DataFrame) -> Values:
    """Return how many instructions of the program fit the smallest of the core's buffers, shape (cores,)."""
    rob = rows["rob"].to_numpy().astype(np.float64)
    spare = ARCHITECTURAL_REGISTERS - numbers["registers"] + rob * rows["register_share"].to_numpy()
    sizes = (
        rob,
        rob * rows["load_queue_share"].to_numpy() / max(numbers["loads"], LEAST_SHARE),
        rob * rows["store_queue_share"].to_numpy() / max(numbers["stores"], LEAST_SHARE),
        np.maximum(spare, 8.0) / max(numbers["writes"], LEAST_SHARE),
    )
    least: Values = np.minimum.reduce(sizes)
    return least


def between(sizes: Values, name: str, numbers: Mapping[str, float]) -> Values:
    """Return throughput at sizes of a buffer (rob, loads, stores), interpolated in log2 between those that were run."""
    known = _SIZES[name]
    values = [numbers[f"{name}_{size}_all"] for size in known]
    found: Values = np.interp(np.log2(np.maximum(sizes, 1.0)), np.log2(known), values)
    return found


def _units(numbers: Mapping[str, float], rows: pd.DataFrame) -> Values:
    width = rows["width"].to_numpy().astype(np.float64)
    alus = np.maximum(np.round(width * rows["alu_share"].to_numpy()), 1.0)
    demands = (
        (width, 1.0),
        (width + rows["extra_issue"].to_numpy(), 1.0),
        (alus, numbers["alu"]),
        (rows["fp_units"].to_numpy(), numbers["fp"]),
        (rows["branch_units"].to_numpy(), numbers["branch"]),
        (rows["load_ports"].to_numpy(), numbers["loads"]),
        (rows["store_ports"].to_numpy(), numbers["stores"]),
        (np.ones(len(rows)), numbers["taken"]),
    )
    return np.stack([units / max(share, LEAST_SHARE) for units, share in demands], axis=1)
