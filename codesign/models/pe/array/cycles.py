"""Cycles of a matrix product on an output-stationary array of processing elements.

The product of M x K activations by K x N weights is cut into tiles of ``height`` x ``width`` outputs. A tile runs
through the whole reduction, then its outputs leave through the columns.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from codesign.models.columns import FloatArray


@dataclass(frozen=True)
class ArrayShape:
    """An array and the pace of its elements; arrays of one length, or of length 1.

    Attributes:
        rows, columns: elements.
        fused_rows, fused_columns: outputs that an element serves at once in either direction.
        step_macs: length of the reduction that a step takes.
        step_cycles: cycles of a step.
        scale_cycles: cycles of the column's scale unit for one output of one group.
        group: weights along the reduction that share a scale; 0: one scale per column, applied when the tile leaves.
        stages: pipeline registers on the way through an element.
    """

    rows: FloatArray
    columns: FloatArray
    fused_rows: FloatArray
    fused_columns: FloatArray
    step_macs: FloatArray
    step_cycles: FloatArray
    scale_cycles: FloatArray
    group: FloatArray
    stages: FloatArray

    @property
    def height(self) -> FloatArray:
        """Rows of outputs in the array at once."""
        return self.rows * self.fused_rows

    @property
    def width(self) -> FloatArray:
        """Columns of outputs in the array at once."""
        return self.columns * self.fused_columns


@dataclass(frozen=True)
class Cycles:
    """Of one run of a product.

    Attributes:
        steady: of all tiles, one after the other.
        fill: until the first tile is under way.
        row_tiles, column_tiles: tiles along M and N.
        busy: element cycles in which an element works on an output that is wanted.
        row_busy, column_busy: cycles in which an edge unit of a row or a column works, summed over the units.
        scale_busy: cycles in which a scale unit works, likewise.
    """

    steady: FloatArray
    fill: FloatArray
    row_tiles: FloatArray
    column_tiles: FloatArray
    busy: FloatArray
    row_busy: FloatArray
    column_busy: FloatArray
    scale_busy: FloatArray


def product_cycles(array: ArrayShape, rows: FloatArray, inner: FloatArray, columns: FloatArray) -> Cycles:
    """Return the cycles of M x K by K x N, ``rows`` = M, ``inner`` = K, ``columns`` = N.

    steps   = ceil(K / step_macs) * step_cycles                      one tile's reduction
    scale   = h * max(1, ceil(K / group)) * scale_cycles             the column's scale unit, tile of h rows
    tile(h) = max(steps, scale) + ceil(h / fused_rows)               outputs leave one row a cycle
    steady  = ceil(N / width) * (floor(M / height) * tile(height) + tile(M mod height))
    fill    = (used rows - 1) + (used columns - 1) + stages          operands are skewed

    The next tile's operands follow without a gap, and so do those of the next independent product (another head,
    another expert), so skew is paid once a layer. Draining isn't hidden: an element has one sum register.
    """
    height, width = array.height, array.width
    steps = np.ceil(inner / array.step_macs) * array.step_cycles
    groups = np.where(array.group > 0, np.ceil(inner / np.maximum(array.group, 1.0)), 1.0)
    scale = groups * array.scale_cycles
    full = np.floor(rows / height)
    rest = rows - full * height
    full_tile = np.maximum(steps, height * scale) + array.rows
    last_tile = np.where(rest > 0, np.maximum(steps, rest * scale) + np.ceil(rest / array.fused_rows), 0.0)
    row_tiles, column_tiles = np.ceil(rows / height), np.ceil(columns / width)
    used_rows = np.ceil(np.minimum(rows, height) / array.fused_rows)
    used_columns = np.ceil(np.minimum(columns, width) / array.fused_columns)
    wanted = (rows / array.fused_rows) * (columns / array.fused_columns)
    return Cycles(
        steady=column_tiles * (full * full_tile + last_tile),
        fill=(used_rows - 1.0) + (used_columns - 1.0) + array.stages,
        row_tiles=row_tiles,
        column_tiles=column_tiles,
        busy=wanted * steps,
        row_busy=column_tiles * (rows / array.fused_rows) * steps,
        column_busy=row_tiles * (columns / array.fused_columns) * steps,
        scale_busy=rows * (columns / array.fused_columns) * scale,
    )
