"""Memory controllers: speed of the simulator, and how near searches come to the truly best of all published designs.

Of the four published traces the stream is made by rule; the others are public sets (``codesign data get
archgym-random``, ``archgym-cloud-1``, ``archgym-cloud-2``) and are left out where they aren't there. With ``FULL=1`` 20
seeds of every search, else 3 of those that need no torch.
"""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path

import pandas as pd

from benchmarks.dram_page import markdown, reached_figure, regret_figure
from benchmarks.dram_regret import METHODS, SEEDS, TRACES, run_all
from benchmarks.dram_speed import speed
from benchmarks.search_quality import LEARNERS
from codesign.workloads.memory.catalogue import PUBLISHED_TRACES
from codesign.workloads.tabular.store import stored_path

FEW_SEEDS = 3


def run(out: Path) -> None:
    """Measure speed, then run the searches that haven't run yet; tables and the figure go to ``out``."""
    speed().to_csv(out / "dram-speed.csv", index=False)
    full = bool(os.environ.get("FULL"))
    traces = published_traces()
    methods = [method for method in METHODS if (full and find_spec("torch")) or method.name not in LEARNERS]
    table = out / "dram-regret.csv"
    run_all(traces, methods, out, table, SEEDS if full else FEW_SEEDS)
    runs = pd.read_csv(table)
    (out / "dram.md").write_text(markdown(runs, traces, out), encoding="utf-8")
    regret_figure(runs, out / "dram-regret.png")
    reached_figure(runs, out / "dram-reached.png")


def published_traces() -> tuple[str, ...]:
    """Return the published traces that are on this machine."""
    return tuple(name for name in TRACES if name not in PUBLISHED_TRACES or stored_path(name) is not None)
