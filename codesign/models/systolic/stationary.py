"""Weight, output and input stationary mapping of a matrix product onto a systolic array.

A layer instance is the product of a ``pixels x window`` and a ``window x filters`` matrix, where the window is the
filter's area times its channels. The array of ``rows`` x ``columns`` holds the two *mapped* dimensions Sr and Sc; the
*temporal* dimension T streams through (Samajdar et al., "A systematic methodology for characterizing scalability of DNN
accelerators using SCALE-Sim", ISPASS 2020):

============  ========  =========  ========
dataflow      Sr        Sc         T
============  ========  =========  ========
ws            window    filters    pixels
is            window    pixels     filters
os            pixels    filters    window
============  ========  =========  ========

Mapped dimensions larger than the array are folded: ceil(Sr/rows) * ceil(Sc/columns) folds, the folds over the rows
innermost. Each instance (a group of a grouped convolution, a channel of a depthwise one) is a product of its own.
With the depthwise convention ``one_filter`` a depthwise layer is one product with one filter over all channels, as in
SCALE-Sim's stock topology files: it counts the right MACs in fewer cycles, but adds up channels that a depthwise layer
keeps apart, so no array could compute it so.
"""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping as MappingType
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from codesign.models.systolic.layers import FloatArray, LayerTable, ceil_div
from codesign.models.systolic.mapping import Mapping, SeparateNeeds

LARGEST_SIDE = 1024
"""Most rows or columns of an array."""


@dataclass(frozen=True)
class Folding:
    """A product on an array: sizes of the mapped and temporal dimensions, folds over rows and over columns."""

    mapped_rows: FloatArray
    mapped_columns: FloatArray
    temporal: FloatArray
    rows: FloatArray
    columns: FloatArray
    row_folds: FloatArray
    column_folds: FloatArray

    @classmethod
    def of(
        cls,
        mapped_rows: FloatArray,
        mapped_columns: FloatArray,
        temporal: FloatArray,
        rows: FloatArray,
        columns: FloatArray,
    ) -> Folding:
        """Fold ``mapped_rows x mapped_columns`` onto ``rows x columns``."""
        row_folds, column_folds = ceil_div(mapped_rows, rows), ceil_div(mapped_columns, columns)
        return cls(mapped_rows, mapped_columns, temporal, rows, columns, row_folds, column_folds)

    @property
    def tile_rows(self) -> FloatArray:
        """Rows used by the first fold."""
        return np.minimum(self.rows, self.mapped_rows)

    @property
    def tile_columns(self) -> FloatArray:
        """Columns used by the first fold."""
        return np.minimum(self.columns, self.mapped_columns)

    def mapped_share(self) -> FloatArray:
        """Sr * Sc / (rows * columns * folds): SCALE-Sim's mapping efficiency."""
        folds = self.row_folds * self.column_folds
        return (self.mapped_rows * self.mapped_columns) / (self.rows * self.columns * folds)

    def shifted_words(self) -> FloatArray:
        """Neighbour-to-neighbour moves of a stationary tile into (or out of) its place, over all folds.

        Word (r, c) passes r + 1 elements: Sc * ((row_folds - 1) * R*(R+1)/2 + m*(m+1)/2), m rows in the last fold.
        """
        last = self.mapped_rows - (self.row_folds - 1.0) * self.rows
        full = (self.row_folds - 1.0) * (self.rows * (self.rows + 1.0) * 0.5)
        return self.mapped_columns * (full + last * (last + 1.0) * 0.5)


def pass_cycles(folding: Folding, stationary_operand: bool) -> FloatArray:
    """Return the cycles of one instance: folds*(2R + C + T - 2) - 1, or folds*(R + C + T - 2) - 1 for os.

    R cycles load the stationary operand (ws, is only), T + R + C - 2 stream the skewed operands through. Draining the
    outputs of os is not counted, and the count is the index of the last cycle, one less than the number of cycles: both
    as SCALE-Sim 3.0.0 reports ``compute_cycles``, with which this is equal on every layer compared.
    """
    load = folding.rows if stationary_operand else 0.0
    fold = (load + folding.rows) + folding.columns + folding.temporal - 2.0
    return folding.row_folds * folding.column_folds * fold - 1.0


def _periods(rows: FloatArray, taps: FloatArray) -> FloatArray:
    """Return taps / gcd(rows, taps): after so many row folds a fold begins with a new channel again.

    The window is taken channel by channel, ``taps`` elements each.
    """
    distinct, which = np.unique(taps, return_inverse=True)
    sides = np.arange(1, LARGEST_SIDE + 1)
    periods = np.array([int(tap) // np.gcd(sides, int(tap)) for tap in distinct], dtype=np.float64)
    return np.asarray(periods[which.reshape(taps.shape), rows.astype(np.int64) - 1])


def _straddled(row_folds: FloatArray, periods: FloatArray) -> FloatArray:
    """Return how many of the boundaries between row folds cut through a channel: all but every ``period``-th."""
    boundaries = row_folds - 1.0
    return boundaries - np.floor(boundaries / periods)


def _channels_in_fold(layers: LayerTable, rows: FloatArray, step: FloatArray | float) -> FloatArray:
    """Return the most channels that ``rows`` consecutive window elements touch: ceil((rows - step)/taps) + 1.

    They begin at a multiple of ``step``.
    """
    return np.minimum(layers.channels, ceil_div(rows - step, layers.taps) + 1.0)


def _plane_under(layers: LayerTable, pixels: FloatArray) -> FloatArray:
    """Return the input words of one channel under the windows of consecutive output pixels, taken as whole rows.

    ((ceil(n/F) - 1)*stride + kernel_height) * min(width, (min(n, F) - 1)*stride + kernel_width), F the output's width.
    """
    across = np.minimum(pixels, layers.out_width)
    down = np.minimum(ceil_div(pixels, layers.out_width), layers.out_height)
    height = (down - 1.0) * layers.stride_height + layers.kernel_height
    return height * np.minimum(layers.touched_width, (across - 1.0) * layers.stride_width + layers.kernel_width)


def weight_stationary(layers: LayerTable, rows: FloatArray, columns: FloatArray) -> Mapping:
    """Map with weights held in the array and inputs streamed; ``rows`` and ``columns`` of shape ``designs``.

    SRAM words of an instance: ifmap T*Sr*ceil(Sc/C), filter Sr*Sc, ofmap written T*Sc*ceil(Sr/R), and read back for
    accumulation T*Sc*(ceil(Sr/R) - 1) (the last is not counted by SCALE-Sim).
    """
    window = layers.taps * layers.channels
    f = Folding.of(window, layers.filters, layers.pixels, rows, columns)
    streamed = f.temporal * f.mapped_rows * f.column_folds
    periods = _periods(rows, layers.taps)
    sweeps = f.column_folds * (layers.channels + _straddled(f.row_folds, periods)) * layers.batch
    channels = _channels_in_fold(layers, rows, layers.taps / periods)
    line = np.minimum(sweeps * layers.touched_height * layers.touched_width, streamed)
    tile = np.clip(sweeps * layers.out_height * layers.kernel_height * layers.touched_width, line, streamed)
    n = layers.instances
    needs = SeparateNeeds(
        ifmap_need=layers.ifmap_words,
        ifmap_kept=n * layers.ifmap_words,
        ifmap_line_need=layers.kernel_height * layers.touched_width * channels,
        ifmap_line=n * line,
        ifmap_tile_need=f.tile_rows,
        ifmap_tile=n * tile,
        ifmap_streamed=n * streamed,
        filter_need=np.zeros_like(window),
        filter_kept=n * layers.filter_words,
        filter_refetched=n * layers.filter_words,
        **_accumulated(layers, f),
    )
    return _mapping(layers, f, needs, streamed, layers.filter_words, f.tile_rows * f.tile_columns, True)


def input_stationary(layers: LayerTable, rows: FloatArray, columns: FloatArray) -> Mapping:
    """Map with inputs held in the array and weights streamed.

    SRAM words of an instance: ifmap Sr*Sc, filter T*Sr*ceil(Sc/C), ofmap as for ``weight_stationary``.
    """
    window = layers.taps * layers.channels
    f = Folding.of(window, layers.pixels, layers.filters, rows, columns)
    unrolled = f.mapped_rows * f.mapped_columns
    line_need = layers.kernel_height * layers.touched_width * layers.channels
    plane = _plane_under(layers, f.tile_columns)
    tile = np.clip(f.column_folds * layers.channels * plane, layers.ifmap_words, unrolled)
    n = layers.instances
    needs = SeparateNeeds(
        ifmap_need=np.minimum(layers.ifmap_words, line_need),
        ifmap_kept=n * layers.ifmap_words,
        ifmap_line_need=line_need,
        ifmap_line=n * layers.ifmap_words,
        ifmap_tile_need=plane * _channels_in_fold(layers, rows, layers.taps / _periods(rows, layers.taps)),
        ifmap_tile=n * tile,
        ifmap_streamed=n * unrolled,
        filter_need=layers.filter_words,
        filter_kept=n * layers.filter_words,
        filter_refetched=n * layers.filter_words * f.column_folds,
        **_accumulated(layers, f),
    )
    reads = f.temporal * f.mapped_rows * f.column_folds
    return _mapping(layers, f, needs, unrolled, reads, f.tile_rows * f.tile_columns, True)


def output_stationary(layers: LayerTable, rows: FloatArray, columns: FloatArray) -> Mapping:
    """Map with outputs held in the array and both operands streamed.

    SRAM words of an instance: ifmap T*Sr*ceil(Sc/C), filter T*Sc*ceil(Sr/R), ofmap written Sr*Sc, never read back.
    """
    window = layers.taps * layers.channels
    f = Folding.of(layers.pixels, layers.filters, window, rows, columns)
    streamed = f.temporal * f.mapped_rows * f.column_folds
    line = np.minimum(f.column_folds * layers.ifmap_words, streamed)
    plane = _plane_under(layers, f.tile_rows)
    tile = np.clip(f.column_folds * f.row_folds * layers.channels * plane, line, streamed)
    n = layers.instances
    needs = SeparateNeeds(
        ifmap_need=layers.ifmap_words,
        ifmap_kept=n * layers.ifmap_words,
        ifmap_line_need=layers.kernel_height * layers.touched_width * layers.channels,
        ifmap_line=n * line,
        ifmap_tile_need=plane * _channels_in_fold(layers, rows, 1.0),
        ifmap_tile=n * tile,
        ifmap_streamed=n * streamed,
        filter_need=window * f.tile_columns,
        filter_kept=n * layers.filter_words,
        filter_refetched=n * layers.filter_words * f.row_folds,
        ofmap_need=np.zeros_like(window),
        ofmap_kept=n * layers.ofmap_words,
        ofmap_rounds=np.ones_like(window),
    )
    reads = f.temporal * f.mapped_columns * f.row_folds
    fill = f.tile_rows + f.tile_columns + f.tile_rows * f.tile_columns
    return _mapping(layers, f, needs, streamed, reads, fill, False)


def _accumulated(layers: LayerTable, f: Folding) -> dict[str, FloatArray]:
    """Partial sums of a sweep over the row folds: T x (columns in use), written once more for each row fold.

    With one filter over all channels of a depthwise layer nothing is accumulated over channels: written once.
    """
    one_filter = layers.output_channels > layers.filters
    return {
        "ofmap_need": f.temporal * f.tile_columns,
        "ofmap_kept": layers.instances * layers.ofmap_words,
        "ofmap_rounds": np.where(one_filter, 1.0, f.row_folds),
    }


def _mapping(
    layers: LayerTable,
    f: Folding,
    needs: SeparateNeeds,
    ifmap_reads: FloatArray,
    filter_reads: FloatArray,
    fill: FloatArray,
    stationary_operand: bool,
) -> Mapping:
    n = layers.instances
    return Mapping(
        cycles=n * pass_cycles(f, stationary_operand),
        mapped_share=f.mapped_share(),
        ifmap_sram_reads=n * ifmap_reads,
        filter_sram_reads=n * filter_reads,
        ofmap_sram_writes=needs.ofmap_kept * needs.ofmap_rounds,
        ofmap_sram_reads=needs.ofmap_kept * (needs.ofmap_rounds - 1.0),
        array_words=2.0 * layers.macs + n * f.shifted_words(),
        fill_words=fill,
        needs=needs,
    )


DATAFLOWS: MappingType[str, Callable[[LayerTable, FloatArray, FloatArray], Mapping]] = MappingProxyType(
    {"ws": weight_stationary, "os": output_stationary, "is": input_stationary}
)
"""The three mappings by the name of their dataflow."""
