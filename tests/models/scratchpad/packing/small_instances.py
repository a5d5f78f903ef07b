"""Small packing problems whose answers are known or can be found by trying every offset."""

from typing import NamedTuple

import numpy as np
from hypothesis import strategies as st


class Problem(NamedTuple):
    lower: np.ndarray
    upper: np.ndarray
    size: np.ndarray


def problem(*rows):
    """A problem from rows (lower, upper, size)."""
    return Problem(*(np.array(column, dtype=np.int64) for column in zip(*rows, strict=True)))


# google/minimalloc, benchmarks/examples/input.12.csv (commit 9f5cf81): the optimum is in the file's name.
MINIMALLOC_EXAMPLE = problem((0, 3, 4), (3, 9, 4), (0, 9, 4), (9, 21, 4), (0, 21, 4))

# The load is 4 at every time from 0 to 4, but no packing is lower than 5: `every_offset` says so.
FRAGMENTED = problem((3, 7, 2), (1, 3, 1), (2, 4, 1), (1, 4, 1), (0, 2, 2), (4, 7, 2), (0, 1, 2))


def every_offset(instance, capacity, alignment=1):
    """Whether a packing exists, by trying every offset of every buffer."""
    lower, upper, size = (column.tolist() for column in instance)
    placed = []

    def place(buffer):
        if buffer == len(size):
            return True
        for offset in range(0, capacity - size[buffer] + 1, alignment):
            free = all(
                lower[buffer] >= upper[other]
                or lower[other] >= upper[buffer]
                or offset + size[buffer] <= at
                or at + size[other] <= offset
                for other, at in enumerate(placed)
            )
            if free:
                placed.append(offset)
                if place(buffer + 1):
                    return True
                placed.pop()
        return False

    return place(0)


def smallest_by_every_offset(instance, alignment=1):
    """The smallest capacity for which a packing exists."""
    capacity = 0
    while not every_offset(instance, capacity, alignment):
        capacity += 1
    return capacity


@st.composite
def sparse(draw):
    """Up to 7 buffers anywhere; a size may be 0."""
    rows = draw(st.lists(st.tuples(st.integers(0, 6), st.integers(1, 5), st.integers(0, 5)), min_size=1, max_size=7))
    return problem(*((lower, lower + width, size) for lower, width, size in rows))


@st.composite
def dense(draw):
    """Up to 8 buffers that fill a band: the load is near the capacity at most times, so packings are rare."""
    times, capacity = draw(st.integers(3, 7)), draw(st.integers(3, 6))
    left, rows = [capacity] * times, []
    attempts = st.tuples(st.integers(0, times - 1), st.integers(1, 4), st.integers(1, 3))
    for lower, width, size in draw(st.lists(attempts, min_size=8, max_size=24)):
        upper = min(times, lower + width)
        if len(rows) < 8 and min(left[lower:upper]) >= size:
            rows.append((lower, upper, size))
            left[lower:upper] = [room - size for room in left[lower:upper]]
    return problem(*rows)


@st.composite
def nearly_fragmented(draw):
    """``FRAGMENTED`` with a few buffers moved, resized, cut or added: many of these can't be packed into their load."""
    rows = [list(row) for row in zip(*(column.tolist() for column in FRAGMENTED), strict=True)]
    for change in draw(st.lists(st.sampled_from(["lower", "upper", "size", "cut", "add"]), max_size=3)):
        row, step = draw(st.sampled_from(rows)), draw(st.sampled_from([-1, 1]))
        if change == "add":
            lower = draw(st.integers(0, 6))
            rows.append([lower, lower + draw(st.integers(1, 3)), draw(st.integers(1, 2))])
        elif change == "cut" and row[1] - row[0] > 1:
            rows.append([row[0] + 1, row[1], row[2]])
            row[1] = row[0] + 1
        elif change == "size":
            row[2] = max(1, row[2] + step)
        elif change == "lower":
            row[0] = min(row[1] - 1, row[0] + step)
        elif change == "upper":
            row[1] = max(row[0] + 1, row[1] + step)
    return problem(*draw(st.permutations(rows)))


@st.composite
def cut_rectangles(draw, most=24):
    """(problem, height): a rectangle of time and memory cut into pieces and mixed, so a packing without gaps exists."""
    width, height = draw(st.integers(4, 12)), draw(st.integers(4, 16))
    pieces = [(0, width, 0, height)]
    for number, along_time, share in draw(
        st.lists(st.tuples(st.integers(0, 99), st.booleans(), st.floats(0, 1)), min_size=4, max_size=most - 1)
    ):
        left, right, low, high = pieces.pop(number % len(pieces))
        begin, end = (left, right) if along_time else (low, high)
        at = begin + 1 + int(share * (end - begin - 2)) if end - begin > 1 else end
        if at == end:
            pieces.append((left, right, low, high))
        elif along_time:
            pieces += [(left, at, low, high), (at, right, low, high)]
        else:
            pieces += [(left, right, low, at), (left, right, at, high)]
    rows = [(left, right, high - low) for left, right, low, high in pieces]
    return problem(*draw(st.permutations(rows))), height


def settled(instance, order):
    """Offsets of a packing in which no buffer can be moved to a lower place while the others stay."""
    lower, upper, size = instance
    offsets = np.zeros(len(size), dtype=np.int64)
    placed = np.zeros(len(size), dtype=bool)
    moved = True
    while moved:
        moved = False
        for buffer in order:
            near = placed & (lower < upper[buffer]) & (lower[buffer] < upper)
            near[buffer] = False
            places = [0, *(offsets[near] + size[near]).tolist()]
            free = [
                place
                for place in places
                if not ((offsets[near] < place + size[buffer]) & (place < offsets[near] + size[near])).any()
            ]
            moved = moved or not placed[buffer] or min(free) < offsets[buffer]
            offsets[buffer], placed[buffer] = min(free), True
    return offsets
