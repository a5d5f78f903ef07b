"""Which rows of its inputs an operator needs for some rows of its output, by its kind.

Rows are the last dimension but one (``operands.ROW_AXES``): of an image its rows, of tokens x width the tokens.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from codesign.errors import WorkloadError
from codesign.workloads.dataflow import Attribute, Operator
from codesign.workloads.fusion import ACTIVATION_KINDS
from codesign.workloads.windows import spread

Shape = tuple[int, ...]
Rows = tuple[int, int]
"""From the first row up to, not including, the second."""


@dataclass(frozen=True)
class Needs:
    """What is needed for some rows.

    Attributes:
        rows: of each input; None where all of it is needed, or where it has no rows (a weight).
        changed: attributes that are others than those of the whole operator.
    """

    rows: tuple[Rows | None, ...]
    changed: Mapping[str, Attribute] = field(default_factory=dict)


@dataclass(frozen=True)
class Request:
    """Rows wanted of an operator's output, with the shapes of its whole inputs and of its whole output."""

    operator: Operator
    inputs: Sequence[Shape]
    output: Shape
    rows: Rows

    @property
    def row_axis(self) -> int:
        """The dimension of the output that is called its rows."""
        return len(self.output) - 2

    def refuse(self, why: str) -> WorkloadError:
        """Return an error that names the operator and its kind."""
        return WorkloadError(
            f"operator {self.operator.name!r} of kind {self.operator.kind!r} can't be computed by rows: {why}"
        )

    def image_rows(self) -> int:
        """Return the rows of an image (batch x channels x rows x columns) that is read."""
        if len(self.inputs[0]) != 4:
            raise self.refuse(f"it reads {self.operator.inputs[0]!r} of shape {self.inputs[0]}, which is no image")
        return self.inputs[0][2]

    def axis(self) -> int:
        """Return the attribute ``axis``, counted from the front."""
        axis = self.operator.whole("axis", -1)
        return axis + len(self.output) if axis < 0 else axis


def needs(request: Request) -> Needs:
    """Return what is needed for the rows that are wanted.

    Raises:
        WorkloadError: an operator of that kind, or with these attributes, can't be computed by rows.
    """
    rule = _RULES.get(request.operator.kind)
    if rule is None:
        raise request.refuse("no rule says which rows of its inputs a row of its output depends on")
    return rule(request)


def _same_rows(request: Request, shape: Shape) -> Rows | None:
    """The rows of an input that is read element by element; None where one row, or none, stands for all."""
    aligned = len(shape) - 2
    return request.rows if aligned >= 0 and shape[aligned] == request.output[-2] else None


def _element_wise(request: Request) -> Needs:
    return Needs(tuple(_same_rows(request, shape) for shape in request.inputs))


def _first_input(request: Request) -> Needs:
    """The same rows of the first input and all of the others: products with weights or another matrix."""
    return Needs((_same_rows(request, request.inputs[0]), *(None for _ in request.inputs[1:])))


def _everything(request: Request) -> Needs:
    """All of every input, of which the wanted rows of the result are kept."""
    return Needs(tuple(None for _ in request.inputs))


def _norm(request: Request) -> Needs:
    """Norms over the last dimension."""
    if any(len(shape) > 1 for shape in request.inputs[1:]):
        raise request.refuse("it is over more than the last dimension")
    return _first_input(request)


def _batch_norm(request: Request) -> Needs:
    request.image_rows()
    return _first_input(request)


def _window(request: Request, kernel_rows: int) -> Needs:
    operator, (begin, end) = request.operator, request.rows
    size = request.image_rows()
    stride = operator.sizes("strides", (1, 1))[0]
    span = spread(kernel_rows, operator.sizes("dilations", (1, 1))[0])
    top, left, _, right = operator.sizes("padding", (0, 0, 0, 0))
    first, last = begin * stride - top, (end - 1) * stride - top + span
    if last <= 0 or first >= size:
        raise request.refuse(f"rows {begin} to {end - 1} of its output depend on padding only")
    padding = (max(-first, 0), left, max(last - size, 0), right)
    return Needs(
        ((max(first, 0), min(last, size)), *(None for _ in request.inputs[1:])),
        {"padding": padding},
    )


def _conv(request: Request) -> Needs:
    request.image_rows()
    return _window(request, request.inputs[1][2])


def _pool(request: Request) -> Needs:
    request.image_rows()
    return _window(request, request.operator.sizes("kernel", request.inputs[0][2:])[0])


def _pad(request: Request) -> Needs:
    size, (begin, end) = request.image_rows(), request.rows
    if request.operator.attribute("padding") is None:
        raise request.refuse("its attribute 'padding' isn't known")
    top, left, _, right = request.operator.sizes("padding", (0, 0, 0, 0))
    first, last = (min(max(row - top, 0), size) for row in (begin, end))
    above = min(max(top - begin, 0), end - begin)
    below = end - begin - above - (last - first)
    return Needs(((first, last),), {"padding": (above, left, below, right)})


def _resize(request: Request) -> Needs:
    """Bilinear: the two rows around (row + 0.5) * source / size - 0.5; any other mode reads everything."""
    operator, (begin, end) = request.operator, request.rows
    if operator.attribute("mode") != "bilinear" or operator.attribute("source") is None:
        return _everything(request)
    source, size = operator.sizes("source", (1, 1))[0], operator.sizes("size", (1, 1))[0]
    above = [((2 * row + 1) * source - size) // (2 * size) for row in (begin, end - 1)]
    return Needs(((min(max(above[0], 0), source - 1), max(min(above[1] + 2, source), 1)),))


def _softmax(request: Request) -> Needs:
    return _everything(request) if request.axis() == request.row_axis else _element_wise(request)


def _concat(request: Request) -> Needs:
    """The same rows of each part, or, where rows are joined, the part of the rows that each input holds."""
    if request.axis() != request.row_axis:
        return _element_wise(request)
    (begin, end), offset = request.rows, 0
    rows: list[Rows] = []
    for shape in request.inputs:
        size = shape[request.row_axis]
        rows.append((min(max(begin - offset, 0), size), min(max(end - offset, 0), size)))
        offset += size
    return Needs(tuple(rows))


def _split(request: Request) -> Needs:
    if request.axis() == request.row_axis:
        raise request.refuse("it cuts the rows itself")
    return _element_wise(request)


def _slice(request: Request) -> Needs:
    starts = request.operator.attribute("starts")
    if not isinstance(starts, tuple) or len(starts) != len(request.output) or request.operator.attribute("axes"):
        raise request.refuse("which rows it keeps isn't known")
    axis, (begin, end) = request.row_axis, request.rows
    moved = tuple(0 if i == axis else start for i, start in enumerate(starts))
    return Needs(((begin + starts[axis], end + starts[axis]),), {"starts": moved})


def _transpose(request: Request) -> Needs:
    order = request.operator.sizes("order", tuple(range(len(request.output))))
    if order[request.row_axis] != len(request.inputs[0]) - 2:
        return _everything(request)
    return Needs((request.rows,))


_ELEMENT_WISE_KINDS = (
    *sorted(ACTIVATION_KINDS),
    *("abs", "add", "cast", "ceil", "cos", "divide", "exp", "floor", "log", "max", "min", "multiply", "neg", "pow"),
    *("positional_encoding", "prelu", "reciprocal", "rotary_embedding", "round", "sign", "sin", "sqrt", "subtract"),
    *("quantizelinear", "dequantizelinear", "where"),
)
_RULES: Mapping[str, Callable[[Request], Needs]] = {
    **dict.fromkeys(_ELEMENT_WISE_KINDS, _element_wise),
    **dict.fromkeys(("linear", "matmul"), _first_input),
    **dict.fromkeys(("layer_norm", "rms_norm"), _norm),
    **dict.fromkeys(("softmax", "logsoftmax"), _softmax),
    **dict.fromkeys(("reshape", "embedding"), _everything),
    "batch_norm": _batch_norm,
    "concat": _concat,
    "conv": _conv,
    "pad": _pad,
    "pool": _pool,
    "resize": _resize,
    "slice": _slice,
    "split": _split,
    "transpose": _transpose,
}
