"""Hardware units: adders, multipliers, registers, ..., each named by its kind and its sizes.

A unit says what is there, not what it costs: ``codesign.technology.unit_costs`` prices it on a cell library. Each kind
has a Verilog module ``unit_<kind>`` with the same sizes as parameters in capitals (``codesign/models/pe/rtl/units.v``),
which is what was synthesised to fit the prices.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

KINDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "multiplier": ("a_bits", "b_bits"),
        "signed_multiplier": ("a_bits", "b_bits"),
        "multiply_add": ("a_bits", "b_bits", "sum_bits"),
        "shift_add": ("a_bits", "b_bits"),
        "power_of_two_multiplier": ("a_bits", "stages"),
        "adder": ("bits",),
        "adder_tree": ("inputs", "bits"),
        "negate": ("bits",),
        "barrel_shifter": ("bits", "stages"),
        "leading_zeros": ("bits",),
        "multiplexer": ("inputs", "bits"),
        "maximum": ("bits",),
        "and_row": ("bits",),
        "xor_row": ("bits",),
        "or_reduce": ("bits",),
        "constant_table": ("in_bits", "out_bits"),
        "register": ("bits",),
        "register_enable": ("bits",),
        "float_multiply": ("exponent_bits", "mantissa_bits"),
        "float_add": ("exponent_bits", "mantissa_bits"),
    }
)
"""Every kind of unit with the names of its sizes, in order."""


@dataclass(frozen=True, slots=True)
class Unit:
    """One hardware unit.

    Attributes:
        kind: one of ``KINDS``.
        sizes: in the order of ``KINDS[kind]``.
    """

    kind: str
    sizes: tuple[int, ...]

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"unknown kind of unit {self.kind!r}; known: {', '.join(KINDS)}")
        if len(self.sizes) != len(KINDS[self.kind]):
            raise ValueError(f"a {self.kind} has the sizes {', '.join(KINDS[self.kind])}, found {self.sizes}")
        if any(size < 1 for size in self.sizes):
            raise ValueError(f"the sizes of a {self.kind} are at least 1, found {self.sizes}")

    @property
    def named_sizes(self) -> Mapping[str, int]:
        """Size name -> size."""
        return dict(zip(KINDS[self.kind], self.sizes, strict=True))

    def __str__(self) -> str:
        return f"{self.kind}({', '.join(f'{name}={size}' for name, size in self.named_sizes.items())})"


def multiplier(a_bits: int, b_bits: int) -> Unit:
    """Return an unsigned multiplier a * b, the product in full."""
    return Unit("multiplier", (a_bits, b_bits))


def signed_multiplier(a_bits: int, b_bits: int) -> Unit:
    """Return a two's complement multiplier a * b, the product in full."""
    return Unit("signed_multiplier", (a_bits, b_bits))


def multiply_add(a_bits: int, b_bits: int, sum_bits: int) -> Unit:
    """Return sum + a * b in two's complement as one carry-save array, which synthesis makes of ``c + a * b``."""
    return Unit("multiply_add", (a_bits, b_bits, sum_bits))


def shift_add(a_bits: int, b_bits: int) -> Unit:
    """Return a multiplier of a signed a by an unsigned b as rows of AND gates and adders: the sum of b_i * (a << i)."""
    return Unit("shift_add", (a_bits, b_bits))


def power_of_two_multiplier(a_bits: int, stages: int) -> Unit:
    """Return a signed a times +-2^s, s of ``stages`` bits: one barrel shift and a conditional negation."""
    return Unit("power_of_two_multiplier", (a_bits, stages))


def adder(bits: int) -> Unit:
    """Return a + b, modulo 2^bits."""
    return Unit("adder", (bits,))


def adder_tree(inputs: int, bits: int) -> Unit:
    """Return the sum of ``inputs`` two's complement words of ``bits``, without overflow: carry-save, one adder."""
    return Unit("adder_tree", (inputs, bits))


def negate(bits: int) -> Unit:
    """Return s ? -a : a, in two's complement."""
    return Unit("negate", (bits,))


def barrel_shifter(bits: int, stages: int) -> Unit:
    """Return a >> s (or <<), s of ``stages`` bits."""
    return Unit("barrel_shifter", (bits, stages))


def leading_zeros(bits: int) -> Unit:
    """Return the number of zeros before the first one."""
    return Unit("leading_zeros", (bits,))


def multiplexer(inputs: int, bits: int) -> Unit:
    """Return one of ``inputs`` words, picked by a binary index."""
    return Unit("multiplexer", (inputs, bits))


def maximum(bits: int) -> Unit:
    """Return the larger of two unsigned words."""
    return Unit("maximum", (bits,))


def and_row(bits: int) -> Unit:
    """Return a word ANDed with one bit."""
    return Unit("and_row", (bits,))


def xor_row(bits: int) -> Unit:
    """Return a word XORed with a word."""
    return Unit("xor_row", (bits,))


def or_reduce(bits: int) -> Unit:
    """Return the OR of all bits of a word."""
    return Unit("or_reduce", (bits,))


def constant_table(in_bits: int, out_bits: int) -> Unit:
    """Return a decoder: any fixed function of ``in_bits``, as gates."""
    return Unit("constant_table", (in_bits, out_bits))


def register(bits: int) -> Unit:
    """Return flip-flops loaded at every clock."""
    return Unit("register", (bits,))


def register_enable(bits: int) -> Unit:
    """Return flip-flops loaded when enabled."""
    return Unit("register_enable", (bits,))


def float_multiply(exponent_bits: int, mantissa_bits: int) -> Unit:
    """Return a floating-point multiplier: nearest even, subnormals flushed; ``mantissa_bits`` are the stored ones."""
    return Unit("float_multiply", (exponent_bits, mantissa_bits))


def float_add(exponent_bits: int, mantissa_bits: int) -> Unit:
    """Return a floating-point adder: nearest even, subnormals flushed, one path; ``mantissa_bits`` are stored."""
    return Unit("float_add", (exponent_bits, mantissa_bits))
