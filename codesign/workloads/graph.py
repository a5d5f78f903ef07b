"""A network as a dataflow graph: tensors, operators in an order in which they can run, and what follows from them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from functools import cached_property

import pandas as pd

from codesign.errors import UnknownNameError, WorkloadError, nearest
from codesign.workloads.dataflow import Operator, Role, Tensor
from codesign.workloads.layer import Layer
from codesign.workloads.lowering import COMPUTE_KINDS, lower
from codesign.workloads.operands import bias_of, operands, weight_of

__all__ = ["Network", "Operator", "Role", "Tensor", "layer_table"]

UNCOUNTED_KINDS = frozenset(
    (
        *("attention", "conv3d", "deformconv", "dft", "einsum", "fusedconv", "fusedgemm"),
        *("fusedmatmul", "groupqueryattention", "gru", "if", "loop", "lstm", "matmulnbits", "multiheadattention"),
        *("qattention", "rnn", "scan", "stft"),
    )
)
"""Kinds that multiply and accumulate but have no layer here; a network that has them says so in ``uncounted``."""


@dataclass(frozen=True)
class Network:
    """A directed acyclic graph of operators.

    Attributes:
        name: of the network, with the settings that it was built with.
        tensors: in any order, names unique.
        operators: in a topological order: each tensor is written before it is read.

    Raises:
        WorkloadError: a name is unknown or used twice, a tensor is written twice, is read before it is written, is
            written although it is an input or a weight, or is never written although it should be.
    """

    name: str
    tensors: tuple[Tensor, ...]
    operators: tuple[Operator, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "tensors", tuple(self.tensors))
        object.__setattr__(self, "operators", tuple(self.operators))
        self._check_names((tensor.name for tensor in self.tensors), "tensors")
        self._check_names((operator.name for operator in self.operators), "operators")
        self._check_order()

    def _check_names(self, names: Iterable[str], what: str) -> None:
        seen: set[str] = set()
        for name in names:
            if name in seen:
                raise WorkloadError(f"network {self.name!r}: two {what} are called {name!r}")
            seen.add(name)

    def _check_order(self) -> None:
        tensors = self._tensor_of_name
        position = {tensor: i for i, operator in enumerate(self.operators) for tensor in operator.outputs}
        written: set[str] = set()
        for i, operator in enumerate(self.operators):
            where = f"network {self.name!r}: operator {operator.name!r}"
            for name in (*operator.inputs, *operator.outputs):
                if name not in tensors:
                    raise WorkloadError(f"{where} names the unknown tensor {name!r}{nearest(name, tensors)}")
            for name in operator.inputs:
                if tensors[name].role in ("input", "weight") or name in written:
                    continue
                later = position.get(name)
                fate = "which no operator writes" if later is None else "before it is written"
                if later is not None and later > i:
                    fate += f" by {self.operators[later].name!r}; operators must be in topological order"
                raise WorkloadError(f"{where} reads {name!r} {fate}")
            for name in operator.outputs:
                if tensors[name].role in ("input", "weight"):
                    raise WorkloadError(f"{where} writes {name!r}, which has the role {tensors[name].role}")
                if name in written:
                    raise WorkloadError(f"{where} writes {name!r}, which is written already")
                written.add(name)
        for tensor in self.tensors:
            if tensor.role in ("activation", "output") and tensor.name not in written:
                raise WorkloadError(
                    f"network {self.name!r}: tensor {tensor.name!r} is an {tensor.role} that no operator writes"
                )

    @cached_property
    def _tensor_of_name(self) -> dict[str, Tensor]:
        return {tensor.name: tensor for tensor in self.tensors}

    @cached_property
    def _producer_of_name(self) -> dict[str, Operator]:
        return {name: operator for operator in self.operators for name in operator.outputs}

    @cached_property
    def _consumers_of_name(self) -> dict[str, tuple[Operator, ...]]:
        readers: dict[str, list[Operator]] = {tensor.name: [] for tensor in self.tensors}
        for operator in self.operators:
            for name in dict.fromkeys(operator.inputs):
                readers[name].append(operator)
        return {name: tuple(operators) for name, operators in readers.items()}

    def tensor(self, name: str) -> Tensor:
        """Return the tensor of that name.

        Raises:
            UnknownNameError: there is none.
        """
        if name not in self._tensor_of_name:
            raise UnknownNameError(f"network {self.name!r} has no tensor {name!r}{nearest(name, self._tensor_of_name)}")
        return self._tensor_of_name[name]

    def producer(self, name: str) -> Operator | None:
        """Return the operator that writes a tensor; None for inputs and weights."""
        return self._producer_of_name.get(self.tensor(name).name)

    def consumers(self, name: str) -> tuple[Operator, ...]:
        """Return the operators that read a tensor, in order, each once."""
        return self._consumers_of_name[self.tensor(name).name]

    def with_role(self, role: Role) -> tuple[Tensor, ...]:
        """Return the tensors of a role, in order."""
        return tuple(tensor for tensor in self.tensors if tensor.role == role)

    @property
    def inputs(self) -> tuple[Tensor, ...]:
        """Tensors given from outside."""
        return self.with_role("input")

    @property
    def outputs(self) -> tuple[Tensor, ...]:
        """Tensors wanted outside."""
        return self.with_role("output")

    @cached_property
    def layers(self) -> tuple[Layer, ...]:
        """The operators that compute (conv, conv_transpose, linear, matmul, pool) as layers, in order."""
        tensors = self._tensor_of_name
        return tuple(lower(operator, tensors) for operator in self.operators if operator.kind in COMPUTE_KINDS)

    def unique_layers(self, include_pool: bool = False) -> tuple[Layer, ...]:
        """Layers of equal shape merged into the first of them, ``count`` summed; in order of first appearance."""
        merged: dict[Layer, Layer] = {}
        for layer in self.layers:
            if layer.kind == "pool" and not include_pool:
                continue
            shape = replace(layer, name="", count=1)
            first = merged.get(shape)
            merged[shape] = layer if first is None else replace(first, count=first.count + layer.count)
        return tuple(merged.values())

    @cached_property
    def uncounted(self) -> tuple[Operator, ...]:
        """Operators that multiply and accumulate but have no layer: ``macs`` leaves them out."""
        return tuple(operator for operator in self.operators if operator.kind in UNCOUNTED_KINDS)

    @cached_property
    def macs(self) -> int:
        """Multiply-accumulates of all convolutions and matrix products; not pooling, not element-wise work."""
        return sum(layer.macs for layer in self.layers if layer.kind != "pool")

    @cached_property
    def weight_words(self) -> int:
        """Stored words of convolutions and linear layers, without biases, norms and embeddings; what several of them
        read is counted once."""
        computing = (operator for operator in self.operators if operator.kind in COMPUTE_KINDS)
        layers = zip(computing, self.layers, strict=True)
        words = {weight_of(o): layer.weight_words * layer.count for o, layer in layers if layer.weight_words}
        return sum(words.values())

    @cached_property
    def parameters(self) -> int:
        """Learnable numbers, as published.

        All stored words, and for each channel of a batch norm that was folded into a convolution the one of its two
        numbers that isn't kept as the convolution's bias.
        """
        stored = sum(tensor.words for tensor in self.with_role("weight"))
        folded = (operator for operator in self.operators if operator.attribute("folded_batch_norm", False))
        channels = {weight_of(operator): self.tensor(operator.outputs[0]).shape[1] for operator in folded}
        return stored + sum(channels.values())

    def with_bits(self, activations: int, weights: int, biases: int | None = None) -> Network:
        """Return the same graph with other word widths.

        Args:
            activations: of everything but stored tensors and the indices that an embedding looks up, which stay.
            weights: of stored tensors.
            biases: of the biases of convolutions and linear layers; None takes them as weights. Kernels on 8-bit words
                add up, and so take their biases, in 32 bits.
        """
        indices = {
            name for operator in self.operators if operator.kind == "embedding" for name in operands(operator)[0]
        }
        width = dict.fromkeys((t.name for t in self.tensors), activations)
        width |= dict.fromkeys((t.name for t in self.with_role("weight")), weights)
        if biases is not None:
            names = (bias_of(operator) for operator in self.operators)
            width |= {name: biases for name in names if name is not None and self.tensor(name).role == "weight"}
        tensors = (t if t.name in indices else replace(t, bits=width[t.name]) for t in self.tensors)
        return replace(self, tensors=tuple(tensors))


def layer_table(network: Network) -> pd.DataFrame:
    """One row per layer, in order: the fields of ``Layer``, then ``macs``, ``weight_words``, ``input_words`` and
    ``output_words`` (macs over all ``count`` runs, words of one run)."""
    derived = ("macs", "weight_words", "input_words", "output_words")
    names = [field.name for field in fields(Layer)]
    return pd.DataFrame({name: [getattr(layer, name) for layer in network.layers] for name in (*names, *derived)})
