"""Codecs of the formats whose levels are tables of an accelerator: flint and ANT, abfloat (OliVe), BitMoD."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from codesign.models.pe.emulation.ant import FLINT_VALUES
from codesign.models.pe.emulation.bitmod import MAGNITUDES, SPECIAL_VALUES, bitmod_grid
from codesign.models.pe.emulation.olive import LARGEST_NORMAL, decode_abfloat, encode_abfloat
from codesign.models.pe.emulation.operands import FloatArray, IntArray
from codesign.models.pe.quality.codecs import Codec, Quantised, spread
from codesign.models.pe.quality.scales import fp16_scales

FLINT_BITS = (4,)
ANT_BITS = (3, 4)
ABFLOAT_BITS = (4,)
BITMOD_BITS = tuple(sorted(MAGNITUDES))
OUTLIER_RANGES = np.arange(75, 150, 2) / 100
"""Multiples of three standard deviations that OliVe tries as the range of the normal numbers (w_low, w_up)."""


@dataclass(frozen=True)
class Table:
    """Level of every code; a code that isn't used has the level of another one."""

    levels: FloatArray

    @property
    def largest(self) -> float:
        """The largest magnitude."""
        return float(np.abs(self.levels).max())

    def nearest(self, scaled: FloatArray) -> IntArray:
        """Return the codes of the nearest levels; a tie goes to the lower level."""
        levels, codes = np.unique(self.levels, return_index=True)
        return np.asarray(codes[np.searchsorted((levels[1:] + levels[:-1]) / 2, scaled)], dtype=np.int64)

    def quantise(self, values: FloatArray) -> Quantised:
        """s = FP16(max|x| / largest); each x / s becomes the nearest level."""
        scales = fp16_scales(np.abs(values).max(axis=1) / self.largest)
        return Quantised(self.nearest(values / spread(scales)), scales)


def best_table(values: FloatArray, tables: Sequence[Table]) -> Quantised:
    """Quantise each group with the table of the least squared error; the first of equals. Selectors say which."""
    candidates = [table.quantise(values) for table in tables]
    errors = [
        np.square(table.levels[found.codes] * spread(found.scales) - values).sum(axis=1)
        for table, found in zip(tables, candidates, strict=True)
    ]
    selectors = np.argmin(errors, axis=0)
    codes = np.stack([found.codes for found in candidates])
    scales = np.stack([found.scales for found in candidates])
    return Quantised(
        np.take_along_axis(codes, spread(selectors)[None], axis=0)[0],
        np.take_along_axis(scales, selectors[None], axis=0)[0],
        selectors=selectors,
    )


def selected_levels(quantised: Quantised, tables: Sequence[Table]) -> FloatArray:
    """Return the level of each code in its group's table."""
    assert quantised.selectors is not None
    levels = np.stack([table.levels for table in tables])
    return np.asarray(levels[spread(quantised.selectors), quantised.codes], dtype=np.float64)


def _flint_table() -> Table:
    return Table(np.array(FLINT_VALUES, dtype=np.float64))


def _ant_tables(bits: int) -> tuple[Table, ...]:
    """Integers, and flint at 4 bits or FP3 at 3 bits."""
    largest = (1 << (bits - 1)) - 1
    integers = np.array([*range(largest + 1), 0, *range(-largest, 0)], dtype=np.float64)
    if bits == FLINT_BITS[0]:
        return Table(integers), _flint_table()
    magnitudes = np.array(MAGNITUDES[bits], dtype=np.float64)
    return Table(integers), Table(np.concatenate([magnitudes, -magnitudes]))


def _bitmod_tables(bits: int) -> tuple[Table, ...]:
    return tuple(Table(bitmod_grid(bits, selector)) for selector in range(len(SPECIAL_VALUES[bits])))


def _abfloat_codes(values: FloatArray, scales: FloatArray) -> IntArray:
    groups, length, columns = values.shape
    codes = encode_abfloat((values / spread(scales)).reshape(groups * length, columns))
    return codes.reshape(values.shape)


def _abfloat_levels(quantised: Quantised, bits: int) -> FloatArray:
    groups, length, columns = quantised.codes.shape
    levels = decode_abfloat(quantised.codes.reshape(groups * length, columns))
    return levels.reshape(quantised.codes.shape).astype(np.float64)


def _quantise_abfloat(values: FloatArray, bits: int) -> Quantised:
    """s = FP16(c * max(|mean + 3 sigma|, |mean - 3 sigma|) / 7), c of the least squared error, the first of equals."""
    mean = values.mean(axis=1)
    deviation = values.std(axis=1, ddof=1)
    reach = np.maximum(np.abs(mean + 3 * deviation), np.abs(mean - 3 * deviation)) / LARGEST_NORMAL
    best = fp16_scales(reach * OUTLIER_RANGES[0])
    least = np.full(best.shape, np.inf)
    for multiple in OUTLIER_RANGES:
        scales = fp16_scales(reach * multiple)
        levels = _abfloat_levels(Quantised(_abfloat_codes(values, scales), scales), bits)
        error = np.square(levels * spread(scales) - values).sum(axis=1)
        better = error < least
        best, least = np.where(better, scales, best), np.where(better, error, least)
    return Quantised(_abfloat_codes(values, best), best)


FLINT = Codec(
    lambda values, bits: _flint_table().quantise(values),
    lambda quantised, bits: _flint_table().levels[quantised.codes],
)
ANT = Codec(
    lambda values, bits: best_table(values, _ant_tables(bits)),
    lambda quantised, bits: selected_levels(quantised, _ant_tables(bits)),
)
BITMOD = Codec(
    lambda values, bits: best_table(values, _bitmod_tables(bits)),
    lambda quantised, bits: selected_levels(quantised, _bitmod_tables(bits)),
)
ABFLOAT = Codec(_quantise_abfloat, _abfloat_levels)
