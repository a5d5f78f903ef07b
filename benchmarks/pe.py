"""Processing elements: designs a second, which element wins in which regime, the figure of the frontier."""

from __future__ import annotations

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from benchmarks.timing import median_seconds
from codesign import get_model
from codesign.models.pe.elements import elements
from codesign.pareto.dominance import non_dominated
from codesign.report.figure import COLOURS, MARKERS
from codesign.report.winners import winners

ROWS = 300_000
MODEL = "pe.mpgemm"
REGIMES = {
    "edge decode, 7B": {"network": "llama2-7b", "phase": "decode", "batch": 1, "context": 2048, "dram_gbs": 51.2},
    "server decode, 7B, batch 16": {
        "network": "llama2-7b",
        "phase": "decode",
        "batch": 16,
        "context": 2048,
        "dram": "hbm2",
        "dram_gbs": 256.0,
    },
    "server decode, 8B, batch 64": {
        "network": "llama3-8b",
        "phase": "decode",
        "batch": 64,
        "context": 2048,
        "dram": "hbm2",
        "dram_gbs": 1024.0,
    },
    "prefill, 7B, 512 tokens": {
        "network": "llama2-7b",
        "phase": "prefill",
        "batch": 1,
        "sequence": 512,
        "dram": "hbm2",
        "dram_gbs": 256.0,
    },
}
AREAS_MM2 = (2.0, 8.0, 32.0)
INCREASES = (0.1, 0.3, 1.0)
OBJECTIVES = ("latency_ms", "energy_mj")
PRINT = {
    "font.size": 8,
    "axes.labelsize": 8,
    "legend.fontsize": 7,
    "axes.spines.top": False,
    "axes.spines.right": False,
}


def run(out: Path) -> None:
    """Print the rate; write the table of winners and the figure of one frontier."""
    print(f"pe.mpgemm, decode of LLaMA-2-7B, all layers: {designs_per_second():,.0f} designs/s of CPU time")
    tables = {name: evaluated(regime) for name, regime in REGIMES.items()}
    best = pd.concat([regime_winners(name, table) for name, table in tables.items()], ignore_index=True)
    best.to_csv(out / "pe-regimes.csv", index=False)
    (out / "pe-regimes.md").write_text(regime_page(best), encoding="utf-8")
    frontier_figure(tables["prefill, 7B, 512 tokens"], out / "pe-frontier.png")


def designs_per_second() -> float:
    """Return full designs a second of one core: all metrics of decoding LLaMA-2-7B, hardly two designs alike."""
    rng = np.random.default_rng(0)

    def text(values: list[str]) -> pd.Categorical:
        return pd.Categorical.from_codes(rng.integers(len(values), size=ROWS), categories=pd.Index(values))

    designs = pd.DataFrame(
        {
            "network": text(["llama2-7b"]),
            "phase": text(["decode"]),
            "context": rng.choice([512, 1024, 2048, 4096], ROWS),
            "pe": text(["fp16", "mixpe-w4a16", "lut-k4", "bitmod"]),
            "weight_bits": rng.choice([3, 4], ROWS),
            "rows": rng.integers(1, 65, ROWS),
            "columns": rng.integers(1, 257, ROWS),
            "clock_mhz": rng.choice([400.0, 600.0, 800.0, 1000.0], ROWS),
            "weight_kib": rng.choice([64.0, 128.0, 256.0, 512.0], ROWS),
            "dram_gbs": rng.uniform(10.0, 500.0, ROWS),
        }
    )
    model = get_model(MODEL)
    assert model.evaluate(designs.iloc[:1000])["feasible"].mean() > 0.9
    return ROWS / median_seconds(lambda: model.evaluate(designs))


def grid() -> pd.DataFrame:
    """Return every element at every width it can do, in every shape."""
    kinds = pd.DataFrame(
        [
            {"pe": name, "weight_bits": weight, "activation_bits": activation, "group": group}
            for name, pe in elements().items()
            for weight, activation in pe.operands
            for group in ((0, 128) if pe.groups else (0,))
        ]
    )
    shapes = pd.MultiIndex.from_product(
        [
            [1, 2, 4, 8, 16, 32, 64, 128],
            [8, 16, 32, 64, 128, 256, 512, 1024],
            [500.0, 1000.0],
            [128.0, 512.0],
            [128, 1024],
        ],
        names=["rows", "columns", "clock_mhz", "weight_kib", "vector_lanes"],
    ).to_frame(index=False)
    table = kinds.merge(shapes, how="cross")
    return table[table["rows"] * table["columns"] <= 16384].reset_index(drop=True)


def evaluated(regime: dict[str, object]) -> pd.DataFrame:
    """Return the grid with its metrics, feasible designs only."""
    designs = grid()
    answer = get_model(MODEL).evaluate(designs.assign(**regime))
    table = pd.concat([designs, answer], axis=1)
    return table[table["feasible"]]


def regime_winners(name: str, table: pd.DataFrame) -> pd.DataFrame:
    """Return the best element for each silicon budget and each loss of perplexity, with those behind it."""
    rows = []
    for area in AREAS_MM2:
        for increase in INCREASES:
            allowed = table[(table["area_mm2"] <= area) & (table["perplexity_increase"] <= increase)]
            for metric in OBJECTIVES:
                found = winners(allowed, "pe", metric)
                if found.empty:
                    continue
                first = found.iloc[0]
                rows.append(
                    {
                        "regime": name,
                        "area_mm2": area,
                        "perplexity_increase": increase,
                        "metric": metric,
                        "winner": first["pe"],
                        "weight_bits": first["weight_bits"],
                        "group": first["group"],
                        "rows": first["rows"],
                        "columns": first["columns"],
                        "value": first[metric],
                        "used_mm2": first["area_mm2"],
                        "perplexity": first["perplexity"],
                        "behind": "; ".join(
                            f"{pe} {ratio:.2f}" for pe, ratio in zip(found["pe"][1:], found["behind"][1:])
                        ),
                    }
                )
    return pd.DataFrame(rows)


def regime_page(best: pd.DataFrame) -> str:
    """Return the table of winners as Markdown: fastest and most frugal element with the next two behind."""
    lines = [
        "| regime | mm2 | perplexity at most | fastest | ms | behind | least energy | mJ | behind |",
        "| --- " * 9 + "|",
    ]
    for (regime, area, increase), part in best.groupby(["regime", "area_mm2", "perplexity_increase"], sort=False):
        row = [str(regime), f"{area:g}", f"+{increase:g}"]
        for metric in OBJECTIVES:
            found = part[part["metric"] == metric].iloc[0]
            shape = f"{found['winner']} W{found['weight_bits']} {found['rows']}x{found['columns']}"
            row += [shape, f"{found['value']:,.0f}", "; ".join(found["behind"].split("; ")[:3])]
        lines.append("| " + " | ".join(row) + " |")
    return "\n".join(lines) + "\n"


def frontier_figure(table: pd.DataFrame, file: Path) -> None:
    """Draw the frontier of four objectives in two projections, by element."""
    known = table[table["perplexity"].notna()]
    objectives = ["latency_ms", "energy_mj", "area_mm2", "perplexity"]
    front = known[non_dominated(known[objectives].to_numpy())]
    names = [name for name in elements() if name in set(front["pe"])]
    style = {name: (COLOURS[i % len(COLOURS)], MARKERS[i % len(MARKERS)]) for i, name in enumerate(names)}
    with plt.rc_context(PRINT):
        drawing, (left, right) = plt.subplots(1, 2, figsize=(7.0, 2.7), constrained_layout=True)
        for name in names:
            part = front[front["pe"] == name]
            colour, marker = style[name]
            plain = {"s": 12, "color": colour, "marker": marker, "linewidths": 0.3, "edgecolors": "black"}
            left.scatter(part["area_mm2"], part["latency_ms"] / 1e3, label=name, **plain)
            right.scatter(part["energy_mj"] / 1e3, part["perplexity"], **plain)
        left.set(xscale="log", yscale="log", xlabel="area (mm$^2$, 28 nm)", ylabel="time of the prompt (s)")
        right.set(xscale="log", xlabel="energy of the prompt (J)", ylabel="perplexity (WikiText-2)")
        for axis in (left.xaxis, left.yaxis, right.xaxis):
            axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
            axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
            axis.set_minor_formatter(NullFormatter())
        drawing.legend(loc="outside upper center", ncols=min(len(names), 8), frameon=False)
        drawing.savefig(file, dpi=200)
        plt.close(drawing)
