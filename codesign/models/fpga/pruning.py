"""Frontiers that ask no more than they have to: a bound leaves networks out before program and accuracy are asked.

A lower bound on a network's latency costs next to nothing: every call on the best accelerator of its own,

    bound = sum_i n_i min over accelerators that fit of T_i  +  the processor's share   <=   latency,

since one accelerator for all calls is no faster in any of them, and its memories hold what the largest call needs. The
minima are those of the distinct calls, once for all networks.

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
from codesign.models.fpga.calls import NetworkCalls
from codesign.models.fpga.costs import USUAL, CallTable, EngineSettings
from codesign.models.fpga.cutting import calls_of
from codesign.models.fpga.enumeration import KHZ_PER_MHZ, best_of_counts, counts_of
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


def pruned_frontier(corners: npt.ArrayLike, stages: Sequence[Stage], limits: npt.ArrayLike = np.inf) -> PrunedFrontier:
    """Return the frontier of candidates of which only lower bounds are known at first.

    Args:
        corners: candidates x objectives, lower bounds of costs to be minimised; exact in columns without a stage.
            Infinite where a candidate is known to be impossible.
        stages: figures in the order in which a candidate's are asked.
        limits: of each objective, or one of all: what is beyond is not on the frontier, nor asked for more.

    Raises:
        UserError: an exact figure is below its bound.
    """
    costs = np.array(corners, dtype=np.float64, ndmin=2)
    done = np.zeros(len(costs), dtype=np.intp)
    asked = {stage.name: np.zeros(len(costs), bool) for stage in stages}
    rounds = 0
    while True:
        alive = np.flatnonzero((np.isfinite(costs) & (costs <= limits)).all(axis=1))
        front = alive[non_dominated(costs[alive])]
        if (done[front] == len(stages)).all():
            return PrunedFrontier(front, costs, asked, rounds)
        rounds += 1
        for number in reversed(range(len(stages))):
            rows = front[done[front] == number]
            if len(rows):
                _ask(stages[number], rows, costs)
                asked[stages[number].name][rows] = True
                done[rows] += 1


def _ask(stage: Stage, rows: Indices, costs: Doubles) -> None:
    """Replace a bound of some candidates by the exact figure."""
    bounds = costs[rows, stage.column]
    exact = np.nan_to_num(np.asarray(stage.ask(rows), np.float64), nan=np.inf, posinf=np.inf, neginf=-np.inf)
    wrong = np.flatnonzero(exact < bounds - ROUNDING * np.abs(bounds))
    if len(wrong):
        row = wrong[0]
        raise UserError(f"{stage.name} of candidate {rows[row]} is {exact[row]}, below its lower bound {bounds[row]}")
    costs[rows, stage.column] = exact


def latency_bounds(
    networks: Sequence[NetworkCalls],
    device: FpgaDevice,
    *,
    shares: Fractions = PLANNED,
    settings: EngineSettings = USUAL,
) -> Doubles:
    """Return a lower bound on each network's latency in ms, infinite where one of its calls fits on no accelerator.

    Raises:
        UserError: see ``enumeration.best_of_counts`` and ``enumeration.counts_of``.
    """
    table, counts = counts_of(networks)
    own = np.array([processor_ms(network, settings) for network in networks])
    return _bounds(table, counts, own, device, shares, settings)


def _bounds(
    table: CallTable, counts: npt.NDArray[np.int64], own: Doubles, device: FpgaDevice, shares: Fractions, settings: EngineSettings
) -> Doubles:
    calls = len(table.calls)
    each = np.eye(calls, dtype=np.int64)
    alone = best_of_counts(table, each, device, processor_ms=np.zeros(calls), shares=shares, settings=settings)
    possible = ~((counts > 0) & ~alone.feasible).any(axis=1)
    return np.where(possible, counts @ alone.cycles / (settings.clock_of(device) * KHZ_PER_MHZ) + own, np.inf)


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
            _bounds(table, counts, own, device, shares, settings),
            -np.repeat(ceilings, len(bits)),
            -np.tile(total, len(keys)),
        ]
    )
    limits = [latency_cap_ms, np.inf, np.inf]
    found = pruned_frontier(corners, (Stage("latency", 0, latency), Stage("accuracy", 1, loss)), limits)
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
