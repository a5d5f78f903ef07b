"""Scratchpad scheduling: every network at every budget, the paper's program against the production path, packing."""

import math
import time
from dataclasses import replace
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd

from codesign.models.scratchpad.baselines import run_baseline
from codesign.models.scratchpad.packing.packer import pack
from codesign.models.scratchpad.planning import Options, plan_network
from codesign.models.scratchpad.preparation import PAPER, Accounting, problem_of
from codesign.models.scratchpad.problem import Problem
from codesign.models.scratchpad.program import solve_program
from codesign.models.scratchpad.reproduce import BASELINES, HUMAN_DESIGNED, NAS
from codesign.models.scratchpad.schedule import budgets_of, schedule
from codesign.models.scratchpad.validate import instances
from codesign.workloads.catalogue import load_network

FREE_S = {**dict.fromkeys(HUMAN_DESIGNED, 60.0), **dict.fromkeys(NAS, 120.0)}
PROGRAM_S = 60.0
GROWN = ("densenet121-keras", "nasnet-a")
SIZES = (4, 6, 8, 10, 12, 16, 20, 24, 32, 48, 64, 96, 128, 192, 256, 311)


def run(out: Path) -> None:
    """Write the tables and figures of scratchpad scheduling."""
    _warm_up()
    networks(out)
    against_program(out)
    packing(out)


def _warm_up() -> None:
    """Import and compile everything once; times are after import."""
    problem = problem_of(load_network("resnet18"), PAPER)
    schedule(problem, problem.minimum_bytes, policy="search")


def networks(out: Path) -> None:
    """Every network at M_R, M_H and M_P, with and without parameters: bytes, gaps, seconds, baselines."""
    rows = []
    for name in (*HUMAN_DESIGNED, *NAS):
        network = load_network(name)
        for weights in (False, True):
            accounting = Accounting(sources_stored=False, weights=weights)
            problem = problem_of(network, accounting)
            begin = time.perf_counter()
            budgets = budgets_of(problem, time_limit_s=FREE_S[name])
            peak_s = time.perf_counter() - begin
            for budget, capacity in (
                ("M_R", budgets.minimum_bytes),
                ("M_H", budgets.half_bytes),
                ("M_P", budgets.peak_bytes),
            ):
                options = Options(order="default", accounting=accounting, time_limit_s=FREE_S[name])
                fixed = plan_network(network, capacity, options)
                free = plan_network(network, capacity, replace(options, order="search"), seeds=[budgets.peak_order])
                orders = {"default": problem.default_order, "peak": budgets.peak_order}
                moved = {
                    f"{order}_{eviction}_bytes": run_baseline(
                        problem, orders[order], capacity, eviction
                    ).noncompulsory_bytes
                    for order, eviction in BASELINES
                }
                rows.append(
                    {
                        "network": name,
                        "parameters": "with" if weights else "without",
                        "budget": budget,
                        "operators": len(network.operators),
                        "scratchpad_kib": capacity / 1024,
                        "peak_proven": budgets.peak_bytes == budgets.peak_bound_bytes,
                        "peak_s": peak_s,
                        "fixed_bytes": fixed.schedule.noncompulsory_bytes,
                        "fixed_gap": fixed.schedule.noncompulsory_gap,
                        "fixed_s": fixed.solve_s,
                        "free_bytes": free.schedule.noncompulsory_bytes,
                        "free_gap": free.schedule.noncompulsory_gap,
                        "free_s": free.solve_s,
                        **moved,
                    }
                )
                print(rows[-1], flush=True)
    table = pd.DataFrame(rows)
    table.to_csv(out / "scratchpad-networks.csv", index=False)
    print(_reductions(table).to_string())


def _reductions(table: pd.DataFrame) -> pd.DataFrame:
    """Mean of 1 - ours / baseline by group of networks, budget and baseline, where the baseline moves anything."""
    rows = []
    for group, members in (("human-designed", HUMAN_DESIGNED), ("NAS", NAS)):
        for (parameters, budget), part in table[table["network"].isin(members)].groupby(["parameters", "budget"]):
            row = {"networks": group, "parameters": parameters, "budget": budget}
            for order, eviction in BASELINES:
                moved = part[f"{order}_{eviction}_bytes"]
                some = moved > 0
                row[f"{order} order, {eviction}"] = (1 - part["free_bytes"][some] / moved[some]).mean()
            rows.append(row)
    return pd.DataFrame(rows)


def _first(problem: Problem, count: int) -> Problem:
    """The problem's first operations."""
    return replace(problem, name=f"{problem.name}, first {count}", operations=problem.operations[:count])


def against_program(out: Path) -> None:
    """Seconds of the paper's program and of the production path over the first operators of two networks."""
    table = pd.concat([_growing(network) for network in GROWN], ignore_index=True)
    table.to_csv(out / "scratchpad-program.csv", index=False)
    _draw(table, out / "scratchpad-program.png")


def _growing(network: str) -> pd.DataFrame:
    whole = problem_of(load_network(network), PAPER)
    rows = []
    dead = set()
    for count in SIZES:
        problem = _first(whole, min(count, len(whole.operations)))
        low, high = problem.minimum_bytes, problem.peak_bytes(problem.default_order)
        capacity = max(low, high - 1)
        for mode, policy in (("fixed", "default"), ("free", "search")):
            begin = time.perf_counter()
            ours = schedule(problem, capacity, policy=policy)
            ours_s = time.perf_counter() - begin
            row = {
                "network": network,
                "operations": count,
                "mode": mode,
                "production_s": ours_s,
                "bytes": ours.noncompulsory_bytes,
            }
            if mode not in dead:
                order = problem.default_order if mode == "fixed" else None
                begin = time.perf_counter()
                theirs = solve_program(problem, capacity, mode=mode, order=order, time_limit_s=PROGRAM_S)
                row["program_s"] = time.perf_counter() - begin
                row["program_status"] = theirs.status
                row["program_bytes"] = theirs.noncompulsory_bytes
                if theirs.status != "optimal":
                    dead.add(mode)
            rows.append(row)
            print(row, flush=True)
    return pd.DataFrame(rows)


def _draw(table: pd.DataFrame, file: Path) -> None:
    figure, panels = plt.subplots(1, len(GROWN), figsize=(10.0, 4.0), sharey=True, layout="constrained")
    for network, axes in zip(GROWN, panels):
        for mode, colour in (("fixed", "#0072B2"), ("free", "#D55E00")):
            part = table[(table["mode"] == mode) & (table["network"] == network)]
            solved = part[part["program_status"] == "optimal"]
            late = part[part["program_status"].notna() & (part["program_status"] != "optimal")]
            axes.plot(part["operations"], part["production_s"], "-o", color=colour, ms=3, label=f"production, {mode}")
            axes.plot(solved["operations"], solved["program_s"], "--s", color=colour, ms=4, label=f"program, {mode}")
            axes.plot(late["operations"], late["program_s"], "x", color=colour, ms=8, label=f"not proven, {mode}")
        axes.set(xscale="log", yscale="log", xlabel=f"operators (the first of {network})")
        axes.grid(True, which="major", alpha=0.3)
    panels[0].set_ylabel("seconds to the proof")
    panels[0].legend(fontsize=8)
    figure.savefig(file, dpi=160)
    plt.close(figure)


def packing(out: Path) -> None:
    """Seconds to pack MiniMalloc's challenging instances at their capacity."""
    rows = []
    for name, buffers, capacity in instances():
        found = pack(buffers.lower, buffers.upper, buffers.size, capacity, time_limit_s=120.0)
        rows.append({"instance": name, "status": found.status, "seconds": found.solve_s, "nodes": found.nodes})
        print(rows[-1], flush=True)
    table = pd.DataFrame(rows)
    table.to_csv(out / "scratchpad-packing.csv", index=False)
    total = math.fsum(table["seconds"]) if len(table) else 0.0
    print(f"{len(table)} instances in {total:.1f} s")
