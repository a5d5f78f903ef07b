"""A systolic array, one cycle after another: registers, skewed inputs, real products. Shares nothing with the model."""

import numpy as np


def stationary_array(held, streamed):
    """Multiply ``streamed`` (T x R) by ``held`` (R x C) with ``held`` in the elements.

    Returns the product (T x C), the number of cycles from the first word of ``held`` to the last result, and the words
    that entered at the array's edges: of ``held``, of ``streamed``.
    """
    rows, columns = held.shape
    steps = streamed.shape[0]
    weights = np.zeros((rows, columns))
    for shift in range(rows):  # one row of ``held`` enters at the top in each cycle, the last row first
        weights[1:] = weights[:-1]
        weights[0] = held[rows - 1 - shift]
    cycle = rows
    inputs, sums = np.zeros((rows, columns)), np.zeros((rows, columns))
    product = np.full((steps, columns), np.nan)
    entered = done = 0
    step = 0
    while done < steps * columns:
        moved = np.zeros((rows, columns))
        moved[:, 1:] = inputs[:, :-1]
        for row in range(rows):
            if 0 <= step - row < steps:
                moved[row, 0] = streamed[step - row, row]
                entered += 1
        above = np.zeros((rows, columns))
        above[1:] = sums[:-1]
        inputs, sums = moved, above + moved * weights
        for column in range(columns):
            t = step - (rows - 1) - column
            if 0 <= t < steps:
                product[t, column] = sums[-1, column]
                done += 1
        step += 1
        cycle += 1
    return product, cycle, held.size, entered


def output_array(left, right):
    """Multiply ``left`` (R x T) by ``right`` (T x C) with the sums in the elements; draining isn't timed.

    Returns the product, the cycles up to the last multiplication, and the words of ``left`` and ``right`` that entered.
    """
    rows, steps = left.shape
    columns = right.shape[1]
    sums, across, down = (np.zeros((rows, columns)) for _ in range(3))
    counted = np.zeros((rows, columns), dtype=int)
    entered_left = entered_right = cycle = 0
    while (counted < steps).any():
        moved, fallen = np.zeros((rows, columns)), np.zeros((rows, columns))
        moved[:, 1:], fallen[1:] = across[:, :-1], down[:-1]
        for row in range(rows):
            if 0 <= cycle - row < steps:
                moved[row, 0] = left[row, cycle - row]
                entered_left += 1
        for column in range(columns):
            if 0 <= cycle - column < steps:
                fallen[0, column] = right[cycle - column, column]
                entered_right += 1
        across, down = moved, fallen
        for row in range(rows):
            for column in range(columns):
                if 0 <= cycle - row - column < steps:
                    sums[row, column] += across[row, column] * down[row, column]
                    counted[row, column] += 1
        cycle += 1
    return sums, cycle, entered_left, entered_right


def folded_product(left, right, rows, columns, dataflow):
    """Multiply pixels x window by window x filters on an array of ``rows`` x ``columns``, fold after fold.

    Unused rows and columns stay in the array: they are fed with nothing, and cost time but no words. Returns the
    product, the cycles, and the words read of ``left``, of ``right``, and written (each fold writes its results).
    """
    pixels, window = left.shape
    filters = right.shape[1]
    product = np.zeros((pixels, filters))
    total = {"cycles": 0, "left": 0, "right": 0, "written": 0}
    outer, inner = {"ws": (filters, window), "is": (pixels, window), "os": (filters, pixels)}[dataflow]
    for second in range(0, outer, columns):
        for first in range(0, inner, rows):
            a, b = slice(first, min(first + rows, inner)), slice(second, min(second + columns, outer))
            _fold(product, total, left, right, a, b, rows, columns, dataflow)
    return product, total


def _fold(product, total, left, right, a, b, rows, columns, dataflow):
    used = a.stop - a.start, b.stop - b.start
    if dataflow == "os":
        padded_left, padded_right = np.zeros((rows, left.shape[1])), np.zeros((left.shape[1], columns))
        padded_left[: used[0]], padded_right[:, : used[1]] = left[a], right[:, b]
        result, cycles, _, _ = output_array(padded_left, padded_right)
        product[a, b] += result[: used[0], : used[1]]
        words = used[0] * left.shape[1], used[1] * left.shape[1], used[0] * used[1]
    else:
        still, moving = (right[a, b], left[:, a]) if dataflow == "ws" else (left[b, a].T, right[a].T)
        padded_still, padded_moving = np.zeros((rows, columns)), np.zeros((moving.shape[0], rows))
        padded_still[: used[0], : used[1]], padded_moving[:, : used[0]] = still, moving
        result, cycles, _, _ = stationary_array(padded_still, padded_moving)
        kept = result[:, : used[1]]
        product[(slice(None), b) if dataflow == "ws" else (b, slice(None))] += kept if dataflow == "ws" else kept.T
        held, streamed = used[0] * used[1], moving.shape[0] * used[0]
        words = (streamed, held, kept.size) if dataflow == "ws" else (held, streamed, kept.size)
    for name, value in zip(("left", "right", "written"), words, strict=True):
        total[name] += value
    total["cycles"] += cycles
