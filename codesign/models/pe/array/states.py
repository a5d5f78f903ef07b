"""The distinct elements of a table of designs: configured, refused or priced once, then looked up."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from codesign.models.columns import FloatArray
from codesign.models.pe.array.prices import structure_price
from codesign.models.pe.element import Configuration, ProcessingElement, Structure
from codesign.models.pe.elements import element

PACE = ("fused_rows", "fused_columns", "step_macs", "step_cycles", "scale_cycles")
SUMS = ("area_um2", "busy_fj", "idle_fj", "leakage_nw")
PARTS = ("element", "row", "column", "scale", "array", "cut")


@dataclass(frozen=True, slots=True)
class State:
    """What a design chooses of its element; ``None`` takes the element's own.

    Attributes:
        pe: name of the element.
        weight_bits, activation_bits, accumulator_bits, group, lut_group, table_bits: see ``Configuration``.
        kv_bits: width of the cached keys and values.
        library: that the units are priced on.
    """

    pe: str
    weight_bits: int | None
    activation_bits: int | None
    accumulator_bits: int | None
    group: int | None
    lut_group: int | None
    table_bits: int | None
    kv_bits: int
    library: str


@dataclass(frozen=True)
class Configured:
    """An element as a design has it.

    Attributes:
        element: the element.
        configuration: with the element's own values where the design gave none.
        refusal: why it can't be built; empty where it can.
        columns: name -> number, as ``StateTable`` has them; empty where it can't be built.
        in_range: whether every unit lies within the sizes that its price was fitted on.
    """

    element: ProcessingElement
    configuration: Configuration
    refusal: str
    columns: Mapping[str, float]
    in_range: bool


def configuration_of(state: State) -> Configuration:
    """Return the configuration of a state: what is given, else the element's own."""
    own = element(state.pe).default
    given = {
        name: value
        for name in ("weight_bits", "activation_bits", "accumulator_bits", "group", "lut_group", "table_bits")
        if (value := getattr(state, name)) is not None
    }
    return replace(own, **given)


@lru_cache(maxsize=65536)
def configured(state: State) -> Configured:
    """Return the element of a state, priced."""
    chosen = configuration_of(state)
    found = element(state.pe)
    refusal = found.refusal(chosen)
    if refusal:
        return Configured(found, chosen, refusal, {}, False)
    structure = found.structure(chosen)
    if chosen.group % structure.step_macs:
        refusal = f"group = {chosen.group} isn't a multiple of the {structure.step_macs} activations of a step"
        return Configured(found, chosen, refusal, {}, False)
    price = structure_price(structure, state.library)
    columns = _pace(structure, "")
    columns |= {
        "group": float(chosen.group),
        "weight_bits_stored": structure.weight_bits_stored,
        "group_bits": structure.group_bits,
        "activation_bits_stored": structure.activation_bits_stored,
        "table_additions": structure.table_additions,
        "path_ps": price.path_ps,
    }
    sums = {part: getattr(price, part) for part in PARTS}
    columns |= {f"{part}_{name}": getattr(total, name) for part, total in sums.items() for name in SUMS}
    in_array = state.kv_bits in found.cached_bits
    cached, cached_sum = structure, sums["element"]
    if in_array:
        cached = found.structure(_for_cache(chosen, state.kv_bits))
        cached_sum = structure_price(cached, state.library).element
    columns |= _pace(cached, "cache_") | {
        "cache_in_array": float(in_array),
        "cache_busy_fj": cached_sum.busy_fj,
    }
    return Configured(found, chosen, "", columns, all(total.in_range for total in sums.values()))


def _for_cache(chosen: Configuration, kv_bits: int) -> Configuration:
    """Return the configuration in which cached keys or values are the weight operand: one scale a column."""
    return replace(chosen, weight_bits=kv_bits, group=0)


def _pace(structure: Structure, prefix: str) -> dict[str, float]:
    return {f"{prefix}{name}": float(getattr(structure, name)) for name in PACE}


@dataclass(frozen=True)
class StateTable:
    """Columns of ``Configured`` as arrays of shape ``states``, NaN where a state is refused."""

    columns: Mapping[str, FloatArray]
    refusals: tuple[str, ...]
    in_range: FloatArray

    @classmethod
    def of(cls, states: Sequence[State]) -> StateTable:
        """Return the table of some states."""
        each = [configured(state) for state in states]
        names = next((tuple(one.columns) for one in each if one.columns), ())
        return cls(
            {name: np.array([one.columns.get(name, math.nan) for one in each]) for name in names},
            tuple(one.refusal for one in each),
            np.array([float(one.in_range) for one in each]),
        )
