"""Which tensors of a network share a place in memory, and at which offset: in-place operators and views."""

from __future__ import annotations

import math
from collections.abc import Sequence

from codesign.workloads.dataflow import Operator, Tensor
from codesign.workloads.graph import Network

ELEMENTWISE_KINDS = frozenset(
    (
        *("relu", "relu6", "leakyrelu", "prelu", "elu", "selu", "clip", "gelu", "silu", "sigmoid", "tanh", "softplus"),
        *("hard_swish", "hard_sigmoid", "hardswish", "hardsigmoid", "swish", "mish", "abs", "neg", "exp", "sqrt"),
        *("add", "subtract", "sub", "multiply", "mul", "divide", "div", "maximum", "minimum", "max", "min"),
        *("batch_norm",),
    )
)
"""Kinds whose output word depends on the input words at the same place only, so that it may overwrite one of them."""

RESHAPES = frozenset(("reshape", "flatten", "squeeze", "unsqueeze"))
"""Kinds whose result is the same words in the same order."""


STRIPES = "parts"
"""Attribute of an operator that reads stripes of tensors; such a one is never a view."""


class Storage:
    """Tensors grouped into buffers.

    Every tensor starts in a buffer of its own. A reshape's result lies where its source lies. The parts of a
    concatenation lie side by side in its result where all are contiguous there and none has another place already. An
    element-wise operator writes over an input that nothing else reads.

    Args:
        network: whose tensors they are.
        tensors: the ones that occupy memory.
        views: whether reshapes and concatenations are views.
        in_place: whether element-wise operators work in place.

    Attributes:
        views: names of the operators that need no step.
    """

    def __init__(self, network: Network, tensors: Sequence[Tensor], *, views: bool, in_place: bool) -> None:
        self._network = network
        self._root = {tensor.name: tensor.name for tensor in tensors}
        self._offset = dict.fromkeys(self._root, 0)
        self._extent = {tensor.name: tensor.size_bytes for tensor in tensors}
        self._members = {tensor.name: [tensor.name] for tensor in tensors}
        self.views: list[str] = []
        if views:
            self._make_views()
        if in_place:
            for operator in network.operators:
                if operator.name not in self.views and operator.kind in ELEMENTWISE_KINDS:
                    self._work_in_place(operator)
        self.views.sort(key={operator.name: i for i, operator in enumerate(network.operators)}.__getitem__)

    def buffer_of(self, tensor: str) -> str:
        """Return the name of the buffer that holds a tensor: that of its first tensor."""
        return self._root[tensor]

    def holds(self, tensor: str) -> bool:
        """Return whether the tensor occupies memory at all."""
        return tensor in self._root

    def buffers(self) -> dict[str, tuple[tuple[tuple[str, int], ...], int]]:
        """Return for each buffer its tensors with offsets in bytes, and its size in bytes."""
        return {
            root: (tuple((name, self._offset[name]) for name in members), self._extent[root])
            for root, members in self._members.items()
        }

    def _make_views(self) -> None:
        """Concatenations from the last to the first, so that a tensor in several goes into the largest."""
        for operator in reversed(self._network.operators):
            if operator.kind == "concat":
                self._view_concat(operator)
        for operator in self._network.operators:
            whole = operator.attribute(STRIPES) is None
            if whole and operator.kind in RESHAPES and all(map(self.holds, (operator.inputs[0], operator.outputs[0]))):
                self._join(operator.outputs[0], operator.inputs[0], operator)

    def _view_concat(self, operator: Operator) -> None:
        if operator.attribute(STRIPES) is not None:
            return
        result = self._network.tensor(operator.outputs[0])
        axis = operator.whole("axis", 0) % len(result.shape)
        parts = [self._network.tensor(name) for name in operator.inputs]
        free = all(
            self.holds(part.name)
            and part.role == "activation"
            and self._is_whole(part.name)
            and part.words * part.bits % 8 == 0
            for part in parts
        )
        if math.prod(result.shape[:axis]) != 1 or not free or len({part.name for part in parts}) < len(parts):
            return
        offset = self._offset[result.name]
        for part in parts:
            self._merge(part.name, result.name, offset)
            offset += part.size_bytes
        self.views.append(operator.name)

    def _join(self, tensor: str, source: str, operator: Operator) -> None:
        """Put the result of a reshape where its source is, if one of the two may move."""
        if self._root[tensor] == self._root[source]:
            return
        if self._network.tensor(tensor).size_bytes != self._network.tensor(source).size_bytes:
            return
        if self._is_whole(tensor):
            self._merge(tensor, source, self._offset[source])
        elif self._is_whole(source) and self._is_made_here(source):
            self._merge(source, tensor, self._offset[tensor])
        else:
            return
        self.views.append(operator.name)

    def _work_in_place(self, operator: Operator) -> None:
        if len(operator.outputs) != 1 or not self.holds(operator.outputs[0]):
            return
        result = operator.outputs[0]
        size = self._network.tensor(result).size_bytes
        for source in dict.fromkeys(operator.inputs):
            if not self.holds(source) or self._network.tensor(source).size_bytes != size:
                continue
            if not self._read_only_by(source, operator):
                continue
            if self._is_whole(result):
                self._merge(result, source, self._offset[source])
                return
            if self._is_whole(source):
                self._merge(source, result, self._offset[result])
                return

    def _read_only_by(self, tensor: str, reader: Operator) -> bool:
        """Return whether no operator but ``reader`` ever sees the words of a tensor, under any name."""
        if self._network.tensor(tensor).role != "activation":
            return False
        if [operator.name for operator in self._network.consumers(tensor)] != [reader.name]:
            return False
        producer = self._network.producer(tensor)
        assert producer is not None
        return producer.name not in self.views or all(self._read_only_by(name, producer) for name in producer.inputs)

    def _is_whole(self, tensor: str) -> bool:
        """Return whether a tensor fills its buffer."""
        root = self._root[tensor]
        return self._offset[tensor] == 0 and self._extent[root] == self._network.tensor(tensor).size_bytes

    def _is_made_here(self, tensor: str) -> bool:
        """Return whether everything in a tensor's buffer is made by operators and wanted by them only."""
        members = self._members[self._root[tensor]]
        return all(self._network.tensor(name).role == "activation" for name in members)

    def _merge(self, tensor: str, into: str, offset: int) -> None:
        """Put the whole buffer of ``tensor`` into that of ``into``, at an offset."""
        old, new = self._root[tensor], self._root[into]
        for name in self._members.pop(old):
            self._root[name] = new
            self._offset[name] += offset
            self._members[new].append(name)
        del self._extent[old]
