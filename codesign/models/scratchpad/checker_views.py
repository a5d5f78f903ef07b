"""What the bytes of each tensor are, once operators that only look at others' bytes are seen through."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping
from typing import NamedTuple

from codesign.models.scratchpad.checker_faults import Faults
from codesign.workloads.graph import Network, Operator, Tensor


class Piece(NamedTuple):
    """Bytes ``start`` to ``end`` of a tensor are those of ``origin`` from its byte ``origin_start`` on."""

    start: int
    end: int
    origin: str
    origin_start: int


class Window(NamedTuple):
    """A view says that ``size`` bytes of its ``result`` are bytes of its ``source``."""

    result: str
    result_start: int
    source: str
    source_start: int
    size: int


def windows_of(network: Network, operator: Operator) -> tuple[Window, ...] | str:
    """Return how the results of a view lie in its sources, or why the operator can't be a view.

    reshape, flatten, squeeze, unsqueeze: the same bytes. concat: the parts side by side, split: the other way round,
    both along the first dimension that isn't 1, where every part is contiguous.
    """
    make = _VIEWS.get(operator.kind)
    if make is None:
        return f"operators of the kind {operator.kind!r} can't be views"
    sources = [network.tensor(name) for name in operator.inputs]
    results = [network.tensor(name) for name in operator.outputs]
    if len({tensor.bits for tensor in (*sources, *results)}) > 1:
        return "words of its source and of its result differ in width"
    return make(operator, sources, results)


def _same_bytes(operator: Operator, sources: list[Tensor], results: list[Tensor]) -> tuple[Window, ...] | str:
    if len(sources) != 1 or len(results) != 1 or sources[0].words != results[0].words:
        return "source and result must be one tensor each, with as many words"
    return (Window(results[0].name, 0, sources[0].name, 0, sources[0].size_bytes),)


def _side_by_side(operator: Operator, sources: list[Tensor], results: list[Tensor]) -> tuple[Window, ...] | str:
    if len(results) != 1:
        return "it must have one result"
    starts = _starts(operator, results[0], sources)
    if isinstance(starts, str):
        return starts
    joined = zip(sources, starts, strict=True)
    return tuple(Window(results[0].name, start, part.name, 0, part.size_bytes) for part, start in joined)


def _cut(operator: Operator, sources: list[Tensor], results: list[Tensor]) -> tuple[Window, ...] | str:
    if len(sources) != 1:
        return "it must have one source"
    starts = _starts(operator, sources[0], results)
    if isinstance(starts, str):
        return starts
    joined = zip(results, starts, strict=True)
    return tuple(Window(part.name, 0, sources[0].name, start, part.size_bytes) for part, start in joined)


_VIEWS: dict[str, Callable[[Operator, list[Tensor], list[Tensor]], tuple[Window, ...] | str]] = {
    **dict.fromkeys(("reshape", "flatten", "squeeze", "unsqueeze"), _same_bytes),
    "concat": _side_by_side,
    "split": _cut,
}


def _starts(operator: Operator, whole: Tensor, parts: list[Tensor]) -> list[int] | str:
    """Return at which byte of the whole each part begins, or why the parts aren't contiguous in it."""
    axis, rank = operator.attribute("axis"), len(whole.shape)
    if not isinstance(axis, int) or not -rank <= axis < rank:
        return f"its axis {axis!r} is no dimension of {whole.name!r} {whole.shape}"
    axis %= rank
    if math.prod(whole.shape[:axis]) != 1:
        return f"its parts aren't contiguous: dimensions before axis {axis} of {whole.name!r} {whole.shape} aren't 1"
    around = (whole.shape[:axis], whole.shape[axis + 1 :])
    if any(len(part.shape) != rank or (part.shape[:axis], part.shape[axis + 1 :]) != around for part in parts):
        return f"its parts don't have the shape of {whole.name!r} {whole.shape} but for axis {axis}"
    if sum(part.shape[axis] for part in parts) != whole.shape[axis]:
        return f"its parts don't add up to {whole.name!r} {whole.shape}"
    if any(part.words * part.bits % 8 for part in parts[:-1]):
        return "a part of it ends within a byte"
    starts, start = [], 0
    for part in parts:
        starts.append(start)
        start += part.size_bytes
    return starts


def contents_of(
    network: Network,
    views: Collection[str],
    counted: Collection[str],
    place_of: Mapping[str, tuple[str, int]],
    faults: Faults,
) -> dict[str, tuple[Piece, ...]]:
    """Return for each counted tensor whose bytes it consists of; a tensor that an operator writes is its own origin.

    Faults: a view that can't be one, that looks at a tensor outside the scratchpad, or whose result isn't placed where
    its source is.
    """
    pieces: dict[str, tuple[Piece, ...]] = {
        t.name: (Piece(0, t.size_bytes, t.name, 0),) for t in network.tensors if t.name in counted
    }
    for operator in network.operators:
        if operator.name not in views:
            continue
        windows = windows_of(network, operator)
        if isinstance(windows, str):
            faults.add(f"operator {operator.name!r} is no view: {windows}")
            continue
        outside = [window.source for window in windows if window.source not in counted]
        if outside:
            faults.add(f"view {operator.name!r} looks at {outside[0]!r}, which isn't kept in the scratchpad")
            continue
        for window in windows:
            _find_displacement(operator, window, place_of, faults)
        for result in operator.outputs:
            seen = (window for window in windows if window.result == result)
            pieces[result] = tuple(piece for window in seen for piece in _through(window, pieces[window.source]))
    return pieces


def _through(window: Window, source: tuple[Piece, ...]) -> list[Piece]:
    """Return what a window shows of its source, in bytes of the result."""
    end, shift = window.source_start + window.size, window.result_start - window.source_start
    shown = []
    for piece in source:
        first, last = max(piece.start, window.source_start), min(piece.end, end)
        if first < last:
            shown.append(Piece(first + shift, last + shift, piece.origin, piece.origin_start + first - piece.start))
    return shown


def _find_displacement(
    operator: Operator, window: Window, place_of: Mapping[str, tuple[str, int]], faults: Faults
) -> None:
    for tensor in (window.result, window.source):
        if tensor not in place_of:
            faults.add(f"view {operator.name!r}: no buffer holds {tensor!r}")
            return
    buffer, offset = place_of[window.source]
    wanted = (buffer, offset + window.source_start - window.result_start)
    if place_of[window.result] != wanted:
        found = place_of[window.result]
        faults.add(
            f"view {operator.name!r}: its result {window.result!r} is placed in buffer {found[0]!r} at byte {found[1]};"
            f" {window.source!r} lies in buffer {buffer!r} at byte {offset}, so that byte {wanted[1]} of it is wanted"
        )
