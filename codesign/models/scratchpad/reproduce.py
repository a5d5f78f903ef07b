"""COSMA's claims, and what a public re-implementation of it found, beside ours."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.resources import files

from codesign.models.checks import Check
from codesign.models.scratchpad.baselines import Eviction, run_baseline
from codesign.models.scratchpad.preparation import PAPER, Accounting, problem_of
from codesign.models.scratchpad.problem import Problem
from codesign.models.scratchpad.schedule import Budgets, OrderPolicy, budgets_of, schedule
from codesign.workloads.catalogue import load_network

HUMAN_DESIGNED = (
    "resnet50",
    "densenet121",
    "resnext50",
    "r2plus1d-18",
    "s3d",
    "fcn-resnet50",
    "lraspp-mobilenetv3",
    "deeplabv3-resnet50",
    "transformer",
    "vit-b16",
)
"""The kinds of network in the paper's Fig. 3; which files its authors used isn't published."""
NAS = ("pnasnet-5", "amoebanet-d", "nasnet-a", "darts")
"""The kinds of network in the paper's Fig. 4."""
BASELINES: tuple[tuple[str, Eviction], ...] = (
    ("default", "belady"),
    ("default", "greedy"),
    ("peak", "belady"),
    ("peak", "greedy"),
)
"""Order and eviction rule of the four baselines."""
PAPER_ABSTRACT = "Li, Gupta, Malik: COSMA, arXiv 2311.18246, 2023, abstract"
SEARCH_WIDTH = 50
PEAK_S = 60.0

_HEADLINE = (
    "the paper's graphs and baselines aren't published, and a re-implementation couldn't reproduce the baselines; the"
    " mean is over our networks, the four baselines as docs/models/scratchpad.md describes them, and the cases in which"
    " the baseline moves anything"
)


def cosma() -> list[Check]:
    """Return the re-implementation's figures, the zeros at M_P and the mean reductions of the abstract."""
    return [*published_figures(), *_zeros(), *_headlines()]


def published_figures() -> list[Check]:
    """Return the rows of ``data/cosma.csv`` beside ours."""
    return [_row(row) for row in _rows()]


def _rows() -> list[dict[str, str]]:
    with files("codesign.models.scratchpad").joinpath("data/cosma.csv").open("r", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _row(row: dict[str, str]) -> Check:
    settings = dict(pair.split("=") for pair in row["settings"].split())
    problem = network_problem(
        row["network"],
        int(row["word_bits"]),
        int(row["bias_bits"]),
        Accounting(sources_stored=False, weights=row["weights"] == "yes"),
        tuple((name, int(value)) for name, value in settings.items()),
    )
    return Check(
        item=row["item"],
        reference=float(row["reference"]),
        ours=float(_quantity(problem, row["quantity"], row["capacity"])),
        unit=row["unit"],
        tolerance=float(row["tolerance"]),
        source=row["source"],
        note=row["note"],
    )


@cache
def network_problem(
    network: str, word_bits: int, bias_bits: int, accounting: Accounting, settings: tuple[tuple[str, int], ...] = ()
) -> Problem:
    """Return the scheduling problem of a network with these word widths."""
    loaded = load_network(network, **dict(settings))
    return problem_of(loaded.with_bits(word_bits, word_bits, bias_bits), accounting)


@cache
def problem_budgets(problem: Problem) -> Budgets:
    """Return M_R, M_H and M_P."""
    return budgets_of(problem, time_limit_s=PEAK_S)


def _quantity(problem: Problem, quantity: str, capacity: str) -> int:
    if quantity == "operators":
        return sum(not operation.name.startswith("load ") for operation in problem.operations)
    if quantity == "minimum_bytes":
        return problem.minimum_bytes
    if quantity == "default_peak_bytes":
        return problem.peak_bytes(problem.default_order)
    lowest, highest = problem.minimum_bytes, problem.peak_bytes(problem.default_order)
    capacity_bytes = {"minimum": lowest, "half": (lowest + highest) // 2, "peak": highest}[capacity]
    if quantity.startswith("baseline"):
        eviction: Eviction = "belady" if quantity.endswith("belady") else "greedy"
        return run_baseline(problem, problem.default_order, capacity_bytes, eviction).noncompulsory_bytes
    policy: OrderPolicy = "default" if quantity.startswith("default") else "search"
    made = schedule(problem, capacity_bytes, policy=policy, width=SEARCH_WIDTH)
    return made.noncompulsory_bytes


def _zeros() -> Iterator[Check]:
    for weights in (False, True):
        total = 0
        for name in (*HUMAN_DESIGNED, *NAS):
            problem = network_problem(name, 8, 8, Accounting(sources_stored=False, weights=weights))
            budgets = problem_budgets(problem)
            made = schedule(
                problem, budgets.peak_bytes, policy="search", width=SEARCH_WIDTH, seeds=[budgets.peak_order]
            )
            total += made.noncompulsory_bytes
        yield Check(
            item=f"non-compulsory bytes at M_P, all networks, {'with' if weights else 'without'} parameters",
            reference=0.0,
            ours=float(total),
            unit="B",
            tolerance=0.0,
            source="COSMA, Fig. 3, as the re-implementation reports it: always 0",
        )


def _headlines() -> Iterator[Check]:
    for text, networks, reference in (
        ("ten human-designed networks", HUMAN_DESIGNED, 0.84),
        ("four NAS networks", NAS, 0.85),
    ):
        yield Check(
            item=f"mean reduction of non-compulsory bytes at M_R, {text}",
            reference=reference,
            ours=mean_reduction(networks),
            unit="1",
            tolerance=0.005 / reference,
            source=PAPER_ABSTRACT,
            note=_HEADLINE,
        )


def mean_reduction(networks: Sequence[str]) -> float:
    """Return the mean of 1 - ours / baseline over networks and baselines, where the baseline isn't 0."""
    found = []
    for name in networks:
        ours, baselines = at_minimum(name)
        found += [1.0 - ours / baseline for baseline in baselines if baseline]
    return sum(found) / len(found)


@cache
def at_minimum(network: str) -> tuple[int, tuple[int, ...]]:
    """Return our non-compulsory bytes and those of the baselines at M_R, activations only, 8-bit words."""
    problem = network_problem(network, 8, 8, PAPER)
    budgets = problem_budgets(problem)
    made = schedule(problem, problem.minimum_bytes, policy="search", width=SEARCH_WIDTH, seeds=[budgets.peak_order])
    orders = {"default": problem.default_order, "peak": budgets.peak_order}
    moved = tuple(
        run_baseline(problem, orders[order], problem.minimum_bytes, eviction).noncompulsory_bytes
        for order, eviction in BASELINES
    )
    return made.noncompulsory_bytes, moved
