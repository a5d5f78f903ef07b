"""AxCore's table of energies and compute densities beside ours: FPC, FPMA, FIGNA, FIGLUT and AxCore.

FPC is a floating-point core, FPMA one whose multiplier is an addition of codes. Energies are per multiply-accumulate,
over those of FPC; edges of the array are left out, as in the authors' table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from codesign.models.checks import Check
from codesign.models.pe.array.prices import part_sum
from codesign.models.pe.element import Configuration, Part, Structure
from codesign.models.pe.elements import axcore as axcore_elements
from codesign.models.pe.elements import element, figlut, figna
from codesign.models.pe.emulation.figlut import SUM_BITS, TABLE_GROUP
from codesign.models.pe.emulation.figna import aligned_bits
from codesign.models.pe.emulation.float_arithmetic import BF16, FP16, FP32, FloatFormat
from codesign.models.pe.published.tables import table_rows
from codesign.technology.units import adder, and_row, float_add, or_reduce, register, register_enable, xor_row

LIBRARY = "nangate45"
TOLERANCE = 0.10
ENERGY_SOURCE = "CLab-HKUST-GZ/micro58-axcore-ae@6b463aa Software/axcore_simulator/params (28 nm, 1 GHz)"
DENSITY_SOURCE = "AxCore, MICRO 2025, compute density over FPC"
FORMATS = MappingProxyType({form.name: form for form in (FP16, BF16, FP32)})

_NOTES = MappingProxyType(
    {
        "FPMA": "theirs isn't published; ours is two code adders, a zero test and an adder of the activations' format",
        "FIGNA": "the width of their aligned activations isn't published; ours has 4 places more than a significand",
        "FIGLUT": (
            "theirs isn't published; ours looks up aligned activations and has one hardware for 1 to 8 bits, its tables"
            " stand at the edge"
        ),
        "AxCore": (
            "ours prices units one by one at random inputs, theirs a flattened tile at activity that isn't published;"
            " ours has one exponent bit more"
        ),
    }
)
_FPC = (
    "; all ratios rest on FPC, whose contents aren't published: ours multiplies and adds in the activations' format,"
    " without a dequantiser"
)


@dataclass(frozen=True)
class Core:
    """What one multiply-accumulate a cycle costs.

    Attributes:
        area_um2: of that much of an element.
        energy_fj: of one multiply-accumulate, the clock of its registers included.
    """

    area_um2: float
    energy_fj: float


def axcore() -> list[Check]:
    """Return energies and compute densities over FPC; 10 % was fixed beforehand as the tolerance."""
    return [*_energy_checks(), *_density_checks()]


def fpma(form: FloatFormat) -> Structure:
    """Return a core of one format that multiplies by code(a) + code(w) - constant and adds in floating point."""
    magnitude = form.bits - 1
    return Structure(
        element=(
            Part(adder(magnitude), 2, name="sum of the codes, less bias plus compensation"),
            Part(or_reduce(form.exponent_bits), 2, name="is an operand zero"),
            Part(and_row(magnitude), name="zero"),
            Part(xor_row(1), name="sign"),
            Part(float_add(form.exponent_bits, form.mantissa_bits), name="add to the partial sum"),
            Part(register(form.bits), 2, name="activation, partial sum"),
            Part(register_enable(form.bits), name="weight"),
        ),
        path=(adder(magnitude), adder(magnitude), float_add(form.exponent_bits, form.mantissa_bits)),
        cut_bits=2 * form.bits,
    )


def core(design: str, weight_bits: int, form: FloatFormat) -> Core:
    """Return the cost of one of the five designs for weights of some bits and activations of a format."""
    structure = _structures(weight_bits, form)[design]
    price = part_sum(structure.element, LIBRARY)
    rate = structure.step_macs * structure.fused_columns / structure.step_cycles
    return Core(price.area_um2 / rate, price.busy_fj / rate)


def _structures(weight_bits: int, form: FloatFormat) -> Mapping[str, Structure]:
    chosen = Configuration(weight_bits, form.bits)
    looked_up = Configuration(weight_bits, form.bits, accumulator_bits=_lookup_sum_bits(form))
    floating = Configuration(form.bits, form.bits, accumulator_bits=form.bits, group=0)
    return {
        "FPC": element(form.name).structure(floating),
        "FPMA": fpma(form),
        "FIGNA": figna.structure(form, chosen),
        "FIGLUT": figlut.structure(form, looked_up),
        "AxCore": axcore_elements.structure(form, chosen),
    }


def _lookup_sum_bits(form: FloatFormat) -> int:
    """Return the element's own width, or what 32 tables of wider activations with 4-bit weights need."""
    return max(SUM_BITS, aligned_bits(form) + TABLE_GROUP + 7 + 5)


def _energy_checks() -> list[Check]:
    published = {
        (row["design"], int(row["weight_bits"]), row["activation_format"]): float(row["dynamic_nw"])
        for row in table_rows("axcore_synthesis.csv")
    }
    checks = []
    for (design, bits, name), power in published.items():
        if design == "FPC":
            continue
        form = FORMATS[name]
        ours = core(design, bits, form).energy_fj / core("FPC", bits, form).energy_fj
        theirs = power / published["FPC", bits, name]
        item = f"{design} / FPC energy W{bits} {name.upper()}"
        checks.append(Check(item, theirs, ours, "1", TOLERANCE, ENERGY_SOURCE, _NOTES[design] + _FPC))
    return checks


def _density_checks() -> list[Check]:
    checks = []
    for row in table_rows("axcore_density.csv"):
        design, bits, form = row["design"], int(row["weight_bits"]), FORMATS[row["activation_format"]]
        ours = core("FPC", bits, form).area_um2 / core(design, bits, form).area_um2
        item = f"{design} / FPC compute density W{bits} {row['activation_format'].upper()}"
        note = _NOTES[design] + _FPC
        checks.append(Check(item, float(row["density"]), ours, "1", TOLERANCE, DENSITY_SOURCE, note))
    return checks
