"""Number formats, drawn tensors and the perplexity table against figures that were not made with them."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator
from functools import cache
from importlib.resources import files

import numpy as np
from scipy.stats import kendalltau

from codesign.models.checks import Check
from codesign.models.pe.emulation.operands import FloatArray
from codesign.models.pe.quality.formats import decode, encode, number_format
from codesign.models.pe.quality.measured import format_error, sqnr_db
from codesign.models.pe.quality.perplexity import EXACT, UNQUANTISED, Row, baseline, published
from codesign.models.pe.quality.tensors import (
    activations_of,
    draw_activations,
    draw_weights,
    kinds,
    weights_of,
)

DECIBEL_TOLERANCE = 1.5
"""Largest difference between drawn and real tensors that counts as a match; chosen before they were compared."""
RANK_TOLERANCE = 0.3
"""How far Kendall's tau may stay below 1; chosen before it was computed."""
INTERPOLATION_TOLERANCE = 0.1
"""Relative error of an increase in perplexity above which no interpolation is offered; chosen beforehand."""
SAMPLES = 1 << 16
COLUMNS, TOKENS = 256, 128
"""Output channels and tokens of the drawn tensors that are compared with real ones."""

_MAX = "J. Max, Quantizing for minimum distortion, IRE Trans. Information Theory 6 (1), 1960, Table II"
_WIDROW = "B. Widrow, I. Kollar: Quantization Noise, Cambridge 2008: relative noise power 0.180 * 2^(-2p)"


def quality() -> list[Check]:
    """Return every comparison of this package."""
    return [*theory(), *real_tensors(), *rank(), *interpolation()]


def theory() -> list[Check]:
    """Return the formats' error on simple sources beside the results of quantisation theory."""
    return [*_uniform_source(), *_gaussian_source(), *_floating_point()]


def real_tensors() -> list[Check]:
    """Return the error on drawn tensors beside the error on the real ones whose statistics they have."""
    return [_real_tensor(row) for row in _real_rows()]


def rank() -> list[Check]:
    """Return Kendall's tau between the error of formats and the perplexities that they cause in LLaMA-2-7B.

    Over plain roundings of the weights with exact arithmetic and 16-bit activations, all from one family of tables;
    the error is that of a product with exact activations, in dB, averaged over the kinds of layers.
    """
    plain = _plain_roundings("llama2-7b", "wikitext2", "bitmod")
    rows = [row for row in plain if row.weight_bits in number_format(_measured_format(row)).bits]
    names = [(_measured_format(row), row.weight_bits, row.group) for row in rows]
    errors = [float(np.mean([format_error(*name, tensors=kind).output_sqnr_db for kind in kinds()])) for name in names]
    increases = [row.value - baseline(row.family, row.network, row.dataset) for row in rows]
    tau = float(kendalltau(np.negative(errors), increases).statistic)
    order = np.argsort(increases, kind="stable")
    listed = ", ".join(f"{names[i][0]} {names[i][1]} bits {errors[i]:.1f} dB +{increases[i]:.2f}" for i in order)
    missing = ", ".join(f"{row.method.name} {row.weight_bits} bits" for row in plain if row not in rows) or "none"
    return [
        Check(
            "quality_rank: Kendall tau of error and perplexity over the number formats of LLaMA-2-7B",
            1.0,
            tau,
            "1",
            RANK_TOLERANCE,
            "BitMoD arXiv:2411.11745 Tables 6, 8, 12, WikiText-2",
            f"in the order of the increase: {listed}; left out for want of the format: {missing}",
        )
    ]


def interpolation() -> list[Check]:
    """Return the increase in perplexity at a width left out, from the widths on both sides, log-linear in bits."""
    return [
        *_left_out("bitmod", ("INT3-Asym", "INT4-Asym", "INT8"), (3, 4, 8)),
        *_left_out("efficientqat", ("EfficientQAT",) * 3, (2, 3, 4)),
    ]


def _uniform_source() -> Iterator[Check]:
    values = np.random.default_rng(0).uniform(-1.0, 1.0, (SAMPLES, 1))
    for bits in (4, 6, 8):
        yield Check(
            f"int-asym of {bits} bits on a uniform source, one scale",
            20 * bits * math.log10(2.0),
            _sqnr(values, "int-asym", bits),
            "dB",
            0.03,
            "6.02 dB a bit (e.g. Jayant, Noll: Digital Coding of Waveforms, 1984)",
            "theory spans the range with 2^b steps, min-max rounding with 2^b - 1",
        )


def _gaussian_source() -> Iterator[Check]:
    values = np.random.default_rng(1).standard_normal((SAMPLES, 1))
    yield Check(
        "binary on a Gaussian source",
        10 * math.log10(1 / 0.3634),
        _sqnr(values, "binary", 1),
        "dB",
        0.01,
        f"{_MAX}, 2 levels: error 0.3634",
    )
    for bits, step, error in ((3, 0.5860, 0.03744), (4, 0.3352, 0.01154), (5, 0.1881, 0.003495)):
        levels = 1 << bits
        clipped = np.clip(values, -step * levels / 2, step * (levels / 2 - 1))
        yield Check(
            f"int-asym of {bits} bits on a Gaussian source clipped to Max's range",
            10 * math.log10(1 / error),
            sqnr_db(values, decode(encode(clipped, "int-asym", bits, 0))),
            "dB",
            0.03,
            f"{_MAX}, {levels} levels, step {step}: error {error}",
            "Max's levels are odd multiples of half a step; with a zero point they are multiples of a step",
        )


def _floating_point() -> Iterator[Check]:
    values = np.random.default_rng(2).standard_normal((SAMPLES, 1))
    for name, bits, precision in (("fp16", 16, 11), ("bf16", 16, 8), ("fp8-e4m3", 8, 4), ("fp8-e5m2", 8, 3)):
        yield Check(
            f"{name} on a Gaussian source",
            -10 * math.log10(0.180 * 4.0**-precision),
            _sqnr(values, name, bits),
            "dB",
            0.01,
            f"{_WIDROW}, p = {precision}",
        )


def _real_tensor(row: dict[str, str]) -> Check:
    length = int(row["length"])
    ours = _drawn_sqnr(row, length)
    reference = float(row["value"])
    note = f"median of 6 layers, which range from {float(row['low']):.1f} to {float(row['high']):.1f} dB"
    if row["operand"] == "product":
        note += "; drawn operands are independent of each other, real ones are not"
    return Check(
        f"{row['tensors']} {row['operand']} {_description(row)}",
        reference,
        ours,
        "dB",
        DECIBEL_TOLERANCE / abs(reference),
        row["source"],
        note,
    )


def _description(row: dict[str, str]) -> str:
    weights = f"{row['format']} {row['bits']} bits group {row['group']}" if row["format"] else ""
    activations = f"{row['activation_format']} {row['activation_bits']} bits" if row["activation_format"] else ""
    return " x ".join(text for text in (weights, activations) if text)


def _drawn_sqnr(row: dict[str, str], length: int) -> float:
    weights, activations = _drawn(row["tensors"], length)
    if row["operand"] == "weights":
        return _sqnr(weights, row["format"], int(row["bits"]), int(row["group"]))
    activation_format, activation_bits = row["activation_format"], int(row["activation_bits"])
    if row["operand"] == "activations":
        return _sqnr(activations, activation_format, activation_bits)
    read_weights = decode(encode(weights, row["format"], int(row["bits"]), int(row["group"])))
    read_activations = decode(encode(activations, activation_format, activation_bits, 0))
    return sqnr_db(activations.T @ weights, read_activations.T @ read_weights)


@cache
def _drawn(tensors: str, length: int) -> tuple[FloatArray, FloatArray]:
    """Return weights and activations with the statistics of a kind of layer and the length of its real reduction."""
    weights = draw_weights(weights_of(tensors), length, COLUMNS, seed=0)
    return weights, draw_activations(activations_of(tensors), length, TOKENS, seed=0)


def _sqnr(values: FloatArray, name: str, bits: int, group: int = 0) -> float:
    return sqnr_db(values, decode(encode(values, name, bits, group)))


def _real_rows() -> Iterator[dict[str, str]]:
    with files("codesign.models.pe").joinpath("data", "tensor_sqnr.csv").open(encoding="utf-8") as stream:
        yield from csv.DictReader(stream)


def _plain_roundings(network: str, dataset: str, family: str) -> list[Row]:
    """Return the first row of each format and width."""
    found: dict[tuple[str, int, int], Row] = {}
    for row in published():
        plain = row.method.rounding == "nearest" and row.method.arithmetic == EXACT and row.method.formats
        here = (row.network, row.dataset, row.family) == (network, dataset, family)
        if plain and here and row.activation_bits == row.kv_bits == 16 and not row.note:
            found.setdefault((row.method.formats[0], row.weight_bits, row.group), row)
    return list(found.values())


def _measured_format(row: Row) -> str:
    """Return the format that the row was made with: the table's ANT rows pick a type per group."""
    return "ant" if row.method.name == "ANT" else row.method.formats[0]


def _left_out(family: str, names: tuple[str, str, str], bits: tuple[int, int, int]) -> Iterator[Check]:
    rows = [row for row in published() if row.family == family and row.dataset == "wikitext2"]
    networks = dict.fromkeys(row.network for row in rows if row.method.name != UNQUANTISED)
    for network in networks:
        increases = [_increase(rows, network, name, width) for name, width in zip(names, bits, strict=True)]
        if any(math.isnan(increase) for increase in increases):
            continue
        low, middle, high = increases
        share = (bits[1] - bits[0]) / (bits[2] - bits[0])
        estimate = low ** (1 - share) * max(high, 0.0) ** share
        yield Check(
            f"{network} {names[1]} W{bits[1]}: increase in perplexity from W{bits[0]} and W{bits[2]}",
            middle,
            estimate,
            "1",
            INTERPOLATION_TOLERANCE,
            next(row.source for row in rows if row.method.name == names[1]),
            "why the table isn't interpolated",
        )


def _increase(rows: list[Row], network: str, method: str, bits: int) -> float:
    for row in rows:
        key = (row.network, row.method.name, row.weight_bits, row.group, row.activation_bits)
        if key == (network, method, bits, 128, 16):
            return row.value - baseline(row.family, row.network, row.dataset)
    return math.nan
