"""A table of designs in, the table of metrics out: reading, refusing, planning each distinct design once."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import pandas as pd

from codesign.errors import ModelInputError, UserError, nearest
from codesign.models.protocol import FEASIBLE, IN_VALIDATED_RANGE, REASON
from codesign.models.scratchpad.memory_cost import NO_ENERGY, TransferEnergy, step_access_bytes, transfer_energy
from codesign.models.scratchpad.metrics import METRICS
from codesign.models.scratchpad.overlap import Machine, latency_cycles
from codesign.models.scratchpad.parameters import NO_TABLE, PARAMETERS, SETTING_NAMES
from codesign.models.scratchpad.placing import PlacementError
from codesign.models.scratchpad.planning import Options, Planned, plan_network
from codesign.models.scratchpad.preparation import Accounting, problem_of
from codesign.models.scratchpad.problem import Problem, ProblemError
from codesign.models.scratchpad.schedule import Budgets, budgets_of
from codesign.space.domain import Choices, Float, Name, Value
from codesign.space.parameter import Parameter
from codesign.technology import energy_table
from codesign.technology.sram_area import cells_mm2
from codesign.workloads.catalogue import load_network
from codesign.workloads.fusion import fuse_activations
from codesign.workloads.graph import Network
from codesign.workloads.settings import plain

NAME = "scratchpad.plan"
KIB = 1024
ONE_MACHINE = Machine(1.0, 1.0)
"""Stands for every machine where the plan doesn't depend on it."""

Design = Mapping[str, Value | None]


@dataclass(frozen=True)
class Outcome:
    """What became of one design: its metrics, or why it can't be built."""

    metrics: Mapping[str, float]
    in_range: bool = False
    reason: str = ""


@dataclass(frozen=True)
class Job:
    """A plan to be made: what designs with the same one have in common.

    Attributes:
        network: with its word widths, not yet fused or cut.
        capacity_bytes: of the scratchpad.
        options: with ``ONE_MACHINE`` where the machine doesn't matter.
        seeds: orders to begin the search with.
        whole_tensors: whether every operator fits, so that nothing is cut.
    """

    network: Network
    capacity_bytes: int
    options: Options
    seeds: tuple[tuple[int, ...], ...]
    whole_tensors: bool


def answer(designs: pd.DataFrame) -> pd.DataFrame:
    """Evaluate a table of designs (see ``ScratchpadPlan.evaluate``)."""
    known: dict[tuple[Value | None, ...], Outcome] = {}
    outcomes: list[Outcome] = []
    for design, reason in read_designs(designs):
        if reason:
            outcomes.append(Outcome({}, reason=reason))
            continue
        key = tuple(design[name] for name in PARAMETERS)
        if key not in known:
            known[key] = outcome_of(design)
        outcomes.append(known[key])
    table = pd.DataFrame(
        np.array([[outcome.metrics.get(name, math.nan) for name in METRICS] for outcome in outcomes]).reshape(
            len(outcomes), len(METRICS)
        ),
        index=designs.index,
        columns=list(METRICS),
        dtype=np.float64,
    )
    table[FEASIBLE] = np.array([not outcome.reason for outcome in outcomes], dtype=bool)
    table[REASON] = pd.Series([outcome.reason for outcome in outcomes], index=designs.index, dtype="str")
    table[IN_VALIDATED_RANGE] = np.array([outcome.in_range for outcome in outcomes], dtype=bool)
    return table


def plan_design(design: Mapping[str, object]) -> Planned:
    """Return the plan of one design (see ``ScratchpadPlan.plan``)."""
    table = pd.DataFrame({name: pd.Series([value], dtype=object) for name, value in design.items()}, index=[0])
    ((read, reason),) = read_designs(table)
    if reason:
        raise ModelInputError(f"{NAME}: {reason}")
    try:
        planned = _planned(job_of(read))
    except (UserError, PlacementError) as error:
        raise ModelInputError(f"{NAME}: {error}") from error
    return replace(planned, latency_cycles=_latency_cycles(planned, _machine(read)))


def read_designs(designs: pd.DataFrame) -> list[tuple[Design, str]]:
    """Return for each row the value of every parameter, and a reason where one can't be taken.

    Raises:
        ModelInputError: a column that is no parameter, or a parameter without default that has no column.
    """
    for name in designs.columns:
        if name not in PARAMETERS:
            raise ModelInputError(
                f"{NAME} reads no {name!r}{nearest(str(name), PARAMETERS)}; it reads: {', '.join(PARAMETERS)}"
            )
    for name, parameter in PARAMETERS.items():
        if name not in designs.columns and parameter.default is None and not parameter.optional:
            raise ModelInputError(
                f"the designs have no column {name!r}, which {NAME} needs; allowed: {parameter.domain.describe()}"
            )
    defaults = {name: parameter.default for name, parameter in PARAMETERS.items()}
    given = {name: designs[name].tolist() for name in designs.columns}
    rows: list[tuple[Design, str]] = []
    for row in range(len(designs)):
        taken = {name: _taken(PARAMETERS[name], values[row]) for name, values in given.items()}
        design = defaults | {name: value for name, (value, _) in taken.items()}
        rows.append((design, next((reason for _, reason in taken.values() if reason), "")))
    return rows


def _taken(parameter: Parameter, found: object) -> tuple[Value | None, str]:
    """Return a value as its parameter's domain has it, or why it can't be taken."""
    value, domain, name = plain(found), parameter.domain, parameter.name
    if value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value)):
        return None, "" if parameter.optional else f"{name} has no value; allowed: {domain.describe()}"
    if isinstance(domain, Choices) and domain.kind == "boolean" and value in (0, 1):
        return bool(value), ""
    if domain.contains(value):
        return float(value) if isinstance(domain, Float) else value, ""  # type: ignore[arg-type, return-value]
    hint = ""
    if isinstance(value, str):
        if isinstance(domain, Name) and value.endswith(domain.suffixes):
            return None, f"{name} = {value!r}: there is no such file"
        known = domain.known if isinstance(domain, Name) else domain.values if isinstance(domain, Choices) else ()
        hint = nearest(value, map(str, known))
    return None, f"{name} = {value!r} is not allowed{hint}; allowed: {domain.describe()}"


def outcome_of(design: Design) -> Outcome:
    """Return the metrics of one design, or why it can't be built."""
    try:
        job = job_of(design)
        planned = _planned(job)
    except (UserError, PlacementError) as error:
        return Outcome({}, reason=str(error))
    accesses = step_access_bytes(planned.network, planned.plan) + planned.report.offchip_bytes
    energy = _energy(design, planned.report.offchip_bytes, accesses, job.capacity_bytes)
    values = _metrics(design, job, planned) | {
        "scratchpad_access_bytes": float(accesses),
        "energy_pj": energy.dram_pj + energy.sram_pj,
        "energy_dram_pj": energy.dram_pj,
        "energy_sram_pj": energy.sram_pj,
        "energy_mac_equivalents": energy.mac_equivalents,
    }
    return Outcome(values, _in_range(design, job, planned, energy))


def job_of(design: Design) -> Job:
    """Return the plan that a design asks for.

    Raises:
        UserError: a network that can't be had, options that can't be combined, no capacity or two.
    """
    options = _options(design)
    settings = {name: design[name] for name in SETTING_NAMES}
    network = _network(load_network(str(design["network"]), **settings), _whole(design, "word_bits"))
    problem = _whole_problem(network, options.fuse, options.accounting)
    capacity = _capacity_bytes(design, problem)
    fits = capacity >= problem.minimum_bytes
    seeds = (_budgets(problem).peak_order,) if options.order == "search" and fits else ()
    return Job(network, capacity, options, seeds, fits)


def _options(design: Design) -> Options:
    price = design["recompute_bytes_per_mac"]
    return Options(
        order=design["order"],  # type: ignore[arg-type]
        accounting=Accounting(
            weights=bool(design["weights"]),
            sources_stored=bool(design["sources_stored"]),
            in_place=bool(design["in_place"]),
            views=bool(design["views"]),
            alignment_bytes=_whole(design, "alignment_bytes"),
        ),
        fuse=bool(design["fuse"]),
        banks=_whole(design, "banks"),
        most_stripes=_whole(design, "most_stripes"),
        recompute_bytes_per_mac=None if price is None else float(price),
        goal=design["goal"],  # type: ignore[arg-type]
        machine=_machine(design) if design["goal"] == "latency" else ONE_MACHINE,
        width=_whole(design, "search_width"),
    )


def _whole(design: Design, name: str) -> int:
    return int(_number(design, name))


def _number(design: Design, name: str) -> float:
    value = design[name]
    assert value is not None
    return float(value)


def _machine(design: Design) -> Machine:
    return Machine(_number(design, "macs_per_cycle"), _number(design, "dram_bytes_per_cycle"))


def _capacity_bytes(design: Design, problem: Problem) -> int:
    """Return the capacity that is given, or that the budget names.

    Raises:
        ProblemError: there is none, or two.
    """
    budget, given = design["budget"], design["scratchpad_kib"]
    if budget == "given":
        if given is None:
            raise ProblemError("scratchpad_kib has no value; give it, or take budget = minimum, half or peak")
        return math.floor(float(given) * KIB)
    if given is not None:
        raise ProblemError(f"scratchpad_kib = {given:g} and budget = {budget} both set the capacity; take one of them")
    if budget == "minimum":
        return problem.minimum_bytes
    budgets = _budgets(problem)
    return budgets.half_bytes if budget == "half" else budgets.peak_bytes


@lru_cache(maxsize=64)
def _network(network: Network, word_bits: int) -> Network:
    return network.with_bits(word_bits, word_bits)


@lru_cache(maxsize=64)
def _whole_problem(network: Network, fuse: bool, accounting: Accounting) -> Problem:
    """Return the problem of a network whose tensors aren't cut."""
    return problem_of(fuse_activations(network) if fuse else network, accounting)


@lru_cache(maxsize=64)
def _budgets(problem: Problem) -> Budgets:
    """Return M_R, M_H and M_P; the search for M_P ends after a number of states, not after a time."""
    return budgets_of(problem, time_limit_s=math.inf)


@lru_cache(maxsize=64)
def _planned(job: Job) -> Planned:
    return plan_network(job.network, job.capacity_bytes, job.options, seeds=job.seeds)


def _latency_cycles(planned: Planned, machine: Machine) -> float:
    return latency_cycles(planned.problem, planned.schedule.placed.timeline.order, planned.plan, machine)


def _metrics(design: Design, job: Job, planned: Planned) -> dict[str, float]:
    """Return everything but accesses and energy."""
    schedule, report = planned.schedule, planned.report
    problem = _whole_problem(job.network, job.options.fuse, job.options.accounting)
    kinds = [transfer.kind for transfer in planned.plan.transfers]
    needs_peak = design["order"] == "search" or design["budget"] in ("half", "peak")
    return {
        "offchip_bytes": float(report.offchip_bytes),
        "noncompulsory_bytes": float(report.noncompulsory_bytes),
        "compulsory_bytes": float(report.load_bytes + report.store_bytes),
        "bound_bytes": float(schedule.bound_bytes),
        "gap": schedule.gap,
        "noncompulsory_gap": schedule.noncompulsory_gap,
        "spills": float(kinds.count("spill")),
        "retrievals": float(kinds.count("retrieve")),
        "capacity_kib": job.capacity_bytes / KIB,
        "minimum_kib": problem.minimum_bytes / KIB,
        "default_peak_kib": problem.peak_bytes(problem.default_order) / KIB,
        "peak_kib": _budgets(problem).peak_bytes / KIB if needs_peak else math.nan,
        "peak_used_kib": report.peak_used_bytes / KIB,
        "scratchpad_cells_mm2": cells_mm2(job.capacity_bytes, _whole(design, "node_nm")),
        "latency_cycles": _latency_cycles(planned, _machine(design)),
        "bandwidth_bytes_per_cycle": _number(design, "dram_bytes_per_cycle"),
        "repeated_macs": float(planned.repeated_macs),
        "search_states": float(schedule.states),
    }


def _energy(design: Design, offchip_bytes: int, access_bytes: int, capacity_bytes: int) -> TransferEnergy:
    if design["energy_table"] == NO_TABLE:
        return NO_ENERGY
    table, bank_bytes = energy_table(str(design["energy_table"])), capacity_bytes / _whole(design, "banks")
    return transfer_energy(table, offchip_bytes, access_bytes, bank_bytes, _whole(design, "word_bits"))


def _in_range(design: Design, job: Job, planned: Planned, energy: TransferEnergy) -> bool:
    """Return whether the checks of this repository cover a plan like this one: see docs/models/scratchpad.md."""
    plain_memory = design["banks"] == 1 and design["recompute_bytes_per_mac"] is None and design["goal"] == "traffic"
    return job.whole_tensors and plain_memory and planned.schedule.gap == 0.0 and energy.in_range
