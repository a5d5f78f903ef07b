"""How fast: whole-network designs a second against a plain loop over the same equations; studies of a million designs.

The peer for the model is the closed form of SCALE-Sim's cycle counts as a plain Python loop over designs and layers,
run in the same process: it gives cycles only, ours gives all metrics.
"""

from __future__ import annotations

import math
import resource
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.timing import median_seconds
from codesign import Study, get_model, load_network, make_executor, read_space

ROWS = 1_000_000
SPACES = Path(__file__).resolve().parents[1] / "spaces" / "systolic"


def mixed_designs(rows: int, seed: int = 0) -> pd.DataFrame:
    """Return random designs of MobileNetV1 on arrays of all shapes, dataflows and buffer sizes."""
    rng = np.random.default_rng(seed)

    def text(values: list[str]) -> pd.Categorical:
        return pd.Categorical.from_codes(rng.integers(len(values), size=rows), categories=pd.Index(values))

    return pd.DataFrame(
        {
            "network": text(["mobilenetv1"]),
            "width": rng.choice([0.25, 0.5, 0.75, 1.0], rows),
            "resolution": rng.choice([128, 160, 192, 224], rows),
            "array_rows": rng.choice([8, 16, 32, 64, 128], rows),
            "array_columns": rng.choice([8, 16, 32, 64, 128], rows),
            "dataflow": text(["ws", "os", "is"]),
            "ifmap_sram_kib": rng.choice([16.0, 32.0, 64.0, 128.0, 256.0], rows),
            "filter_sram_kib": rng.choice([16.0, 32.0, 64.0, 128.0, 256.0], rows),
            "ofmap_sram_kib": rng.choice([16.0, 32.0, 64.0, 128.0], rows),
            "dram_bytes_per_cycle": rng.choice([2.0, 4.0, 8.0, 16.0, 32.0], rows),
        }
    )


def shapeless_designs(rows: int, seed: int = 0) -> pd.DataFrame:
    """Return designs of which hardly two share an array: the worst case for a model that avoids repeated work."""
    rng = np.random.default_rng(seed)
    designs = mixed_designs(rows, seed)
    designs["array_rows"] = rng.integers(1, 1025, rows)
    designs["array_columns"] = rng.integers(1, 1025, rows)
    return designs


def plain_loop(designs: pd.DataFrame) -> list[int]:
    """Return the compute cycles of designs by a loop over rows and layers (the peer)."""
    cycles = []
    for row in designs.itertuples():
        network = load_network("mobilenetv1", width=row.width, resolution=row.resolution)
        total = 0
        for layer in network.layers:
            if layer.kind == "pool":
                continue
            window = layer.kernel_height * layer.kernel_width * (layer.in_channels // layer.groups)
            filters = layer.out_channels // layer.groups
            pixels = layer.out_height * layer.out_width
            first, second, steps = {
                "ws": (window, filters, pixels),
                "is": (window, pixels, filters),
                "os": (pixels, filters, window),
            }[row.dataflow]
            folds = math.ceil(first / row.array_rows) * math.ceil(second / row.array_columns)
            fill = (2 if row.dataflow != "os" else 1) * row.array_rows
            total += layer.groups * (folds * (fill + row.array_columns + steps - 2) - 1)
        cycles.append(total)
    return cycles


def model_rates() -> pd.DataFrame:
    """Return designs a second of the model and of the peer, and their ratio."""
    model = get_model("systolic.array")
    designs, shapeless, few = mixed_designs(ROWS), shapeless_designs(100_000), mixed_designs(1_000)
    ours = model.evaluate(few)["compute_cycles"].to_numpy()
    assert np.array_equal(ours, plain_loop(few)), "the peer computes something else"
    rates = {
        "model, a million mixed designs": ROWS / median_seconds(lambda: model.evaluate(designs), 3),
        "model, hardly two arrays alike": len(shapeless) / median_seconds(lambda: model.evaluate(shapeless), 3),
        "peer: plain loop, cycles only": len(few) / median_seconds(lambda: plain_loop(few), 3),
    }
    table = pd.DataFrame({"what": list(rates), "designs_per_cpu_second": list(rates.values())})
    table["ratio_to_peer"] = table["designs_per_cpu_second"] / table["designs_per_cpu_second"].iloc[-1]
    return table


def study_times() -> pd.DataFrame:
    """Return wall time and peak memory of exhaustive studies of growing size, with one and two workers."""
    rows = []
    space = read_space(SPACES / "mobilenetv1-million.yaml")
    for budget, workers in ((100_000, 1), (1_000_000, 1), (1_000_000, 2)):
        with tempfile.TemporaryDirectory() as folder:
            started = time.monotonic()
            result = Study(space, budget=budget).run(folder, executor=make_executor(workers))
            seconds = time.monotonic() - started
            peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            rows.append((result.summary["counts"]["evaluated"], workers, seconds, peak_mib))
    table = pd.DataFrame(rows, columns=["designs", "workers", "wall_s", "peak_mib_of_this_process"])
    table["designs_per_second"] = table["designs"] / table["wall_s"]
    return table


def run(out: Path) -> None:
    """Measure, print, and write ``speed-*.csv``. Studies come first, so that their peak memory is their own."""
    for name, table in (("studies", study_times()), ("model", model_rates())):
        table.to_csv(out / f"speed-{name}.csv", index=False)
        print(f"\n{name}\n{table.to_string(index=False, float_format='{:,.2f}'.format)}")
