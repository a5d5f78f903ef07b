"""Published accuracies by network, width, resolution and bits: a value with its source, or why there is none."""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from codesign.errors import UnknownNameError, nearest

FLOAT_BITS = 32


@dataclass(frozen=True)
class PublishedRow:
    """One published accuracy.

    Attributes:
        network: by the project's name, where the project has it.
        width: multiplier of the channels.
        resolution: rows = columns of the image.
        weight_bits: 32 is floating point; None where layers differ.
        activation_bits: likewise.
        bits_per_layer: one character for each quantised layer where layers differ, else empty.
        method: how the numbers were made narrow; ``float`` where they weren't.
        top1_percent: accuracy on ``dataset``.
        dataset: on which it was measured.
        source: who published it, of which version.
        year: of that version.
    """

    network: str
    width: float
    resolution: int
    weight_bits: int | None
    activation_bits: int | None
    bits_per_layer: str
    method: str
    top1_percent: float
    dataset: str
    source: str
    year: int


@dataclass(frozen=True)
class PublishedAccuracy:
    """What is published of one network.

    Attributes:
        top1_percent: None where it is unknown.
        reason: why it is unknown, or how it was interpolated; empty for a value as published.
        rows: what was found: one row, the corners of the interpolation, or the rows that contradict each other.
        interpolated: whether nobody published this very network.
        error: of an interpolation, in percentage points: the largest one when rows of the same table are rebuilt from
            its rows of other widths and resolutions, which lie about twice as far away; None for a published value.
    """

    top1_percent: float | None
    reason: str
    rows: tuple[PublishedRow, ...]
    interpolated: bool = False
    error: float | None = None


@cache
def published_rows() -> tuple[PublishedRow, ...]:
    """Return every row of the data file, in order."""
    with files("codesign.models.fpga").joinpath("data/accuracy_published.csv").open(encoding="utf-8") as stream:
        return tuple(_row(row) for row in csv.DictReader(stream))


def _row(row: dict[str, str]) -> PublishedRow:
    return PublishedRow(
        network=row["network"],
        width=float(row["width"]),
        resolution=int(row["resolution"]),
        weight_bits=int(row["weight_bits"]) if row["weight_bits"] else None,
        activation_bits=int(row["activation_bits"]) if row["activation_bits"] else None,
        bits_per_layer=row["bits_per_layer"],
        method=row["method"],
        top1_percent=float(row["top1"]),
        dataset=row["dataset"],
        source=row["source"],
        year=int(row["year"]),
    )


def published_accuracy(
    network: str,
    *,
    width: float = 1.0,
    resolution: int = 224,
    weight_bits: int | None = FLOAT_BITS,
    activation_bits: int | None = FLOAT_BITS,
    bits_per_layer: str = "",
    source: str = "",
    method: str = "",
) -> PublishedAccuracy:
    """Return the published accuracy of a network, or unknown with the reason; nothing is ever guessed.

    A network between published widths and resolutions is interpolated, bilinearly in their logarithms, inside the
    smallest rectangle whose four corners one source published with one method; it is marked, comes with its error, and
    is never done beyond a table's edge.

    Args:
        network: name.
        width: multiplier of the channels.
        resolution: rows = columns of the image.
        weight_bits: 32 for floating point; None with ``bits_per_layer``.
        activation_bits: likewise.
        bits_per_layer: one character for each quantised layer, where layers differ.
        source: text that the source must contain, where several published the same network.
        method: text that the method must contain, likewise.

    Raises:
        UnknownNameError: no source published any number of that network.
    """
    of_network = [row for row in published_rows() if row.network == network]
    if not of_network:
        known = dict.fromkeys(row.network for row in published_rows())
        raise UnknownNameError(
            f"no accuracy of the network {network!r} is tabulated{nearest(network, known)}; known: {', '.join(known)}"
        )
    bits = (None, None) if bits_per_layer else (weight_bits, activation_bits)
    wanted = [
        row
        for row in of_network
        if (row.weight_bits, row.activation_bits) == bits and row.bits_per_layer == bits_per_layer
    ]
    text = f"{network} with {_bits_text(weight_bits, activation_bits, bits_per_layer)}"
    if not wanted:
        given = dict.fromkeys(
            _bits_text(row.weight_bits, row.activation_bits, "") for row in of_network if row.weight_bits is not None
        )
        return PublishedAccuracy(None, f"nobody tabulated published {text}; known: {', '.join(given)}", ())
    wanted = [row for row in wanted if source in row.source and method in row.method]
    if not wanted:
        return PublishedAccuracy(None, f"{text}: no source contains {source!r} with a method {method!r}", ())
    exact = [row for row in wanted if row.width == width and row.resolution == resolution]
    return _agreed(exact, text) if exact else _interpolated(wanted, width, resolution, text)


def _bits_text(weights: int | None, activations: int | None, per_layer: str) -> str:
    if per_layer or weights is None or activations is None:
        return f"bits {per_layer} layer by layer"
    return "float" if weights == activations == FLOAT_BITS else f"{weights}-bit weights, {activations}-bit activations"


def _agreed(rows: Sequence[PublishedRow], text: str) -> PublishedAccuracy:
    """One value, or unknown where several sources or methods differ."""
    if len({row.top1_percent for row in rows}) == 1:
        return PublishedAccuracy(rows[0].top1_percent, "", (rows[0],))
    values = "; ".join(f"{row.top1_percent} ({row.method}, {row.source})" for row in rows)
    reason = f"{text}: {len(rows)} published values differ, name a source or method: {values}"
    return PublishedAccuracy(None, reason, tuple(rows))


def _interpolated(rows: Sequence[PublishedRow], width: float, resolution: int, text: str) -> PublishedAccuracy:
    where = f"{text} at width {width:g}, {resolution} x {resolution}"
    tables: dict[tuple[str, str], list[PublishedRow]] = {}
    for row in rows:
        tables.setdefault((row.source, row.method), []).append(row)
    found = [(table, corners) for table in tables.values() if (corners := _corners(table, width, resolution))]
    if not found:
        reason = f"{where} was not published, nor a rectangle of widths and resolutions around it"
        return PublishedAccuracy(None, reason, ())
    if len(found) > 1:
        names = "; ".join(corners[0].source for _, corners in found)
        return PublishedAccuracy(None, f"{where}: several tables surround it, name a source: {names}", ())
    table, corners = found[0]
    used = tuple(dict.fromkeys(corners))
    names = ", ".join(f"{row.top1_percent} at {row.width:g}, {row.resolution}" for row in used)
    value, error = _bilinear(corners, width, resolution), _left_out_error(table)
    return PublishedAccuracy(value, f"{where}: interpolated between {names}", used, True, error)


def _left_out_error(table: Sequence[PublishedRow]) -> float | None:
    """Return the largest error of rows rebuilt from rows of other widths and resolutions; None where none can be."""
    errors = []
    for row in table:
        others = [other for other in table if other.width != row.width and other.resolution != row.resolution]
        corners = _corners(others, row.width, row.resolution)
        if corners:
            errors.append(abs(_bilinear(corners, row.width, row.resolution) - row.top1_percent))
    return max(errors, default=None)


def _corners(table: Sequence[PublishedRow], width: float, resolution: int) -> tuple[PublishedRow, ...]:
    """Return the rows (narrow small, narrow large, wide small, wide large) of the smallest rectangle around a place.

    The smallest is the least wide, of these the least high; none where no rectangle has all four corners.
    """
    at = {(row.width, float(row.resolution)): row for row in table}
    places = [
        ((narrow, small), (narrow, large), (wide, small), (wide, large))
        for narrow, wide in _around({width for width, _ in at}, width)
        for small, large in _around({resolution for _, resolution in at}, resolution)
    ]
    whole = [place for place in places if all(corner in at for corner in place)]
    if not whole:
        return ()
    smallest = min(whole, key=lambda place: (place[3][0] - place[0][0], place[3][1] - place[0][1]))
    return tuple(at[corner] for corner in smallest)


def _around(values: AbstractSet[float], value: float) -> list[tuple[float, float]]:
    """Return the pairs of values that enclose one; the value itself twice where it is among them."""
    if value in values:
        return [(value, value)]
    return [(low, high) for low in sorted(values) for high in sorted(values) if low < value < high]


def _bilinear(corners: Sequence[PublishedRow], width: float, resolution: int) -> float:
    """Return the accuracy inside a rectangle, linear in the logarithm of either side."""
    across = _share(corners[0].width, width, corners[3].width)
    along = _share(corners[0].resolution, resolution, corners[3].resolution)
    weights = (1 - across) * (1 - along), (1 - across) * along, across * (1 - along), across * along
    return sum(weight * row.top1_percent for weight, row in zip(weights, corners, strict=True))


def _share(low: float, value: float, high: float) -> float:
    """Return how far a value lies between two others, by logarithms; 0 where these are equal."""
    return math.log(value / low) / math.log(high / low) if high > low else 0.0
