"""Measured quantisation error: what a format, and what an element's arithmetic in it, does to a matrix product."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import numpy as np

from codesign.errors import ModelInputError, UnknownNameError, nearest
from codesign.models.pe.element import Configuration
from codesign.models.pe.elements import element as element_of
from codesign.models.pe.emulation import emulations
from codesign.models.pe.emulation.operands import Encoded, FloatArray
from codesign.models.pe.quality.formats import decode, encode, number_format
from codesign.models.pe.quality.tensors import activations_of, draw_activations, draw_weights, weights_of

LENGTH, TOKENS, COLUMNS = 512, 32, 64
"""Sizes K, M, N of the measured product."""
SEED = 0
TENSORS = "ffn-up"
"""The layer whose statistics are used unless another is named: its inputs have the strongest outlier channels."""


@dataclass(frozen=True)
class FormatError:
    """What encoding alone does; the product of the decoded operands is exact.

    Attributes:
        weight_sqnr_db: signal to quantisation noise of the weights.
        activation_sqnr_db: of the activations.
        output_sqnr_db: of the product M x N.
        output_mse: mean squared error of the product.
    """

    weight_sqnr_db: float
    activation_sqnr_db: float
    output_sqnr_db: float
    output_mse: float


@dataclass(frozen=True)
class MeasuredError:
    """What an element does to a product.

    Attributes:
        sqnr_db: of the element's output against the product of the unquantised operands.
        output_mse: mean squared error of the same.
        format_sqnr_db: of the exact product of the quantised operands: the formats' own part.
        arithmetic_sqnr_db: of the element's output against that exact product: the arithmetic's own part; infinite
            where both are equal.
    """

    sqnr_db: float
    output_mse: float
    format_sqnr_db: float
    arithmetic_sqnr_db: float


def sqnr_db(exact: FloatArray, approximate: FloatArray) -> float:
    """Return 10 log10(sum exact^2 / sum (exact - approximate)^2); infinite when nothing differs."""
    noise = float(np.square(exact - approximate).sum())
    return math.inf if noise == 0 else 10.0 * math.log10(float(np.square(exact).sum()) / noise)


@cache
def format_error(
    weight_format: str,
    weight_bits: int,
    group: int,
    activation_format: str = "fp32",
    activation_bits: int = 32,
    tensors: str = TENSORS,
) -> FormatError:
    """Return the error of formats alone, on drawn tensors of K = 512, M = 32, N = 64.

    Args:
        weight_format, weight_bits, group: of the weights; group 0 is one scale per column.
        activation_format, activation_bits: of the activations, which have one scale per token.
        tensors: kind of layer, see ``tensors.kinds``.

    Raises:
        UnknownNameError, ModelInputError: as ``formats.encode`` and ``tensors.weights_of``.
    """
    activations, weights = _operands(tensors)
    coded_activations = encode(activations, activation_format, activation_bits, 0)
    coded_weights = encode(weights, weight_format, weight_bits, group)
    read_activations, read_weights = decode(coded_activations), decode(coded_weights)
    exact, product = activations.T @ weights, read_activations.T @ read_weights
    return FormatError(
        weight_sqnr_db=sqnr_db(weights, read_weights),
        activation_sqnr_db=sqnr_db(activations, read_activations),
        output_sqnr_db=sqnr_db(exact, product),
        output_mse=float(np.square(exact - product).mean()),
    )


@cache
def measured_error(element: str, configuration: Configuration, tensors: str = TENSORS) -> MeasuredError:
    """Return the error of an element in one configuration, by its bit-exact emulation on drawn tensors.

    The weights are encoded in the element's format for their width with the configuration's group (0: one scale per
    column), the activations in the element's format with one scale per token.

    Raises:
        UnknownNameError: no such element, it has no emulation, or no such tensors.
        ModelInputError: the element refuses the configuration.
    """
    found = element_of(element)
    if refusal := found.refusal(configuration):
        raise ModelInputError(refusal)
    if element not in emulations():
        raise UnknownNameError(f"{element} has no emulation{nearest(element, emulations())}")
    activations, weights = _operands(tensors)
    coded_activations = encode(
        activations, found.activation_format[configuration.activation_bits], configuration.activation_bits, 0
    )
    coded_weights = encode_weights(weights, found.weight_formats[configuration.weight_bits], configuration)
    output = emulations()[element].multiply(coded_activations, coded_weights, configuration)
    exact = activations.T @ weights
    product = decode(coded_activations).T @ decode(coded_weights)
    return MeasuredError(
        sqnr_db=sqnr_db(exact, output),
        output_mse=float(np.square(exact - output).mean()),
        format_sqnr_db=sqnr_db(exact, product),
        arithmetic_sqnr_db=sqnr_db(product, output),
    )


def encode_weights(weights: FloatArray, name: str, configuration: Configuration) -> Encoded:
    """Encode weights K x N as a configuration stores them; a format with a group of its own takes that."""
    group = number_format(name).own_group or configuration.group
    return encode(weights, name, configuration.weight_bits, group)


@cache
def _operands(tensors: str) -> tuple[FloatArray, FloatArray]:
    """Return activations K x M and weights K x N."""
    activations = draw_activations(activations_of(tensors), LENGTH, TOKENS, SEED)
    return activations, draw_weights(weights_of(tensors), LENGTH, COLUMNS, SEED)
