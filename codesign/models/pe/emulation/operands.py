"""Quantised operands of a matrix product: codes as the memory holds them, with their scales."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from codesign.models.pe.element import Configuration

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Encoded:
    """One operand in a number format; the reduction is axis 0 (weights: K x N, activations: K x M).

    value = scale * (decoded(code) - zero), with the scale, zero and selector of the code's group and column.

    Attributes:
        format: name of the number format, e.g. ``int-asym``.
        bits: width of a code.
        codes: K x N, each in [0, 2^bits): bit patterns, two's complement for signed integers.
        group: codes along axis 0 that share a scale; K when there is one scale per column.
        scales: (K / group) x N, positive.
        zeros: (K / group) x N zero points of asymmetric formats, in the codes' own unit; None where there are none.
        selectors: (K / group) x N choices of a format that picks one of several tables per group; else None.
    """

    format: str
    bits: int
    codes: IntArray
    group: int
    scales: FloatArray
    zeros: IntArray | None = None
    selectors: IntArray | None = None


@dataclass(frozen=True)
class Emulation:
    """How an element multiplies, bit by bit.

    Attributes:
        element: name of the processing element.
        multiply: (activations K x M, weights K x N, configuration) -> M x N outputs, with every rounding, shift and
            saturation of the hardware, scales applied where the hardware applies them.
        exact: whether the element's arithmetic before the scales equals the exact product of the codes (integer
            elements with a wide enough accumulator); else ``error`` says how far apart they may be.
        error: the documented bound or the reason of the difference; empty when exact.
    """

    element: str
    multiply: Callable[[Encoded, Encoded, Configuration], FloatArray]
    exact: bool
    error: str = ""
