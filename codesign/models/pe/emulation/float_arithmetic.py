"""Small floating-point formats on bit patterns: encode, decode, and multiply and add as hardware units do.

A code is sign | exponent | mantissa. With bias b = 2^(exponent_bits - 1) - 1 and M mantissa bits it means
(-1)^sign * (1 + mantissa / 2^M) * 2^(exponent - b), and for exponent 0 (-1)^sign * mantissa / 2^M * 2^(1 - b).

The arithmetic goes through float64, which is exact here: a product of two significands of at most 25 bits fits its 53
bits, and rounding a sum first to 53 and then to at most 25 bits equals rounding once (53 >= 2 p + 2; S. Figueroa, When
is double rounding innocuous?, ACM SIGNUM Newsletter 30 (3), 1995).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class FloatFormat:
    """A floating-point format.

    Attributes:
        name: as number formats are named.
        exponent_bits, mantissa_bits: stored.
        specials: ``ieee``: the highest exponent means infinity or not-a-number. ``nan``: it means numbers, only the
            code of all ones is not-a-number. ``none``: all codes are numbers.
    """

    name: str
    exponent_bits: int
    mantissa_bits: int
    specials: Literal["ieee", "nan", "none"] = "ieee"

    @property
    def bits(self) -> int:
        """Width of a code."""
        return 1 + self.exponent_bits + self.mantissa_bits

    @property
    def bias(self) -> int:
        """What is subtracted from a stored exponent."""
        return (1 << (self.exponent_bits - 1)) - 1

    @property
    def sign_bit(self) -> int:
        """Code of minus zero."""
        return 1 << (self.bits - 1)

    @property
    def infinity_code(self) -> int:
        """Code with all exponent bits and no mantissa bit set: plus infinity in IEEE formats."""
        return ((1 << self.exponent_bits) - 1) << self.mantissa_bits

    @property
    def largest_code(self) -> int:
        """Code of the largest finite number."""
        return {"ieee": self.infinity_code - 1, "nan": self.sign_bit - 2, "none": self.sign_bit - 1}[self.specials]

    @property
    def largest(self) -> float:
        """The largest finite number."""
        return float(decode(np.array([self.largest_code]), self)[0])

    @property
    def smallest_normal(self) -> float:
        """The smallest positive number with a leading one."""
        return 2.0 ** (1 - self.bias)


FP32 = FloatFormat("fp32", 8, 23)
BF16 = FloatFormat("bf16", 8, 7)
FP16 = FloatFormat("fp16", 5, 10)
FP8_E5M2 = FloatFormat("fp8-e5m2", 5, 2)
FP8_E4M3 = FloatFormat("fp8-e4m3", 4, 3, "nan")
"""As in the OCP 8-bit floating-point specification (2023): no infinity, largest number 448."""
FP4_E2M1 = FloatFormat("fp4-e2m1", 2, 1, "none")
"""As in the OCP microscaling specification (2023): no infinity, no not-a-number, largest number 6."""


def split(codes: IntArray, form: FloatFormat) -> tuple[IntArray, IntArray, IntArray]:
    """Return sign, stored exponent and stored mantissa of each code."""
    mantissa = codes & ((1 << form.mantissa_bits) - 1)
    exponent = (codes >> form.mantissa_bits) & ((1 << form.exponent_bits) - 1)
    return (codes >> (form.bits - 1)) & 1, exponent, mantissa


def decode(codes: IntArray, form: FloatFormat) -> FloatArray:
    """Return the value of each code, infinities and not-a-numbers included."""
    sign, exponent, mantissa = split(codes, form)
    significand = mantissa + np.where(exponent > 0, 1 << form.mantissa_bits, 0)
    values = _signed(sign, np.ldexp(significand.astype(np.float64), _power(np.maximum(exponent, 1), form)))
    magnitude = codes & (form.sign_bit - 1)
    if form.specials == "ieee":
        values = np.where(magnitude == form.infinity_code, _signed(sign, np.inf), values)
    return np.where(magnitude > max(form.largest_code, form.infinity_code * (form.specials == "ieee")), np.nan, values)


def encode(values: FloatArray, form: FloatFormat, *, saturate: bool = False, flush: bool = False) -> IntArray:
    """Return the code nearest to each value; ties go to the even code.

    Args:
        values: any float64.
        form: the format.
        saturate: a number too large becomes the largest finite one, not infinity. Formats without infinity always do.
        flush: a number that is below the smallest normal one after rounding to full precision becomes a zero of its
            sign, as in units without subnormals; otherwise subnormals are kept.

    Raises:
        ValueError: a value is not-a-number and the format has no code for that.
    """
    values = np.asarray(values, dtype=np.float64)
    unknown = np.isnan(values)
    if form.specials == "none" and unknown.any():
        raise ValueError(f"{form.name} has no code for not-a-number, found at {int(unknown.sum())} of {values.size}")
    magnitude = np.abs(np.where(np.isfinite(values), values, 0.0))
    exponent = np.frexp(magnitude)[1].astype(np.int64) - 1
    lowest = 1 - form.bias
    exponent = np.where(magnitude > 0, exponent if flush else np.maximum(exponent, lowest), lowest)
    significand = np.rint(np.ldexp(magnitude, (form.mantissa_bits - exponent).astype(np.int32))).astype(np.int64)
    code = ((exponent - lowest) << form.mantissa_bits) + significand
    if flush:
        code = np.where(code < (1 << form.mantissa_bits), 0, code)
    overflow = form.infinity_code if form.specials == "ieee" and not saturate else form.largest_code
    code = np.where((code > form.largest_code) | np.isinf(values), overflow, code)
    code = np.where(unknown, form.sign_bit - 1, code)
    return np.where(np.signbit(values), code | form.sign_bit, code)


def flushed(codes: IntArray, form: FloatFormat) -> FloatArray:
    """Return the values that a unit without special numbers reads.

    Subnormals are zeros and the highest exponent is an exponent like any other, so that infinity reads as the power of
    two after the largest number.
    """
    sign, exponent, mantissa = split(codes, form)
    normal = np.ldexp((mantissa + (1 << form.mantissa_bits)).astype(np.float64), _power(exponent, form))
    return _signed(sign, np.where(exponent > 0, normal, 0.0))


def multiply(a: IntArray, b: IntArray, form: FloatFormat, product: FloatFormat | None = None) -> IntArray:
    """Return the codes of a * b as a multiplier gives them: nearest even, subnormals flushed, overflow to infinity.

    Zeros keep the sign of the product; a format without infinity saturates. ``product`` is the format of the result
    where it is not that of the operands.
    """
    return encode(flushed(a, form) * flushed(b, form), product or form, flush=True)


def add(a: IntArray, b: IntArray, form: FloatFormat) -> IntArray:
    """Return the codes of a + b as an adder gives them: nearest even, subnormals flushed, overflow to infinity.

    A sum of zero is plus zero.
    """
    total = encode(flushed(a, form) + flushed(b, form), form, flush=True)
    return np.where(total == form.sign_bit, 0, total)


def accumulate(terms: Iterable[IntArray], form: FloatFormat, shape: tuple[int, ...]) -> IntArray:
    """Return the codes of the sum of ``terms``, added one after the other to a zero of that shape."""
    total = np.zeros(shape, dtype=np.int64)
    for term in terms:
        total = add(total, term, form)
    return total


def convert(codes: IntArray, source: FloatFormat, target: FloatFormat) -> IntArray:
    """Return the same numbers in another format as a converter gives them: nearest even, subnormals flushed."""
    return encode(flushed(codes, source), target, flush=True)


def _power(exponent: IntArray, form: FloatFormat) -> npt.NDArray[np.int32]:
    """Return the power of two of the last mantissa bit."""
    return (exponent - form.bias - form.mantissa_bits).astype(np.int32)


def _signed(sign: IntArray, magnitude: FloatArray | float) -> FloatArray:
    return np.where(sign == 1, np.negative(magnitude), magnitude)
