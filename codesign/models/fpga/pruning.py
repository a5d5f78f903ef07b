"""Frontiers that ask no more than they have to: bounds leave networks out before program and accuracy are asked.

Each candidate starts as a corner: its cost if every bound were met. Corners that no other corner dominates have their
next figure asked, which moves them, until all that are left have none to ask. Costs never fall, so what dominates a
corner goes on doing so: nothing of the frontier is lost. What is asked couldn't be left out by these bounds in any
order: a corner that no corner dominates is dominated by no final cost either.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from codesign.errors import UserError
from codesign.models.fpga.accelerator import processor_ms
from codesign.models.fpga.bounds import bounds_of_counts
from codesign.models.fpga.costs import USUAL, EngineSettings
from codesign.models.fpga.cutting import calls_of
from codesign.models.fpga.enumeration import best_of_counts, counts_of
from codesign.models.fpga.templates import template_named
from codesign.pareto.dominance import non_dominated
from codesign.technology.fpga_devices import PLANNED, FpgaDevice, Fractions
from codesign.workloads.tabular.spaces import tabular_network

Doubles = npt.NDArray[np.float64]
Indices = npt.NDArray[np.intp]
Booleans = npt.NDArray[np.bool_]

ROUNDING = 1e-9
"""Share of a bound by which the exact figure may be below it: the order of summation."""
HIGHEST_PERCENT = 100.0


@dataclass(frozen=True)
class Stage:
    """A figure that has to be asked.

    Attributes:
        name: of the figure.
        column: of the costs that it replaces.
        ask: numbers of candidates -> their costs in that column; NaN where a candidate is impossible.
    """

    name: str
    column: int
    ask: Callable[[Indices], Doubles]


@dataclass(frozen=True)
class PrunedFrontier:
    """What was found, and what it took.

    Attributes:
        rows: numbers of the candidates that no other one dominates, in ascending order.
        costs: candidates x objectives, exact where ``asked`` says so, else still bounds.
        asked: of each stage which candidates' figures were asked.
        rounds: times that figures were asked for.
    """

    rows: Indices
    costs: Doubles
    asked: Mapping[str, Booleans]
    rounds: int


def pruned_frontier(
    corners: npt.ArrayLike, stages: Sequence[Stage], limits: npt.ArrayLike = np.inf, at_least: int = 1
) -> PrunedFrontier:
    """Return the frontier of candidates of which only lower bounds are known at first.

    Args:
        corners: candidates x objectives, lower bounds of costs to be minimised; exact in columns without a stage.
            Infinite where a candidate is known to be impossible.
        stages: figures in the order in which a candidate's are asked.
        limits: of each objective, or one of all: what is beyond is not on the frontier, nor asked for more.
        at_least: candidates asked about in a round where there are so many. Where bounds say little a round needs
            only a few, and more save rounds; some of them may then be asked for nothing.

    Raises:
        UserError: an exact figure is below its bound, or ``at_least`` is below 1.
    """
    if at_least < 1:
        raise UserError(f"at_least must be 1 or more, found {at_least!r}")
    costs = np.array(corners, dtype=np.float64, ndmin=2)
    most = np.asarray(limits, np.float64)
    done = np.zeros(len(costs), dtype=np.intp)
    asked = {stage.name: np.zeros(len(costs), bool) for stage in stages}
    rounds = 0
    while True:
        alive = np.flatnonzero((np.isfinite(costs) & (costs <= most)).all(axis=1))
        front = alive[non_dominated(costs[alive])]
        needed = front[done[front] < len(stages)]
        if not len(needed):
            return PrunedFrontier(front, costs, asked, rounds)
        rounds += 1
        chosen = _filled_up(needed, alive[done[alive] < len(stages)], costs, at_least)
        for number in reversed(range(len(stages))):
            rows = chosen[done[chosen] == number]
            if len(rows):
                _ask(stages[number], rows, costs)
                asked[stages[number].name][rows] = True
                done[rows] += 1


def _filled_up(needed: Indices, unfinished: Indices, costs: Doubles, at_least: int) -> Indices:
    """Return the needed candidates, with those of least first cost up to ``at_least``."""
    others = np.setdiff1d(unfinished, needed)
    order = np.argsort(costs[others, 0], kind="stable")
    return np.concatenate([needed, others[order[: max(0, at_least - len(needed))]]])


def _ask(stage: Stage, rows: Indices, costs: Doubles) -> None:
    """Replace a bound of some candidates by the exact figure."""
    bounds = costs[rows, stage.column]
    exact = np.nan_to_num(np.asarray(stage.ask(rows), np.float64), nan=np.inf, posinf=np.inf, neginf=-np.inf)
    wrong = np.flatnonzero(exact < bounds - ROUNDING * np.abs(bounds))
    if len(wrong):
        row = wrong[0]
        raise UserError(f"{stage.name} of candidate {rows[row]} is {exact[row]}, below its lower bound {bounds[row]}")
    costs[rows, stage.column] = exact


@dataclass(frozen=True)
class NetworkFrontier:
    """The frontier of latency, accuracy and bits over a tabulated space.

    Attributes:
        table: key, weight_bits, activation_bits, latency_ms, top1_percent, total_bits; by latency.
        candidates: networks times bits.
        programs: candidates whose best accelerator was looked for; the others are saved.
        accuracies: networks whose accuracy was asked, once whatever its bits; the others are saved.
        networks: distinct ones.
        rounds: see ``PrunedFrontier``.
    """

    table: pd.DataFrame
    candidates: int
    programs: int
    accuracies: int
    networks: int
    rounds: int


def network_frontier(
    space: str,
    keys: Sequence[str],
    bits: Sequence[tuple[int, int]],
    device: FpgaDevice,
    accuracy: Callable[[Sequence[str]], npt.ArrayLike],
    *,
    ceiling_percent: npt.ArrayLike = HIGHEST_PERCENT,
    latency_cap_ms: float = np.inf,
    at_least: int = 1,
    template: str = "inverted_residual",
    shares: Fractions = PLANNED,
    settings: EngineSettings = USUAL,
) -> NetworkFrontier:
    """Return the exact frontier of least latency, highest accuracy and most bits, asking as little as the bounds allow.

    Args:
        space: name of a tabulated space.
        keys: its networks, each once.
        bits: pairs of weight and activation bits; all networks are taken at each.
        device: part and board.
        accuracy: keys -> their accuracy in %, whatever their bits; NaN where a network has none.
        ceiling_percent: what the accuracy is at most, one number or one a key. With the accuracies themselves only
            the programs are pruned; at 100 % only the cap on latency saves accuracies.
        latency_cap_ms: slower candidates aren't wanted.
        at_least: see ``pruned_frontier``; some hundreds where no ceiling is known.
        template, shares, settings: of the accelerators.

    Raises:
        UserError: a key or a pair of bits is given twice, none is given, or an accuracy is above its ceiling.
        UnknownNameError, WorkloadError: there is no such space, template or network.
    """
    if not keys or not bits or len(set(keys)) < len(keys) or len(set(bits)) < len(bits):
        raise UserError("keys and bits must be given, each once")
    form = template_named(template)
    networks = [
        calls_of(tabular_network(space, key).with_bits(activations, weights), form)
        for key in keys
        for weights, activations in bits
    ]
    table, counts = counts_of(networks)
    own = np.array([processor_ms(network, settings) for network in networks])
    known: dict[int, float] = {}

    def latency(rows: Indices) -> Doubles:
        best = best_of_counts(table, counts[rows], device, processor_ms=own[rows], shares=shares, settings=settings)
        return best.latency_ms

    def loss(rows: Indices) -> Doubles:
        numbers = rows // len(bits)
        new = [number for number in np.unique(numbers).tolist() if number not in known]
        if new:
            found = np.asarray(accuracy([keys[number] for number in new]), np.float64).tolist()
            known.update(zip(new, found, strict=True))
        return -np.array([known[number] for number in numbers.tolist()])

    ceilings = np.broadcast_to(np.asarray(ceiling_percent, np.float64), len(keys))
    total = np.array([sum(pair) for pair in bits], np.float64)
    corners = np.column_stack(
        [
            bounds_of_counts(table, counts, device, processor_ms=own, shares=shares, settings=settings),
            -np.repeat(ceilings, len(bits)),
            -np.tile(total, len(keys)),
        ]
    )
    limits = [latency_cap_ms, np.inf, np.inf]
    found = pruned_frontier(corners, (Stage("latency", 0, latency), Stage("accuracy", 1, loss)), limits, at_least)
    return NetworkFrontier(
        table=_frontier_table(found, keys, bits),
        candidates=len(networks),
        programs=int(found.asked["latency"].sum()),
        accuracies=len(known),
        networks=len(keys),
        rounds=found.rounds,
    )


def _frontier_table(found: PrunedFrontier, keys: Sequence[str], bits: Sequence[tuple[int, int]]) -> pd.DataFrame:
    columns = {
        "key": [keys[row // len(bits)] for row in found.rows],
        "weight_bits": [bits[row % len(bits)][0] for row in found.rows],
        "activation_bits": [bits[row % len(bits)][1] for row in found.rows],
        "latency_ms": found.costs[found.rows, 0],
        "top1_percent": -found.costs[found.rows, 1],
        "total_bits": (-found.costs[found.rows, 2]).astype(np.int64),
    }
    return pd.DataFrame(columns).sort_values(["latency_ms", "key"], ignore_index=True)
