"""Networks on FPGAs: the program's time, what pruning saves, searches, order of latencies, accuracy against fps."""

from __future__ import annotations

import itertools
import math
import sys
import time
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from scipy.stats import spearmanr

from codesign import get_model, read_space
from codesign.models.fpga.bounds import latency_bounds
from codesign.models.fpga.costs import USUAL, EngineSettings
from codesign.models.fpga.cutting import calls_of
from codesign.models.fpga.dpu import dpu_latency_ms
from codesign.models.fpga.enumeration import best_of_networks
from codesign.models.fpga.mixed_precision import bits_under_latency, latency_frontier, latency_problem
from codesign.models.fpga.program import best_accelerators
from codesign.models.fpga.pruning import network_frontier
from codesign.models.fpga.templates import template_named
from codesign.pareto import hypervolume, non_dominated
from codesign.report.figure import COLOURS, MARKERS, REST
from codesign.search.protocol import Outcome
from codesign.search.registry import make_search
from codesign.technology.fpga_devices import fpga_device
from codesign.workloads.catalogue import load_network
from codesign.workloads.tabular.reading import read_tabular_set
from codesign.workloads.tabular.spaces import columns_to_keys, keys_to_columns, tabular_network
from codesign.workloads.tabular.store import stored_path

SPACES = Path(__file__).resolve().parents[1] / "spaces" / "fpga"
DEVICES = ("z7020", "zu3eg", "zu9eg", "u280", "vck190")
NETWORKS = {
    "mobilenetv1": "inverted_residual",
    "mobilenetv2": "inverted_residual",
    "mobilenetv3-large": "inverted_residual",
    "resnet18": "dense",
    "resnet50": "dense",
}
PROGRAM_BITS = ((8, 8), (4, 4))
PRUNED_BITS = ((8, 8), (4, 8), (4, 4))
BITS = ((8, 8), (4, 8), (8, 4), (4, 4))
CAPS = (0.1, 0.25, 0.5)
"""Quantiles of all latencies."""
METHODS: dict[str, dict[str, int]] = {"mcts": {}, "nsga2": {"population": 50}, "random": {}}
SEEDS = 5
CHECKPOINTS = (50, 100, 200, 400, 800, 1600, 3200)
FRACTIONS = (0.0, 0.25, 0.5, 0.75, 1.0)
TIME_LIMIT_S = 120.0
DPU, DPU_CLOCK_MHZ = "B4096", 281.0
"""What the ZCU102 of Accel-NASBench ran (AMD UG1354)."""
EVERY = 8
"""One network in so many is mapped on accelerators of our own."""
SAMPLE = 20
"""Rows of a table of latencies that are compared with the model's."""
TITLES = {"mobilenetv1": "MobileNetV1", "mobilenetv2": "MobileNetV2"}
WIDTHS = {"mobilenetv1": (0.25, 0.5, 0.75, 1.0), "mobilenetv2": (0.35, 0.5, 0.75, 1.0)}
"""That accuracies are published for; others would be interpolated."""
RESOLUTIONS = {"mobilenetv1": (128, 160, 192, 224), "mobilenetv2": (96, 128, 160, 192, 224)}
STYLE: dict[Any, Any] = {
    "font.size": 8,
    "axes.labelsize": 8,
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
    "legend.fontsize": 6.5,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "savefig.dpi": 300,
}

Doubles = npt.NDArray[np.float64]


def run(out: Path) -> None:
    """Print all tables; write them as CSV, and the figure of accuracy against fps."""
    parts = {
        "program": program_times,
        "pruning": pruning,
        "search": searches,
        "order": latency_order,
        "bits": mixed_bits,
        "fps": our_designs,
    }
    tables = {}
    for name, part in parts.items():
        started = time.monotonic()
        tables[name] = part()
        tables[name].to_csv(out / f"fpga-{name}.csv", index=False)
        print(f"## {name}, {time.monotonic() - started:.0f} s\n{tables[name].to_string(index=False)}\n", flush=True)
    draw(tables["fps"], out / "fpga-accuracy-fps.png")


def program_times() -> pd.DataFrame:
    """Return status, optimum and solver time of the integer program for each network, width and device."""
    rows = []
    for (network, template), bits, device in itertools.product(NETWORKS.items(), PROGRAM_BITS, DEVICES):
        weights, activations = bits
        calls = calls_of(load_network(network).with_bits(activations, weights), template_named(template))
        found = best_accelerators(calls, fpga_device(device), time_limit_s=TIME_LIMIT_S)
        use = found.accelerators[0].use if found.accelerators else None
        rows.append(
            {
                "network": network,
                "bits": f"W{weights}A{activations}",
                "device": device,
                "status": found.status,
                "seconds": round(found.solve_s, 2),
                "latency_ms": found.latency_ms,
                "calls": len(calls.counts),
                "variables": found.variables,
                "nodes": found.nodes,
                "lut": use and use.lut,
                "dsp": use and use.dsp,
                "bram18": use and use.bram18,
            }
        )
    return pd.DataFrame(rows)


@cache
def macro() -> pd.DataFrame | None:
    """Return NAS-Bench-Macro x bits with bound and latency on the ZU3EG; None without the public set."""
    name, device, template = "nas-bench-macro", fpga_device("zu3eg"), template_named("inverted_residual")
    if stored_path(name) is None:
        print(f"the public set {name} isn't on this machine (codesign data get {name}): left out", file=sys.stderr)
        return None
    accuracy = read_tabular_set(name).table["top1_percent"]
    rows = list(itertools.product(accuracy.index, BITS))
    networks = [calls_of(tabular_network(name, str(key)).with_bits(a, w), template) for key, (w, a) in rows]
    table = pd.DataFrame({"key": [key for key, _ in rows], "w": [b[0] for _, b in rows], "a": [b[1] for _, b in rows]})
    started = time.monotonic()
    table["bound_ms"] = latency_bounds(networks, device)
    bounded = time.monotonic()
    best = best_of_networks(networks, device)
    print(f"{len(rows)} bounds {bounded - started:.1f} s, optima {time.monotonic() - bounded:.1f} s", file=sys.stderr)
    table["latency_ms"] = best.latency_ms
    table["top1_percent"] = accuracy.loc[table["key"]].to_numpy()
    table["total_bits"] = table["w"] + table["a"]
    _require_as_modelled(table.sample(SAMPLE, random_state=0))
    return table


def _require_as_modelled(table: pd.DataFrame) -> None:
    """Require that some rows have the latency that the model gives."""
    designs = keys_to_columns("nas-bench-macro", table["key"]).reset_index(drop=True)
    designs = designs.assign(network="nas-bench-macro", device="zu3eg")
    designs = designs.assign(weight_bits=table["w"].to_numpy(), activation_bits=table["a"].to_numpy())
    answer = get_model("fpga.subgraph").evaluate(designs)
    assert np.allclose(answer["latency_ms"], table["latency_ms"], rtol=1e-12)


def macro_costs(table: pd.DataFrame) -> Doubles:
    """Return latency, accuracy and bits as costs."""
    return np.column_stack([table["latency_ms"], -table["top1_percent"], -table["total_bits"].astype(float)])


def pruning() -> pd.DataFrame:
    """Return how many programs and accuracies are asked; the frontier must be the enumerated one."""
    everything = macro()
    if everything is None:
        return pd.DataFrame()
    table = everything[[pair in PRUNED_BITS for pair in zip(everything["w"], everything["a"])]]
    tightness = table["bound_ms"] / table["latency_ms"]
    print(f"bound / latency: least {tightness.min():.4f}, median {tightness.median():.4f}, most {tightness.max():.6f}")
    accuracy = table.drop_duplicates("key").set_index("key")["top1_percent"]
    cases = {"accuracies known, no cap": (accuracy.to_numpy(), np.inf, 1)}
    for share in CAPS:
        cap = float(table["latency_ms"].quantile(share))
        cases[f"no accuracy known, cap {cap:.3f} ms ({share:.0%} are faster)"] = (100.0, cap, 2000)
    return pd.DataFrame([_pruned(case, table, accuracy, *given) for case, given in cases.items()])


def _pruned(
    case: str, table: pd.DataFrame, accuracy: pd.Series[float], ceiling: Doubles | float, cap: float, at_least: int
) -> dict[str, Any]:
    """Return what one pruned frontier asked, and whether it is the enumerated one."""
    started = time.monotonic()
    found = network_frontier(
        "nas-bench-macro",
        [str(key) for key in accuracy.index],
        PRUNED_BITS,
        fpga_device("zu3eg"),
        lambda some: accuracy.loc[list(some)].to_numpy(),
        ceiling_percent=ceiling,
        latency_cap_ms=cap,
        at_least=at_least,
    )
    within = table[table["latency_ms"] <= cap]
    front = within[non_dominated(macro_costs(within))]
    names = ["key", "weight_bits", "activation_bits"]
    ours = set(found.table[names].itertuples(index=False, name=None))
    return {
        "case": case,
        "candidates": found.candidates,
        "programs": found.programs,
        "networks": found.networks,
        "accuracies": found.networks if np.ndim(ceiling) else found.accuracies,
        "rounds": found.rounds,
        "frontier": len(found.table),
        "as_enumerated": ours == set(front[["key", "w", "a"]].itertuples(index=False, name=None)),
        "seconds": round(time.monotonic() - started, 1),
    }


def searches() -> pd.DataFrame:
    """Return the median, least and largest share of the enumerated frontier's hypervolume after so many designs."""
    table = macro()
    if table is None:
        return pd.DataFrame()
    space = read_space(SPACES / "long" / "nas-bench-macro-zu3eg.yaml")
    costs = macro_costs(table)
    place = {row: number for number, row in enumerate(zip(table["key"], table["w"], table["a"]))}
    reference = costs.max(axis=0)
    best = hypervolume(costs[non_dominated(costs)], reference)
    front = np.flatnonzero(non_dominated(costs))
    rows = []
    for (method, options), seed in itertools.product(METHODS.items(), range(SEEDS)):
        search = make_search(method, space, seed, options)
        seen: dict[int, None] = {}
        while len(seen) < CHECKPOINTS[-1]:
            codes = search.ask()
            designs = space.decode(codes)
            keys = columns_to_keys("nas-bench-macro", designs)
            numbers = [place[row] for row in zip(keys, designs["weight_bits"], designs["activation_bits"])]
            seen |= dict.fromkeys(numbers)
            search.tell(codes, Outcome(costs[numbers], np.zeros(len(numbers))))
        order = list(seen)
        for count in CHECKPOINTS:
            share = hypervolume(costs[order[:count]], reference) / best
            found = np.isin(front, order[:count]).mean()
            rows.append({"search": method, "seed": seed, "designs": count, "share": share, "of_frontier": found})
    grouped = pd.DataFrame(rows).groupby(["search", "designs"], sort=False)
    found = grouped["share"].agg(["median", "min", "max"]).round(5)
    found["of_frontier"] = grouped["of_frontier"].median().round(3)
    print(f"{len(table)} designs, {len(front)} on the frontier")
    return found.reset_index()


def latency_order() -> pd.DataFrame:
    """Return Spearman's correlation with latencies measured on the ZCU102; no network has squeeze-and-excitation."""
    name = "accel-nasbench"
    if stored_path(name) is None:
        print(f"the public set {name} isn't on this machine (codesign data get {name}): left out", file=sys.stderr)
        return pd.DataFrame()
    table = read_tabular_set(name).table
    squeezed = table[[column for column in table.columns if column.endswith("_se")]].astype(bool).any(axis=1)
    measured = table.loc[~squeezed, "latency_zcu102_ms"].dropna()
    networks = [tabular_network(name, str(key)) for key in measured.index]
    macs = np.array([network.macs for network in networks], np.float64)
    dpu = np.array([dpu_latency_ms(network, DPU, DPU_CLOCK_MHZ) for network in networks])
    some, template = slice(None, None, EVERY), template_named("inverted_residual")
    cut = [calls_of(network.with_bits(8, 8), template) for network in networks[some]]
    device, free_calls = fpga_device("zu9eg"), EngineSettings(call_overhead_us=0.0)
    ours = best_of_networks(cut, device).latency_ms
    quick = best_of_networks(cut, device, settings=free_calls).latency_ms
    starts = np.array([calls.call_count for calls in cut]) * USUAL.constant("call_overhead_us") * 1e-3
    loads = np.array([sum(call.load_bits * count for call, count in calls.counts.items()) for calls in cut])
    loads_ms = loads / (device.port_bits * device.clock_mhz * 1e3)
    print(
        f"starting calls: {np.median(starts / ours):.3f} of our latency; loads: {np.median(loads_ms):.2f} ms (medians)"
    )
    predicted = {
        "multiply-accumulates": (macs, slice(None)),
        f"the vendor's processor, closed form, {DPU} at {DPU_CLOCK_MHZ:g} MHz": (dpu, slice(None)),
        "multiply-accumulates, sample": (macs[some], some),
        "the vendor's processor, sample": (dpu[some], some),
        "our accelerators, each network's optimum on the ZU9EG, sample": (ours, some),
        "the same, starting a call for nothing, sample": (quick, some),
    }
    rows = []
    for what, (values, which) in predicted.items():
        took = measured.to_numpy()[which]
        order = float(spearmanr(values, took).statistic)
        ratio = math.nan if what.startswith("multiply") else float(np.median(values / took))
        rows.append({"predicted by": what, "networks": len(took), "spearman": order, "median ratio": ratio})
    return pd.DataFrame(rows).round(4)


def mixed_bits() -> pd.DataFrame:
    """Return the best weight bits of ResNets under caps on latency, the accelerator being the best at 8 bits."""
    rows = []
    for network, name in itertools.product(("resnet18", "resnet50"), ("zu3eg", "zu9eg")):
        device = fpga_device(name)
        stated = latency_problem(network, device)
        points = len(latency_frontier(stated))
        rebuilt = _rebuilt_ms(network, name)
        for fraction in FRACTIONS:
            found = bits_under_latency(network, device, fraction)
            rows.append(
                {
                    "network": network,
                    "device": name,
                    "cap_fraction": fraction,
                    "status": found.assignment.status,
                    "cap_ms": found.cap_ms,
                    "latency_ms": found.latency_ms,
                    "sensitivity": found.assignment.sensitivity,
                    "layers_at_4": sum(bits == 4 for bits in found.assignment.bits.values()),
                    "layers": len(found.assignment.bits),
                    "frontier_points": points,
                    "seconds": found.assignment.solve_s,
                    **rebuilt,
                }
            )
    return pd.DataFrame(rows)


def _rebuilt_ms(network: str, device: str) -> dict[str, float | None]:
    """Return the latency at uniform bits, each on its own best accelerator."""
    answers = {}
    for weights, activations in PRUNED_BITS:
        calls = calls_of(load_network(network).with_bits(activations, weights), template_named("dense"))
        answers[f"own_w{weights}a{activations}_ms"] = best_accelerators(calls, fpga_device(device)).latency_ms
    return answers


def our_designs() -> pd.DataFrame:
    """Return MobileNets in INT8 on the whole ZU3EG, each on its proven best accelerator, with published accuracies."""
    grid = pd.DataFrame(
        [row for name in WIDTHS for row in itertools.product([name], WIDTHS[name], RESOLUTIONS[name])],
        columns=["network", "width", "resolution"],
    )
    fixed = {"device": "zu3eg", "template": "inverted_residual", "weight_bits": 8, "activation_bits": 8}
    answer = get_model("fpga.subgraph").evaluate(grid.assign(**fixed))
    table = pd.concat([grid, answer], axis=1)
    table = table[table["feasible"] & table[["top1_percent", "float_top1_percent"]].notna().any(axis=1)]
    shown = ["fps", "latency_ms", "top1_percent", "float_top1_percent", "lut", "dsp", "bram18"]
    return table[["network", "width", "resolution", *shown]]


def published_points() -> pd.DataFrame:
    """Return points that others published, with their sources."""
    with files("codesign.models.fpga").joinpath("data", "published_points.csv").open(encoding="utf-8") as stream:
        return pd.read_csv(stream)


def draw(table: pd.DataFrame, file: Path) -> None:
    """Draw accuracy against frames a second: our optima, their frontier, and what others published as context."""
    with plt.rc_context(STYLE):
        drawing, axes = plt.subplots(figsize=(3.5, 2.9), constrained_layout=True)
        for (network, title), colour, marker in zip(TITLES.items(), COLOURS, MARKERS):
            own = table[table["network"] == network]
            plain = {"s": 11, "marker": marker}
            label = f"{title}, INT8"
            axes.scatter(own["fps"], own["top1_percent"], color=colour, lw=0, label=label, **plain)
            own = own[own["top1_percent"].isna()]
            if len(own):
                label, empty = f"{title}, accuracy in float", {"facecolors": "none", "edgecolors": colour, "lw": 0.6}
                axes.scatter(own["fps"], own["float_top1_percent"], label=label, **plain, **empty)
        known = table[table["top1_percent"].notna()]
        front = known[non_dominated(-known[["fps", "top1_percent"]].to_numpy())].sort_values("fps")
        line = {"color": REST, "lw": 0.7, "zorder": 0}
        axes.step(front["fps"], front["top1_percent"], where="pre", label="frontier, INT8", **line)
        _context(axes)
        axes.set(xscale="log", xlim=(17, 800), ylim=(38, 75), ylabel="ImageNet top-1 (%)")
        axes.set_xlabel("images/s (ours: model, ZU3EG, batch 1)")
        axes.set_xticks([20, 50, 100, 200, 500], ["20", "50", "100", "200", "500"])
        axes.minorticks_off()
        place = {"loc": "lower left", "bbox_to_anchor": (0.17, 0.0)}
        axes.legend(frameon=False, handlelength=1.2, handletextpad=0.4, borderaxespad=0.2, **place)
        drawing.savefig(file, metadata={"Software": None})
        plt.close(drawing)


def _context(axes: Axes) -> None:
    """Draw what others published: points, and lines where no accuracy is stated."""
    places = {"HAO": ("HAO", 0, 4, "center"), "Synetgy": ("Synetgy", -4, -2, "right")}
    places["DPU MobileNetV2"] = ("DPU (ZU2)", 5, -2, "left")
    points = published_points()
    stated = points[points["top1_percent"].notna()]
    axes.scatter(
        stated["fps"], stated["top1_percent"], s=30, color="black", marker="*", lw=0, zorder=3, label="published"
    )
    for name, fps, top1 in zip(stated["name"], stated["fps"], stated["top1_percent"]):
        text, across, up, side = places[name]
        axes.annotate(text, (fps, top1), (across, up), textcoords="offset points", ha=side, fontsize=6.5)
    for name, fps in points.loc[points["top1_percent"].isna(), ["name", "fps"]].itertuples(index=False):
        axes.axvline(fps, color=REST, lw=0.6, ls=(0, (4, 3)), zorder=0)
        axes.annotate(name, (fps, 39), (-1, 0), textcoords="offset points", rotation=90, ha="right", fontsize=6.5)
