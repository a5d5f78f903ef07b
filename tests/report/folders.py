"""Made-up results folders."""

import json

import numpy as np
import pandas as pd

from codesign.pareto import Certificate, Frontier, Objective, csv_text

METRICS = {
    "latency_ms": ("ms", "minimize", "compute, loading and draining of all layers; no DRAM stalls", "3 % against RTL"),
    "energy_mj": ("mJ", "minimize", "MACs, buffers and DRAM accesses", ""),
    "area_mm2": ("mm2", "minimize", "array and buffers, without pads", ""),
    "accuracy": ("1", "maximize", "top-1 on ImageNet", ""),
}
DATAFLOWS = ("weight stationary", "output stationary", "input stationary", "row stationary")


def designs(count=3000, seed=0, dataflows=DATAFLOWS):
    """A table of designs with made-up metrics; a fifth of them infeasible."""
    rng = np.random.default_rng(seed)
    choice = rng.integers(len(dataflows), size=count)
    rows, columns = (2 ** rng.integers(3, 8, size=count) for _ in range(2))
    bits = rng.choice([2, 4, 8, 16], size=count)
    clock = rng.choice(np.arange(400, 1001, 100), size=count)
    cached = rng.random(count) < 0.5
    noise = 1 + 0.3 * rng.random(count)
    latency = 4e8 / (rows * columns * clock * 1e3) * (1 + 0.2 * choice) * noise
    energy = (bits / 8) * (0.4 + (rows * columns) ** 0.5 / 90 * (1 + clock / 2000)) / (1 + 0.15 * choice) * noise
    table = pd.DataFrame(
        {
            "dataflow": np.array(dataflows, dtype=object)[choice],
            "array_rows": rows,
            "array_columns": columns,
            "weight_bits": bits,
            "clock_mhz": clock,
            "cache_kib": pd.array(np.where(cached, 64 * bits, 0), dtype="Int64"),
            "network": "mobilenet_v1",
            "latency_ms": latency,
            "energy_mj": energy,
            "area_mm2": rows * columns / 900 + 0.2,
            "accuracy": 0.7 - 0.3 / bits**1.5,
        }
    ).astype({"dataflow": "str", "network": "str"})
    table.loc[~cached, "cache_kib"] = pd.NA
    table["feasible"] = table["area_mm2"] < 9.0
    table["reason"] = np.where(table["feasible"], "", "area_mm2 above 9")
    table["in_validated_range"] = table["weight_bits"] > 2
    return table


PARAMETERS = ["dataflow", "array_rows", "array_columns", "weight_bits", "clock_mhz", "cache_kib", "network"]


def objectives_of(names):
    return [Objective(name, METRICS[name][1]) for name in names]


def make_results(
    folder, table=None, objectives=("latency_ms", "energy_mj"), colour="dataflow", title="Arrays", **changes
):
    """Write frontier.csv, evaluations.parquet and study.json as a study does; return the folder."""
    table = designs() if table is None else table
    folder.mkdir(parents=True, exist_ok=True)
    statement = f"all {len(table):,} designs that meet the constraints were evaluated"
    certificate = Certificate("enumerated", statement)
    frontier = Frontier.from_designs(table, objectives_of(objectives), certificate, PARAMETERS, title)
    (folder / "frontier.csv").write_bytes(csv_text(frontier.table).encode())
    table.to_parquet(folder / "evaluations.parquet", index=False)
    point = frontier.reference_point if len(frontier) else None
    study = {
        "format": 1,
        "name": "mobilenetv1-arrays",
        "title": title,
        "space": {"file": "spaces/systolic/arrays.yaml", "sha256": "0" * 64, "text": "title: Arrays\nmodel: made.up\n"},
        "parameters": [{"name": n, "unit": "", "kind": "ordinal", "values": "{1, 2, 4}"} for n in PARAMETERS],
        "fixed": {"network": "mobilenet_v1"},
        "constraints": [{"expression": "array_rows <= 128", "share_cut": 0.25, "exact": True}],
        "objectives": [
            {"metric": o.metric, "direction": o.direction, "reference": None} for o in objectives_of(objectives)
        ],
        "limits": {"area_mm2": {"at_most": 9.0}},
        "figure": {"x": None, "y": None, "colour": colour},
        "model": {
            "name": "made.up",
            "version": "3",
            "sources": ["A. Author 2020"],
            "metrics": {
                name: dict(zip(("unit", "direction", "description", "known_error"), entry))
                for name, entry in METRICS.items()
            },
        },
        "search": {"method": "exhaustive", "options": {}, "seed": 0, "budget": None, "ended": "finished"},
        "certificate": certificate.to_json(),
        "counts": {
            "cardinality": 6000,
            "feasible_designs": len(table),
            "evaluated": len(table),
            "feasible": int(table["feasible"].sum()),
            "infeasible": int((~table["feasible"]).sum()),
            "recorded": len(table),
        },
        "hypervolume": {
            "value": frontier.hypervolume(),
            "normalised": 0.8123456 if len(frontier) else None,
            "reference": dict(point.values) if point else dict.fromkeys(objectives, 0.0),
            "reference_source": "worst feasible value evaluated",
        },
        "environment": {"python": "3.11.7", "packages": {"codesign": "0.1.0"}, "commit": None},
        "wall_s": 1.25,
    } | changes
    (folder / "study.json").write_text(json.dumps(study, indent=2))
    return folder
