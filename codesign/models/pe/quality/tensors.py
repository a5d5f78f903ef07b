"""Weights and activations with the statistics of a real transformer, drawn from a seed.

A weight matrix K x N is a product of three parts: how large its input channels (rows) are, how large its output
channels (columns) are, and what is left when both are divided out:

    W[k, n] = row[k] * column[n] / rms(row) * residual[k, n]        residual of unit power

An activation matrix K x M (channels x tokens) has in each channel a constant part, the channel's mean, and a residual:

    A[k, m] = rms[k] * (+- sqrt(share[k]) + sqrt(1 - share[k]) * residual[k, m])

so that channels that are large for every token, the outlier channels, are so here. ``row``, ``column``, ``rms`` and
``residual`` are drawn from their measured quantiles, ``share`` goes with the rank of ``rms``. The quantiles are in
``data/tensor_quantiles.csv``, how they were measured is in the documentation of this model.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType

import numpy as np

from codesign.errors import UnknownNameError, nearest
from codesign.models.pe.emulation.operands import FloatArray

PROBABILITIES = (0.0, 0.0001, 0.001, 0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 0.9999, 1.0)
"""At which quantiles are kept."""
RANKS = (0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 1.0)
"""Upper ends of the ranges of the rank in which the share of a channel's mean is averaged."""
OUTLIER_RATIO = 6.0
"""A channel is called an outlier when its root mean square is more than this times the median channel's."""


@dataclass(frozen=True)
class WeightCurves:
    """Quantiles at ``PROBABILITIES`` of row and column root mean squares and of the residual of unit power."""

    row: FloatArray
    column: FloatArray
    residual: FloatArray


@dataclass(frozen=True)
class ActivationCurves:
    """Quantiles at ``PROBABILITIES`` of channel root mean squares and of the residual, and the share of the mean in a
    channel's power for each range of ``RANKS``."""

    channel: FloatArray
    residual: FloatArray
    share: FloatArray


@dataclass(frozen=True)
class Summary:
    """Figures of one matrix, reduction along axis 0.

    Attributes:
        deviation: standard deviation of all values.
        kurtosis: excess over a Gaussian's.
        largest: largest magnitude, in standard deviations.
        percentile_99_9: of the magnitudes, in standard deviations.
        outlier_channels: share of the channels whose root mean square is more than ``OUTLIER_RATIO`` times the median.
        largest_channel: root mean square of the largest channel, in those of the median one.
    """

    deviation: float
    kurtosis: float
    largest: float
    percentile_99_9: float
    outlier_channels: float
    largest_channel: float


def weight_curves(matrix: FloatArray) -> WeightCurves:
    """Measure a weight matrix K x N."""
    row, column = _rms(matrix, axis=1), _rms(matrix, axis=0)
    residual = matrix / np.outer(row, column)
    return WeightCurves(_quantiles(row), _quantiles(column), _quantiles(residual / _rms(residual, axis=None)))


def activation_curves(matrix: FloatArray) -> ActivationCurves:
    """Measure an activation matrix K x M."""
    rms, mean, deviation = _rms(matrix, axis=1), matrix.mean(axis=1), matrix.std(axis=1)
    share = np.square(mean / rms)[np.argsort(rms)]
    rank = (np.arange(len(rms)) + 0.5) / len(rms)
    place = np.searchsorted(RANKS, rank)
    averages = np.array(
        [share[place == index].mean() if (place == index).any() else 0.0 for index in range(len(RANKS))]
    )
    residual = (matrix - mean[:, None]) / deviation[:, None]
    return ActivationCurves(_quantiles(rms), _quantiles(residual), averages)


def summary(matrix: FloatArray) -> Summary:
    """Return the figures of a matrix K x N."""
    centred = matrix - matrix.mean()
    deviation = float(centred.std())
    channel = _rms(matrix, axis=1)
    ratio = channel / np.median(channel)
    return Summary(
        deviation=deviation,
        kurtosis=float(np.mean(centred**4) / deviation**4 - 3.0),
        largest=float(np.abs(matrix).max() / deviation),
        percentile_99_9=float(np.quantile(np.abs(matrix), 0.999) / deviation),
        outlier_channels=float(np.mean(ratio > OUTLIER_RATIO)),
        largest_channel=float(ratio.max()),
    )


def draw_weights(curves: WeightCurves, length: int, columns: int, seed: int) -> FloatArray:
    """Return a weight matrix length x columns with those statistics; equal seeds give equal matrices."""
    random = np.random.default_rng((seed, 0))
    row = random.permutation(_spaced(curves.row, length))
    column = random.permutation(_spaced(curves.column, columns))
    residual = np.interp(random.random((length, columns)), PROBABILITIES, curves.residual)
    return np.asarray(row[:, None] * column / _rms(row, axis=None) * residual, dtype=np.float64)


def draw_activations(curves: ActivationCurves, length: int, tokens: int, seed: int) -> FloatArray:
    """Return an activation matrix length x tokens with those statistics; equal seeds give equal matrices."""
    random = np.random.default_rng((seed, 1))
    rank = random.permutation((np.arange(length) + 0.5) / length)
    rms = np.interp(rank, PROBABILITIES, curves.channel)
    share = curves.share[np.searchsorted(RANKS, rank)]
    mean = random.choice((-1.0, 1.0), length) * np.sqrt(share)
    residual = np.interp(random.random((length, tokens)), PROBABILITIES, curves.residual)
    spread = np.sqrt(1.0 - share)[:, None] * residual
    return np.asarray(rms[:, None] * (mean[:, None] + spread), dtype=np.float64)


@cache
def weights_of(tensors: str) -> WeightCurves:
    """Return the measured statistics of the weights of one kind of layer.

    Raises:
        UnknownNameError: there is no such kind.
    """
    curves = _measured(tensors)
    return WeightCurves(*(curves["weights", name] for name in ("row", "column", "residual")))


@cache
def activations_of(tensors: str) -> ActivationCurves:
    """Return the measured statistics of the activations that enter one kind of layer.

    Raises:
        UnknownNameError: there is no such kind.
    """
    curves = _measured(tensors)
    return ActivationCurves(*(curves["activations", name] for name in ("channel", "residual", "share")))


def kinds() -> tuple[str, ...]:
    """Return the kinds of layers with measured statistics."""
    return tuple(_tables())


def _measured(tensors: str) -> Mapping[tuple[str, str], FloatArray]:
    known = _tables()
    if tensors not in known:
        raise UnknownNameError(f"unknown tensors {tensors!r}{nearest(tensors, known)}; known: {', '.join(known)}")
    return known[tensors]


@cache
def _tables() -> Mapping[str, Mapping[tuple[str, str], FloatArray]]:
    points: dict[str, dict[tuple[str, str], list[float]]] = {}
    with files("codesign.models.pe").joinpath("data", "tensor_quantiles.csv").open(encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            points.setdefault(row["tensors"], {}).setdefault((row["operand"], row["curve"]), []).append(
                float(row["value"])
            )
    return MappingProxyType(
        {kind: {curve: np.array(values) for curve, values in curves.items()} for kind, curves in points.items()}
    )


def _rms(values: FloatArray, axis: int | None) -> FloatArray:
    return np.asarray(np.sqrt(np.mean(np.square(values), axis=axis)), dtype=np.float64)


def _quantiles(values: FloatArray) -> FloatArray:
    return np.asarray(np.quantile(values, PROBABILITIES), dtype=np.float64)


def _spaced(quantiles: FloatArray, count: int) -> FloatArray:
    """Return ``count`` values at equally spaced probabilities."""
    return np.interp((np.arange(count) + 0.5) / count, PROBABILITIES, quantiles)
