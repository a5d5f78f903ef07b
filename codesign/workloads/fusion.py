"""Activations merged into the operators whose results they read, as inference engines do."""

from __future__ import annotations

from dataclasses import replace

from codesign.workloads.dataflow import Operator
from codesign.workloads.graph import Network

ACTIVATION_KINDS = frozenset(
    (
        *("celu", "clip", "elu", "erf", "gelu", "hard_sigmoid", "hard_swish", "leakyrelu", "mish", "relu", "relu6"),
        *("selu", "sigmoid", "silu", "softplus", "softsign", "swish", "tanh", "thresholdedrelu"),
    )
)
"""Kinds that give each word of one tensor through a function of that word alone."""

MOVING_KINDS = frozenset(
    ("concat", "embedding", "expand", "flatten", "gather", "pad", "reshape", "slice", "split", "tile", "transpose")
)
"""Kinds that only place words: no engine computes anything in them."""


def fuse_activations(network: Network) -> Network:
    """Return the network in which activations are part of the operators before them.

    An operator of ``ACTIVATION_KINDS`` is merged into the operator that writes its input when nothing else reads that
    input, which is no output of the network, and when the writing operator computes (isn't one of ``MOVING_KINDS``),
    writes nothing else and has no activation merged yet. It then writes the activation's output and says so in its
    attribute ``fused``, the kind of the activation; its other attributes and its name stay. Nothing else is changed, so
    multiply-accumulates and parameters are as before.
    """
    merged: dict[str, Operator] = {}
    gone: set[str] = set()
    for operator in network.operators:
        before = _target(network, operator, merged)
        if before is None:
            merged[operator.name] = operator
            continue
        attributes = {**dict(operator.attributes), **dict(before.attributes), "fused": operator.kind}
        merged[before.name] = replace(before, outputs=operator.outputs, attributes=attributes)
        gone.update(operator.inputs)
    tensors = tuple(tensor for tensor in network.tensors if tensor.name not in gone)
    return replace(network, tensors=tensors, operators=tuple(merged.values()))


def _target(network: Network, operator: Operator, merged: dict[str, Operator]) -> Operator | None:
    """Return the operator that an activation is merged into, as it stands by now, or None."""
    if operator.kind not in ACTIVATION_KINDS or len(operator.inputs) != 1 or len(operator.outputs) != 1:
        return None
    (source,) = operator.inputs
    writer = network.producer(source)
    if writer is None or network.tensor(source).role == "output" or network.consumers(source) != (operator,):
        return None
    before = merged.get(writer.name)
    if before is None or before.kind in MOVING_KINDS or len(before.outputs) > 1 or before.attribute("fused"):
        return None
    return before
