"""Scales of quantised groups, rounded to what the memory holds."""

from __future__ import annotations

import numpy as np

from codesign.errors import ModelInputError
from codesign.models.pe.emulation.operands import FloatArray

SMALLEST_FP16 = 2.0**-24
"""The smallest positive FP16 number; a scale never falls below it."""
LARGEST_FP16 = 65504.0
SMALLEST_E8M0, LARGEST_E8M0 = -127, 127
"""Exponents that an 8-bit shared scale can hold (OCP Microscaling Formats specification 1.0, 2023)."""


def fp16_scales(wanted: FloatArray) -> FloatArray:
    """Return the FP16 number nearest to each wanted scale; 1 for a group of zeros, at least 2^-24.

    Raises:
        ModelInputError: a scale is beyond the FP16 range.
    """
    if wanted.size and wanted.max() > LARGEST_FP16:
        raise ModelInputError(f"a scale of {wanted.max():.6g} doesn't fit FP16; the largest is {LARGEST_FP16:g}")
    rounded = wanted.astype(np.float16).astype(np.float64)
    return np.where(wanted == 0, 1.0, np.maximum(rounded, SMALLEST_FP16))


def fp32_scales(wanted: FloatArray) -> FloatArray:
    """Return the FP32 number nearest to each wanted scale; 1 for a group of zeros."""
    rounded = wanted.astype(np.float32).astype(np.float64)
    return np.where(wanted == 0, 1.0, np.maximum(rounded, np.finfo(np.float32).tiny))


def e8m0_scales(largest: FloatArray, largest_exponent: int) -> FloatArray:
    """Return 2^(floor(log2(largest)) - largest_exponent), held in 8 bits; 1 for a group of zeros.

    Args:
        largest: of the absolute values of each group.
        largest_exponent: of the element format: 2 for E2M1, 8 for E4M3.
    """
    exponent = np.frexp(largest)[1].astype(np.int32) - 1 - largest_exponent
    return np.where(largest == 0, 1.0, np.ldexp(1.0, np.clip(exponent, SMALLEST_E8M0, LARGEST_E8M0)))
