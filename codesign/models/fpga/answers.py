"""A table of designs in, the table of metrics out: reading, cutting networks, the best accelerator of each."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from codesign.errors import UserError
from codesign.models.columns import Columns, FloatArray, IntArray, read_columns
from codesign.models.fpga.calls import NetworkCalls
from codesign.models.fpga.costs import EngineSettings
from codesign.models.fpga.enumeration import BestOfNetworks, best_of_networks
from codesign.models.fpga.metrics import METRICS
from codesign.models.fpga.networks import Choice, Prepared, prepared
from codesign.models.fpga.parameters import GENES, NAME, NETWORK_SETTINGS, PARAMETERS, SHARES, SOURCES
from codesign.models.grouping import distinct_rows, numbered
from codesign.space.domain import Choices, Value
from codesign.technology.fpga_devices import FpgaDevice, Fractions, fpga_device
from codesign.workloads.settings import plain
from codesign.workloads.tabular.spaces import SPACES

CALIBRATED_DEVICES = ("zu3eg",)
"""Devices with board measurements behind the cycle model."""


def answer(designs: pd.DataFrame) -> pd.DataFrame:
    """Evaluate a table of designs (see ``FpgaSubgraph.evaluate``)."""
    columns = read_columns(designs, PARAMETERS, NAME)
    metrics = np.full((len(METRICS), columns.rows), math.nan)
    in_range = np.zeros(columns.rows, dtype=bool)
    rows = columns.allowed()
    if columns.rows and (isinstance(rows, slice) or rows.size):
        places = np.arange(columns.rows) if isinstance(rows, slice) else rows
        _evaluate(columns, columns.kept(rows), places, metrics, in_range)
    return columns.framed(designs.index, list(METRICS), metrics, in_range)


def _evaluate(
    columns: Columns, some: Columns, places: IntArray, metrics: FloatArray, in_range: npt.NDArray[np.bool_]
) -> None:
    """Map designs machine by machine; fill in metrics and reasons."""
    choices, choice_of = _choices(some)
    machines, machine_of = _machines(some)
    for number, machine in enumerate(machines):
        own = np.flatnonzero(np.broadcast_to(machine_of == number, (some.rows,)))
        which = np.broadcast_to(choice_of, (some.rows,))[own]
        _map(columns, [choices[i] for i in which.tolist()], machine, places[own], metrics)
    known = ~np.isnan(metrics[0])
    devices = some.labels["device"]
    calibrated = np.isin(some.codes["device"], [i for i, name in enumerate(devices) if name in CALIBRATED_DEVICES])
    in_range[places] = known[places] & calibrated


def _map(
    columns: Columns,
    choices: list[Choice],
    machine: tuple[FpgaDevice, Fractions, float | None],
    places: IntArray,
    metrics: FloatArray,
) -> None:
    """Map networks on one machine, each distinct one once."""
    done = mapped(list(dict.fromkeys(choices)), *machine)
    for place, choice in zip(places.tolist(), choices, strict=True):
        found = done[choice]
        if found.reason:
            columns.reasons[place] = found.reason
        else:
            metrics[:, place] = found.metrics


@dataclass(frozen=True)
class Mapped:
    """A network on its best accelerator: metrics in the order of ``METRICS``, or the reason why there is none."""

    metrics: tuple[float, ...]
    reason: str = ""


def mapped(
    choices: Sequence[Choice], device: FpgaDevice, shares: Fractions, clock_mhz: float | None
) -> dict[Choice, Mapped]:
    """Return the metrics of distinct networks on a machine; those cut for one template are mapped together."""
    settings = EngineSettings(clock_mhz=clock_mhz)
    done: dict[Choice, Mapped] = {}
    together: dict[str, list[tuple[Choice, NetworkCalls]]] = {}
    for choice in choices:
        network = prepared(choice)
        if network.calls is None:
            done[choice] = Mapped((), network.reason)
        else:
            together.setdefault(choice.template, []).append((choice, network.calls))
    for networks in together.values():
        try:
            found = best_of_networks([calls for _, calls in networks], device, shares=shares, settings=settings)
            done |= {choice: _mapped(choice, found, row, device, shares) for row, (choice, _) in enumerate(networks)}
        except UserError as error:
            if len(networks) == 1:
                done[networks[0][0]] = Mapped((), str(error))
                continue
            for choice, _ in networks:
                done |= mapped([choice], device, shares, clock_mhz)
    return done


def _mapped(choice: Choice, found: BestOfNetworks, row: int, device: FpgaDevice, shares: Fractions) -> Mapped:
    if not found.feasible[row]:
        return Mapped((), _too_large(device, shares))
    numbers = _numbers(prepared(choice), choice, found, row)
    return Mapped(tuple(numbers[name] for name in METRICS))


def _too_large(device: FpgaDevice, shares: Fractions) -> str:
    budget = device.budget(shares)
    return (
        f"no accelerator fits {budget.lut} LUT, {budget.dsp} DSP, {budget.bram18} BRAM18 and {budget.uram} URAM of"
        f" {device.name}"
    )


def _numbers(network: Prepared, choice: Choice, found: BestOfNetworks, row: int) -> dict[str, float]:
    calls = network.calls
    assert calls is not None
    use = found.accelerators[found.accelerator[row]].use
    latency_ms, cycles = float(found.latency_ms[row]), float(found.cycles[row])
    macs = float(calls.macs)
    return {
        "latency_ms": latency_ms,
        "fps": network.batch * 1e3 / latency_ms,
        "accelerator_ms": latency_ms - float(found.processor_ms[row]),
        "cycles": cycles,
        "calls": float(calls.call_count),
        "macs": macs,
        "gmacs_per_s": macs * 1e-6 / latency_ms,
        "macs_per_dsp_cycle": macs / (cycles * use.dsp) if use.dsp else math.nan,
        "lut": float(use.lut),
        "dsp": float(use.dsp),
        "bram18": float(use.bram18),
        "uram": float(use.uram),
        "accelerators_considered": float(found.considered_of[row]),
        "top1_percent": network.top1_percent,
        "float_top1_percent": network.float_top1_percent,
        "predicted_top1_percent": network.predicted_percent[0],
        "predicted_low_percent": network.predicted_percent[1],
        "predicted_high_percent": network.predicted_percent[2],
        "total_bits": float(choice.weight_bits + choice.activation_bits),
    }


def _choices(columns: Columns) -> tuple[list[Choice], IntArray]:
    """Return the distinct networks with their widths, and for each design its one."""
    texts = ("network", "template", "accuracy_source")
    numbers = (*NETWORK_SETTINGS, "weight_bits", "activation_bits")
    found = [numbered(columns.numbers[name]) for name in numbers]
    genes = [_gene(columns, name) for name in GENES]
    parts = [*(columns.codes[name] for name in texts), *(codes for codes, _ in found), *(codes for codes, _ in genes)]
    distinct = distinct_rows(parts)
    choices = []
    for network, template, source, *rest in zip(*(rows.tolist() for rows in distinct.rows), strict=True):
        values = [plain(found[i][1][code]) for i, code in enumerate(rest[: len(numbers)])]
        name = columns.labels["network"][network]
        own = SPACES[name].columns if name in SPACES else ()
        picked = {
            gene: genes[i][1][code] for i, (gene, code) in enumerate(zip(GENES, rest[len(numbers) :], strict=True))
        }
        choices.append(
            Choice(
                name,
                tuple(zip(NETWORK_SETTINGS, values[: len(NETWORK_SETTINGS)], strict=True)),  # type: ignore[arg-type]
                tuple((gene, _given(gene, picked[gene])) for gene in own),
                columns.labels["template"][template],
                int(str(values[-2])),
                int(str(values[-1])),
                SOURCES[columns.labels["accuracy_source"][source]],
            )
        )
    return choices, distinct.which


def _gene(columns: Columns, name: str) -> tuple[IntArray, list[Value | None]]:
    """Return the number of each design's value of a gene, and the values; ``None`` where a design gives none."""
    if name in columns.codes:
        return columns.codes[name], [label or None for label in columns.labels[name]]
    codes, values = numbered(np.nan_to_num(columns.numbers[name], nan=-1.0))
    return codes, [None if value < 0 else plain(value) for value in values.tolist()]  # type: ignore[misc]


def _given(gene: str, value: Value | None) -> Value:
    """Return a gene's value, the first of its choices where a design gives none."""
    domain = GENES[gene].domain
    assert isinstance(domain, Choices)
    if value is None:
        return domain.values[0]
    return bool(value) if domain.kind == "boolean" else value


def _machines(columns: Columns) -> tuple[list[tuple[FpgaDevice, Fractions, float | None]], IntArray]:
    """Return the distinct devices with their budgets and clocks, and for each design its one."""
    found = [numbered(columns.numbers[f"{name}_share"]) for name in SHARES]
    clocks = numbered(np.nan_to_num(columns.numbers["clock_mhz"], nan=-1.0))
    distinct = distinct_rows([columns.codes["device"], *(codes for codes, _ in found), clocks[0]])
    machines = []
    for device, *shares, clock in zip(*(rows.tolist() for rows in distinct.rows), strict=True):
        values = {name: float(found[i][1][code]) for i, (name, code) in enumerate(zip(SHARES, shares, strict=True))}
        given = float(clocks[1][clock])
        machines.append(
            (fpga_device(columns.labels["device"][device]), Fractions(**values), None if given < 0 else given)
        )
    return machines, distinct.which
