"""Tensors cut into stripes of rows, so that a scratchpad need not hold the whole of them at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from codesign.errors import WorkloadError
from codesign.workloads.dataflow import Attribute, Operator, Tensor
from codesign.workloads.graph import Network
from codesign.workloads.operands import ROW_AXES
from codesign.workloads.row_rules import Needs, Request, Rows, needs


@dataclass(frozen=True)
class _Cut:
    """The stripes of a tensor, from the first row on, and the rows of each."""

    stripes: tuple[Tensor, ...]
    rows: tuple[Rows, ...]


def tile_rows(network: Network, stripes: Mapping[str, int]) -> Network:
    """Return the network with tensors cut into stripes of rows.

    Rows are those of an image (batch x channels x rows x columns), or the tokens of tokens x width, batch x tokens x
    width, or batch x heads x tokens x width: the last dimension but one. The stripes of a tensor T are called
    ``T.stripe0``, ``T.stripe1``, ... and differ by at most one row.

    Every operator that writes T becomes one operator for each stripe, which reads just those stripes of its inputs that
    hold rows it needs: a window's rows with their halo, the same rows for element-wise operators, products, and norms
    over the last dimension, everything where a row depends on all rows (softmax over rows, reshape, the right side of a
    product). An input that isn't cut is read whole. An operator whose output isn't cut reads all stripes of its inputs.
    Weights are shared. Operators that read or write stripes have the attributes of ``operands``, and ``padding`` as it
    is for their rows. No row is computed twice, so the multiply-accumulates are those of the given network.

    Args:
        network: without stripes.
        stripes: number of stripes by tensor; 1 leaves a tensor whole.

    Raises:
        UnknownNameError: the network has no such tensor.
        WorkloadError: a tensor is stored or has no rows, the number of stripes isn't between 1 and its rows, an
            operator that would write a stripe can't be computed by rows or writes tensors that are cut differently, or
            the network has stripes already.
    """
    for operator in network.operators:
        if operator.attribute("parts") is not None:
            raise WorkloadError(f"network {network.name!r} has stripes already: {operator.name!r} reads some")
    cuts = {name: _cut(network, name, count) for name, count in stripes.items()}
    cuts = {name: cut for name, cut in cuts.items() if len(cut.stripes) > 1}
    tensors = (
        part for tensor in network.tensors for part in (cuts[tensor.name].stripes if tensor.name in cuts else (tensor,))
    )
    operators = (part for operator in network.operators for part in _tiled(network, operator, cuts))
    return replace(network, tensors=tuple(tensors), operators=tuple(operators))


def _cut(network: Network, name: str, count: int) -> _Cut:
    tensor = network.tensor(name)
    where = f"network {network.name!r}: tensor {name!r}"
    if tensor.role == "weight":
        raise WorkloadError(f"{where} is stored and can't be cut")
    if len(tensor.shape) not in ROW_AXES:
        raise WorkloadError(f"{where} of shape {tensor.shape} has no rows; tensors of 2, 3 or 4 dimensions can be cut")
    axis = ROW_AXES[len(tensor.shape)]
    size = tensor.shape[axis]
    if isinstance(count, bool) or not isinstance(count, int) or not 1 <= count <= size:
        raise WorkloadError(f"{where} has {size} rows and can be cut into 1 to {size} stripes, found {count!r}")
    rows = tuple((i * size // count, (i + 1) * size // count) for i in range(count))
    parts = (_with_rows(tensor, f"{name}.stripe{i}", end - begin) for i, (begin, end) in enumerate(rows))
    return _Cut(tuple(parts), rows)


def _with_rows(tensor: Tensor, name: str, rows: int) -> Tensor:
    shape = list(tensor.shape)
    shape[ROW_AXES[len(shape)]] = rows
    return replace(tensor, name=name, shape=tuple(shape))


def _tiled(network: Network, operator: Operator, cuts: Mapping[str, _Cut]) -> Iterator[Operator]:
    written = {cuts[name].rows if name in cuts else () for name in operator.outputs}
    if written == {()}:
        reads = any(name in cuts for name in operator.inputs)
        yield _reading(operator, Needs((None,) * len(operator.inputs)), 0, cuts) if reads else operator
        return
    if len(written) > 1:
        raise WorkloadError(
            f"network {network.name!r}: operator {operator.name!r} writes {', '.join(operator.outputs)}; all of them"
            " must be cut into the same stripes"
        )
    shapes = [network.tensor(name).shape for name in operator.inputs]
    output = network.tensor(operator.outputs[0]).shape
    for number, rows in enumerate(written.pop()):
        needed = needs(Request(operator, shapes, output, rows))
        stripe = _reading(operator, needed, rows[0], cuts)
        outputs = tuple(cuts[name].stripes[number].name for name in operator.outputs)
        yield replace(stripe, name=f"{operator.name}.stripe{number}", outputs=outputs)


def _reading(operator: Operator, needed: Needs, first_row: int, cuts: Mapping[str, _Cut]) -> Operator:
    """The operator on the parts of its inputs that hold the rows needed."""
    groups = [_parts(name, rows, cuts) for name, rows in zip(operator.inputs, needed.rows, strict=True)]
    ranges = [(0, 0) if rows is None else rows for rows in needed.rows]
    attributes: dict[str, Attribute] = {
        **dict(operator.attributes),
        **needed.changed,
        "first_row": first_row,
        "parts": tuple(len(names) for names, _ in groups),
        "parts_first_row": tuple(first for _, first in groups),
        "needed_first_row": tuple(begin for begin, _ in ranges),
        "needed_rows": tuple(end - begin for begin, end in ranges),
    }
    inputs = tuple(name for names, _ in groups for name in names)
    return replace(operator, inputs=inputs, attributes=attributes)


def _parts(name: str, rows: Rows | None, cuts: Mapping[str, _Cut]) -> tuple[tuple[str, ...], int]:
    """Return the tensors that hold rows of a tensor, and the row at which they begin."""
    if rows is not None and rows[0] >= rows[1]:
        return (), 0
    cut = cuts.get(name)
    if cut is None:
        return (name,), 0
    chosen = [
        (stripe.name, begin)
        for stripe, (begin, end) in zip(cut.stripes, cut.rows, strict=True)
        if rows is None or (begin < rows[1] and end > rows[0])
    ]
    return tuple(stripe for stripe, _ in chosen), chosen[0][1]
