"""What an operator reads, position by position, where stripes of a tensor may stand for the whole of it.

``tiling.tile_rows`` writes operators that read stripes. Such an operator has these attributes, each but the first with
one number for every input of the operator that it was made from:

================== ============================================================================================
first_row          row of the whole output at which its own output begins
parts              tensors that stand for this input: stripes that follow each other, or the one whole tensor
parts_first_row    row of the whole input at which those parts, put together, begin
needed_first_row   row of the whole input from which on it is needed
needed_rows        rows that are needed; 0 where the input isn't read by rows: all of the parts are needed
================== ============================================================================================
"""

from __future__ import annotations

from collections.abc import Mapping

from codesign.workloads.dataflow import Operator, Tensor

ROW_AXES: Mapping[int, int] = {2: 0, 3: 1, 4: 2}
"""By a tensor's number of dimensions, the one that is called its rows.

tokens x width; batch x tokens x width; batch x channels x rows x columns and batch x heads x tokens x width.
"""


def operands(operator: Operator) -> tuple[tuple[str, ...], ...]:
    """Return the tensors that stand for each input."""
    parts = operator.attribute("parts")
    if not isinstance(parts, tuple):
        return tuple((name,) for name in operator.inputs)
    groups, start = [], 0
    for count in parts:
        groups.append(operator.inputs[start : start + count])
        start += count
    return tuple(groups)


def operand_shape(operator: Operator, position: int, tensors: Mapping[str, Tensor]) -> tuple[int, ...]:
    """Return the shape of what is needed of an input."""
    group = operands(operator)[position]
    shape = list(tensors[group[0]].shape)
    needed = operator.attribute("needed_rows")
    if isinstance(needed, tuple) and len(shape) in ROW_AXES:
        axis = ROW_AXES[len(shape)]
        shape[axis] = needed[position] or sum(tensors[name].shape[axis] for name in group)
    return tuple(shape)


def weight_of(operator: Operator) -> str:
    """Return the name of the stored tensor of a convolution or a linear layer."""
    return operands(operator)[1][0]


def bias_of(operator: Operator) -> str | None:
    """Return the name of the bias of a convolution or a linear layer, or None."""
    groups = operands(operator)
    return groups[2][0] if operator.kind in BIASED_KINDS and len(groups) > 2 else None


BIASED_KINDS = ("conv", "conv3d", "conv_transpose", "linear")
"""Kinds whose third input is a bias."""
