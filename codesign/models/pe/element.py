"""What a processing element is, as data: parts inside, parts at the edge of its array, and how fast it multiplies.

The array holds ``rows`` x ``columns`` elements. Rows hold tokens (rows of the activations), columns hold output
channels (columns of the weights). Activations travel along the rows, weights down the columns; an element accumulates
one output.
A new element is one such description in ``elements/``, one emulation in ``emulation/`` and one module in ``rtl/``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from codesign.errors import ModelInputError
from codesign.technology.units import Unit


@dataclass(frozen=True, slots=True)
class Configuration:
    """What a design chooses of an element. Widths in bits.

    Attributes:
        weight_bits: of a stored weight.
        activation_bits: of an activation.
        accumulator_bits: of the partial sum; 0 takes the element's own.
        group: weights along the reduction that share a scale; 0 means one scale per output channel.
        lut_group: activations per lookup table; read by elements with tables only.
        table_bits: of a table entry; 0 takes the element's own. Read by elements with tables only.
    """

    weight_bits: int
    activation_bits: int
    accumulator_bits: int = 0
    group: int = 128
    lut_group: int = 4
    table_bits: int = 0


@dataclass(frozen=True, slots=True)
class Part:
    """Some equal units.

    Attributes:
        unit: what.
        count: how many; may be a fraction where several elements share one.
        activity: share of the busy cycles in which its inputs change; registers: in which they are loaded.
        name: what it does in the element, for people.
    """

    unit: Unit
    count: float = 1.0
    activity: float = 1.0
    name: str = ""


@dataclass(frozen=True)
class Structure:
    """An element in one configuration.

    An element does ``step_macs`` multiply-accumulates of one output in ``step_cycles`` cycles.

    Attributes:
        element: parts of each element, the registers of its operands and of its sum included.
        row: parts at the edge of each array row (activation decoders, alignment, tables).
        column: parts at the edge of each array column (weight decoders, normalisers).
        scale: the scale unit at the foot of each column, at work ``scale_cycles`` for each output of each group.
            Without one, scales are one a channel and applied by the vector unit, once an output.
        array: parts there once for the whole array.
        path: the longest chain of units from register to register inside the element.
        cut_bits: registers that one more pipeline stage costs an element.
        step_macs: length of the reduction that one step takes.
        step_cycles: cycles of a step.
        fused_rows, fused_columns: rows and columns of outputs that one element serves at once (composable elements
            split into narrower ones); 1 for all others.
        scale_cycles: cycles that the column's scale unit is busy for one output of one group; 0 without one.
        weight_bits_stored: memory bits of one weight, without its group's share.
        group_bits: memory bits of one group: scale, zero point, selectors; also paid per channel when group is 0.
        activation_bits_stored: memory bits of one activation.
        output_bits: memory bits of one output before it is converted for the next layer.
        table_additions: additions that one activation costs before the array, to make its share of the tables.
        table_bits_per_row: register bits that hold the tables of one array row; priced as registers at the edge.
    """

    element: tuple[Part, ...]
    path: tuple[Unit, ...]
    cut_bits: int
    row: tuple[Part, ...] = ()
    column: tuple[Part, ...] = ()
    scale: tuple[Part, ...] = ()
    array: tuple[Part, ...] = ()
    step_macs: int = 1
    step_cycles: int = 1
    fused_rows: int = 1
    fused_columns: int = 1
    scale_cycles: int = 0
    weight_bits_stored: float = 0.0
    group_bits: float = 0.0
    activation_bits_stored: float = 0.0
    output_bits: float = 16.0
    table_additions: float = 0.0
    table_bits_per_row: float = 0.0


@dataclass(frozen=True)
class Rtl:
    """The Verilog of an element in one configuration.

    Attributes:
        files: names of files in ``rtl/``, in reading order.
        top: module.
        parameters: of the module.
    """

    files: tuple[str, ...]
    top: str
    parameters: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class ProcessingElement:
    """A processing element.

    Attributes:
        name: as in spaces, e.g. ``mixpe-w4a8``.
        title: one line for people.
        sources: papers and repositories.
        operands: the (weight bits, activation bits) pairs that it can multiply.
        default: the configuration where a design gives none.
        structure: parts and speed of a configuration that ``operands`` allows; raises ``ModelInputError`` for another
            choice that the element hasn't.
        weight_formats: weight bits -> the number format of the weights (a name of ``quality.formats``).
        activation_format: activation bits -> the number format of the activations.
        cached_bits: widths of a key-value cache that it multiplies in the array, as the weight operand; attention with
            other widths runs on the vector unit.
        groups: whether scales per group are applied (False: one scale per output channel, outside the array).
        arithmetic: ``exact`` where products and sums are as good as exact; else the name of the approximation, under
            which its perplexities are looked up.
        rtl: the Verilog of a configuration, or None where there is none.
        notes: what is assumed where the source doesn't say.
    """

    name: str
    title: str
    sources: tuple[str, ...]
    operands: tuple[tuple[int, int], ...]
    default: Configuration
    structure: Callable[[Configuration], Structure]
    weight_formats: Mapping[int, str]
    activation_format: Mapping[int, str]
    cached_bits: tuple[int, ...] = ()
    groups: bool = True
    arithmetic: str = "exact"
    rtl: Callable[[Configuration], Rtl | None] = lambda configuration: None
    notes: str = ""

    def refusal(self, chosen: Configuration) -> str:
        """Return why the element can't be built so, or an empty text."""
        if (chosen.weight_bits, chosen.activation_bits) not in self.operands:
            allowed = ", ".join(f"W{weight}A{activation}" for weight, activation in self.operands)
            return f"{self.name} can't multiply W{chosen.weight_bits}A{chosen.activation_bits}; it can: {allowed}"
        if not self.groups and chosen.group:
            return f"{self.name} has no scales per group; group must be 0, found {chosen.group}"
        try:
            self.structure(chosen)
        except ModelInputError as refused:
            return str(refused)
        return ""
