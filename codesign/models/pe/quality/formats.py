"""Number formats by name: encode a matrix as the memory holds it, decode it to what the hardware means by it.

Every rule here is rounding to nearest (RTN) with a scale taken from the values themselves, as the source of the format
does it without calibration data. Methods that calibrate or train (GPTQ, AWQ, ...) give other codes in the same formats.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

import numpy as np

from codesign.errors import ModelInputError, UnknownNameError, nearest
from codesign.models.pe.emulation.float_arithmetic import BF16, FP4_E2M1, FP8_E4M3, FP8_E5M2, FP16, FP32, FloatFormat
from codesign.models.pe.emulation.operands import Encoded, FloatArray
from codesign.models.pe.quality import codecs, table_codecs
from codesign.models.pe.quality.codecs import Codec, Quantised

FP3 = FloatFormat("fp3", 2, 0, "none")
"""Sign and two exponent bits: 0, 1, 2, 4."""
MICROSCALING_GROUP = 32


@dataclass(frozen=True)
class NumberFormat:
    """A number format.

    Attributes:
        name: as spaces and elements use it.
        title: one line for people.
        bits: widths that it has.
        scale_rule: how the scale of a group comes from its values.
        codec: values to codes and back.
        source: where the rule comes from.
        own_group: the group that the format prescribes; 0 where any will do.
        scaled: whether it has scales at all.
        group_multiple: every group is a multiple of it (2 where values are coded in pairs).
    """

    name: str
    title: str
    bits: tuple[int, ...]
    scale_rule: str
    codec: Codec
    source: str
    own_group: int = 0
    scaled: bool = True
    group_multiple: int = 1

    def group_length(self, requested: int, length: int) -> int:
        """Return how many values of a column share a scale.

        Args:
            requested: by the design; 0 asks for one scale per column.
            length: of a column, K.

        Raises:
            ModelInputError: the format has another group, or the group doesn't divide the column.
        """
        if not self.scaled:
            return length
        group = requested or self.own_group or length
        if self.own_group and group != self.own_group:
            raise ModelInputError(f"{self.name} has one scale per {self.own_group} values, found group {group}")
        if group < 0 or length % group:
            raise ModelInputError(f"a group of {group} doesn't divide a reduction of {length} values")
        if group % self.group_multiple:
            raise ModelInputError(f"{self.name} codes {self.group_multiple} values together, found group {group}")
        return group


@cache
def formats() -> Mapping[str, NumberFormat]:
    """Return every number format by name."""
    return MappingProxyType({form.name: form for form in (*_integers(), *_tables(), *_floats())})


def number_format(name: str) -> NumberFormat:
    """Return the number format of that name.

    Raises:
        UnknownNameError: there is none.
    """
    known = formats()
    if name not in known:
        raise UnknownNameError(f"unknown number format {name!r}{nearest(name, known)}; known: {', '.join(known)}")
    return known[name]


def encode(values: FloatArray, name: str, bits: int, group: int) -> Encoded:
    """Quantise a matrix by rounding to nearest.

    Args:
        values: K x N; the reduction is axis 0.
        name: of the number format.
        bits: of a code.
        group: values along the reduction that share a scale; 0 or K: one scale per column.

    Raises:
        UnknownNameError: there is no such format.
        ModelInputError: the format doesn't have that width or group, the group doesn't divide K, the values aren't a
            finite matrix, or a scale doesn't fit the memory's format.
    """
    form = number_format(name)
    values = np.asarray(values, dtype=np.float64)
    if values.ndim != 2 or not values.size:
        raise ModelInputError(f"only a matrix K x N can be encoded, found the shape {values.shape}")
    if not np.isfinite(values).all():
        raise ModelInputError(f"{np.count_nonzero(~np.isfinite(values))} of {values.size} values aren't finite")
    if bits not in form.bits:
        allowed = ", ".join(map(str, form.bits))
        raise ModelInputError(f"{name} has no codes of {bits} bits; it has: {allowed}")
    length, columns = values.shape
    group = form.group_length(group, length)
    found = form.codec.quantise(values.reshape(length // group, group, columns), bits)
    return Encoded(name, bits, found.codes.reshape(length, columns), group, found.scales, found.zeros, found.selectors)


def decode(encoded: Encoded) -> FloatArray:
    """Return the values K x N that the codes mean: scale * (level(code) - zero)."""
    form = number_format(encoded.format)
    length, columns = encoded.codes.shape
    codes = encoded.codes.reshape(length // encoded.group, encoded.group, columns)
    levels = form.codec.levels(Quantised(codes, encoded.scales, encoded.zeros, encoded.selectors), encoded.bits)
    return (levels * encoded.scales[:, None, :]).reshape(length, columns)


def _integers() -> tuple[NumberFormat, ...]:
    return (
        NumberFormat(
            "int-sym",
            "two's complement integers, symmetric range",
            tuple(range(2, 9)),
            "FP16(max|x| / (2^(b-1) - 1))",
            codecs.SYMMETRIC,
            "BitMoD arXiv:2411.11745, code of its RTN baseline",
        ),
        NumberFormat(
            "int-asym",
            "unsigned integers with a zero point",
            tuple(range(1, 9)),
            "FP16((max - min) / (2^b - 1)), the range widened to hold 0",
            codecs.ASYMMETRIC,
            "GPTQ arXiv:2210.17323 (range holds 0); AWQ arXiv:2306.00978; BitMoD arXiv:2411.11745",
        ),
        NumberFormat(
            "ternary",
            "-1, 0, 1 in two bits",
            (2,),
            "FP16(mean|x|)",
            codecs.TERNARY,
            "BitNet b1.58 arXiv:2402.17764 (which takes one mean for the whole matrix)",
        ),
        NumberFormat(
            "binary",
            "-1, 1 in one bit",
            (1,),
            "FP16(mean|x|)",
            codecs.BINARY,
            "XNOR-Net arXiv:1603.05279",
        ),
    )


def _tables() -> tuple[NumberFormat, ...]:
    return (
        NumberFormat(
            "flint",
            "ANT's integers that turn into floats",
            table_codecs.FLINT_BITS,
            "FP16(max|x| / largest level)",
            table_codecs.FLINT,
            "ANT arXiv:2208.14286; scale as in BitMoD's baseline",
        ),
        NumberFormat(
            "ant",
            "ANT: each group picks integers or flint; integers or FP3 at 3 bits",
            table_codecs.ANT_BITS,
            "FP16(max|x| / largest level) of the table with the least squared error",
            table_codecs.ANT,
            "ANT arXiv:2208.14286 as BitMoD arXiv:2411.11745 evaluates it",
        ),
        NumberFormat(
            "abfloat",
            "OliVe: integers, with outliers as floats in the place of their victims",
            table_codecs.ABFLOAT_BITS,
            "FP16 of the multiple (0.75 ... 1.49) of 3 sigma / (2^(b-1) - 1) with the least squared error",
            table_codecs.ABFLOAT,
            "OliVe arXiv:2304.07493 and its repository clevercool/ANT-Quantization",
            group_multiple=2,
        ),
        NumberFormat(
            "bitmod",
            "BitMoD: FP3 or FP4 with one of four special values per group",
            table_codecs.BITMOD_BITS,
            "FP16(max|x| / largest level) of the table with the least squared error",
            table_codecs.BITMOD,
            "BitMoD arXiv:2411.11745 and its repository yc2367/BitMoD-HPCA-25",
        ),
    )


def _floats() -> tuple[NumberFormat, ...]:
    ocp = "OCP Microscaling Formats specification 1.0 (2023)"
    shared = "2^(floor(log2(max|x|)) - largest exponent), larger values saturate"
    return (
        *(
            NumberFormat(
                form.name, title, (form.bits,), "none", codecs.plain_float(form), "IEEE 754-2019", scaled=False
            )
            for form, title in ((FP32, "IEEE binary32"), (FP16, "IEEE binary16"), (BF16, "upper half of binary32"))
        ),
        *(
            NumberFormat(
                form.name,
                f"8-bit float of {form.exponent_bits} exponent and {form.mantissa_bits} mantissa bits",
                (8,),
                "FP32(max|x| / largest number)",
                codecs.scaled_float(form, fp32_scale=True),
                "Micikevicius et al. arXiv:2209.05433",
            )
            for form in (FP8_E4M3, FP8_E5M2)
        ),
        *(
            NumberFormat(
                form.name,
                title,
                (form.bits,),
                "FP16(max|x| / largest number)",
                codecs.scaled_float(form),
                "BitMoD arXiv:2411.11745 Table 8",
            )
            for form, title in ((FP4_E2M1, "0, 0.5, 1, 1.5, 2, 3, 4, 6"), (FP3, "0, 1, 2, 4"))
        ),
        *(
            NumberFormat(
                name,
                f"microscaling: {form.name} with a power of two per {MICROSCALING_GROUP}",
                (form.bits,),
                shared,
                codecs.microscaled(form),
                source,
                own_group=MICROSCALING_GROUP,
            )
            for name, form, source in (
                ("mx-fp3", FP3, "BitMoD arXiv:2411.11745; not in the OCP specification"),
                ("mx-fp4", FP4_E2M1, ocp),
                ("mx-fp6-e2m3", FloatFormat("fp6-e2m3", 2, 3, "none"), ocp),
                ("mx-fp6-e3m2", FloatFormat("fp6-e3m2", 3, 2, "none"), ocp),
                ("mx-fp8-e4m3", FP8_E4M3, ocp),
            )
        ),
    )
