"""What a width loses, and the two costs that follow from a layer's shape alone."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def hessian_sensitivity(hessian_trace: npt.ArrayLike, squared_error: npt.ArrayLike) -> Floats:
    """Return trace(H_l) / n_l * ||W_l - Q_b(W_l)||^2: the second-order loss of layer l at width b, up to a factor 2.

    Args:
        hessian_trace: layers; mean of the eigenvalues of the loss's Hessian over the layer's n_l weights.
        squared_error: layers x widths; squared L2 norm of float weights minus quantised weights.

    Source: Dong et al., "HAWQ-V2", NeurIPS 2020 (arXiv 1911.03852), the measure that HAWQ-V3's program sums up.
    """
    return np.asarray(hessian_trace, dtype=np.float64)[:, np.newaxis] * np.asarray(squared_error, dtype=np.float64)


def rescaled_squared_error(squared_error: npt.ArrayLike, measured_bits: int, bits: Sequence[int]) -> Floats:
    """Return the squared error at other widths than the measured one: layers x ``bits``.

    error(b) = error(m) ((2^(m-1) - 1) / (2^(b-1) - 1))^2: a symmetric uniform quantiser with one scale has steps of
    max|W| / (2^(b-1) - 1) and an error of step^2 / 12 a weight (Widrow, Kollar, "Quantization Noise", 2008, for steps
    that are small against the spread of the weights; at 2 and 3 bits they aren't). Needs widths of 2 and more.
    """
    steps = 2.0 ** (np.asarray(bits, dtype=np.float64) - 1.0) - 1.0
    measured_steps = 2.0 ** (measured_bits - 1.0) - 1.0
    return np.outer(np.asarray(squared_error, dtype=np.float64), (measured_steps / steps) ** 2)


def weight_bytes(parameters: npt.ArrayLike, bits: Sequence[int]) -> Floats:
    """Return parameters b / 8: layers x widths, bytes."""
    return np.outer(np.asarray(parameters, dtype=np.float64), np.asarray(bits, dtype=np.float64) / 8.0)


def bit_operations(macs: npt.ArrayLike, bits: Sequence[int]) -> Floats:
    """Return macs b^2: layers x widths; weights and activations both of b bits (HAWQ-V3)."""
    return np.outer(np.asarray(macs, dtype=np.float64), np.asarray(bits, dtype=np.float64) ** 2)
