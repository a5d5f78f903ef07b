"""Stripes for operators that are too large for the scratchpad."""

from __future__ import annotations

from codesign.models.scratchpad.preparation import Accounting, problem_of
from codesign.models.scratchpad.problem import Problem
from codesign.models.scratchpad.schedule import check_capacity
from codesign.workloads.graph import Network
from codesign.workloads.operands import ROW_AXES
from codesign.workloads.tiling import tile_rows


def tiled_to_fit(network: Network, accounting: Accounting, capacity_bytes: int, most_stripes: int) -> Network:
    """Return the network with tensors cut into stripes until every operator fits the scratchpad.

    The tensors that an operator reads or writes are cut when it needs more than the capacity: into two stripes, then
    four, and so on to ``most_stripes``. The others stay whole.

    Raises:
        CapacityError: an operator is still too large: its tensors have no rows to cut, or ``most_stripes`` is too few.
        WorkloadError: an operator that would have to be cut can't be computed by rows.
    """
    stripes: dict[str, int] = {}
    while True:
        tiled = tile_rows(network, stripes) if stripes else network
        problem = problem_of(tiled, accounting)
        if problem.minimum_bytes <= capacity_bytes:
            return tiled
        finer = _finer(network, tiled, problem, stripes, capacity_bytes, most_stripes)
        if finer == stripes:
            check_capacity(problem, capacity_bytes)
        stripes = finer


def _finer(
    network: Network,
    tiled: Network,
    problem: Problem,
    stripes: dict[str, int],
    capacity_bytes: int,
    most_stripes: int,
) -> dict[str, int]:
    """Return twice the stripes for the tensors of every operator that doesn't fit."""
    original = {operator.name: operator for operator in network.operators}
    finer = dict(stripes)
    touched: dict[str, None] = {}
    for operation, need in zip(problem.operations, problem.needs_bytes, strict=True):
        if need > capacity_bytes:
            name = operation.name.rpartition(".stripe")[0] or operation.name
            operator = original.get(operation.name) or original.get(name)
            if operator is None:
                touched[name.removeprefix("load ")] = None
            else:
                touched.update(dict.fromkeys((*operator.inputs, *operator.outputs)))
    for name in touched:
        tensor = network.tensor(name)
        if tensor.role != "weight" and len(tensor.shape) in ROW_AXES:
            rows = tensor.shape[ROW_AXES[len(tensor.shape)]]
            finer[name] = min(2 * stripes.get(name, 1), most_stripes, rows)
    return finer
