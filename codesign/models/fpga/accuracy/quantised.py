"""What narrow numbers take away from accuracy: only what one source measured on the same network with both."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from codesign.errors import UnknownNameError, nearest
from codesign.models.fpga.accuracy.predictor import Prediction
from codesign.models.fpga.accuracy.published import FLOAT_BITS, PublishedRow, published_rows

FAMILIES = {
    "mobilenet": ("mobilenetv1", "mobilenetv2", "mobilenetv3", "proxylessnas"),
    "resnet": ("resnet18", "resnet50"),
}
"""Networks of one style, by the beginning of their names: a drop is not carried from one family to another."""
FEWEST_PAIRS = 2
"""With one pair nothing is known of the error."""


@dataclass(frozen=True)
class Drop:
    """Accuracy lost by a family of networks, float minus narrow, in percentage points.

    Attributes:
        family: of the networks measured.
        weight_bits: of the narrow networks.
        activation_bits: likewise.
        median: of the pairs; None where there are too few.
        low: least drop of a pair.
        high: greatest drop of a pair.
        error: mean absolute error when the drop of each pair is foretold by the median of the others.
        pairs: the float and the narrow row of each pair.
        reason: why the drop is unknown; empty where it isn't.
    """

    family: str
    weight_bits: int
    activation_bits: int
    median: float | None
    low: float | None
    high: float | None
    error: float | None
    pairs: tuple[tuple[PublishedRow, PublishedRow], ...]
    reason: str = ""


def drop(family: str, weight_bits: int, activation_bits: int) -> Drop:
    """Return what a family of networks loses by uniform bits, or unknown with the reason.

    A pair is a float and a narrow accuracy of the same network, width and resolution from the same source.

    Raises:
        UnknownNameError: no such family.
    """
    if family not in FAMILIES:
        raise UnknownNameError(f"unknown family {family!r}{nearest(family, FAMILIES)}; known: {', '.join(FAMILIES)}")
    pairs = _pairs(family, weight_bits, activation_bits)
    about = family, weight_bits, activation_bits
    if len(pairs) < FEWEST_PAIRS:
        reason = (
            f"{len(pairs)} tabulated networks of the family {family} have a float accuracy and one with"
            f" {weight_bits}-bit weights and {activation_bits}-bit activations from the same source;"
            f" {FEWEST_PAIRS} are needed"
        )
        return Drop(*about, None, None, None, None, pairs, reason)
    lost = np.array([wide.top1_percent - narrow.top1_percent for wide, narrow in pairs])
    errors = [abs(float(lost[i] - np.median(np.delete(lost, i)))) for i in range(len(lost))]
    return Drop(*about, float(np.median(lost)), float(lost.min()), float(lost.max()), float(np.mean(errors)), pairs)


def _pairs(family: str, weight_bits: int, activation_bits: int) -> tuple[tuple[PublishedRow, PublishedRow], ...]:
    rows = [row for row in published_rows() if row.network.startswith(FAMILIES[family])]
    wide = {_place(row): row for row in rows if row.weight_bits == row.activation_bits == FLOAT_BITS}
    narrow = (row for row in rows if (row.weight_bits, row.activation_bits) == (weight_bits, activation_bits))
    return tuple((wide[_place(row)], row) for row in narrow if _place(row) in wide and row is not wide[_place(row)])


def _place(row: PublishedRow) -> tuple[str, float, int, str]:
    return row.network, row.width, row.resolution, row.source


def with_drop(prediction: Prediction, lost: Drop) -> Prediction:
    """Return a prediction for float networks lowered to narrow numbers.

    mean - median drop, and from low - greatest drop to high - least drop. The drop was measured on other networks and
    data than the prediction's: the interval's level is not promised any more, and the source says so. Where the drop is
    unknown every row is NaN with the reason.
    """
    bits = f"{lost.weight_bits}-bit weights, {lost.activation_bits}-bit activations"
    if lost.median is None or lost.low is None or lost.high is None:
        nothing = np.full(len(prediction.mean), np.nan)
        reasons = tuple(_joined(reason, lost.reason) for reason in prediction.reasons)
        outside = np.zeros(len(prediction.mean), dtype=bool)
        return replace(prediction, mean=nothing, low=nothing, high=nothing, in_domain=outside, reasons=reasons)
    return replace(
        prediction,
        mean=prediction.mean - lost.median,
        low=prediction.low - lost.high,
        high=prediction.high - lost.low,
        source=_joined(
            prediction.source,
            f"{bits}: less the drop of {len(lost.pairs)} published {lost.family} networks (median {lost.median:.2f},"
            f" from {lost.low:.2f} to {lost.high:.2f} points, error {lost.error:.2f}), measured on other networks",
        ),
    )


def _joined(*texts: str) -> str:
    return "; ".join(text for text in texts if text)
