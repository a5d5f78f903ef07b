"""Which layers of a network have to take one width."""

from __future__ import annotations

from codesign.workloads.graph import Network


def shared_input_ties(network: Network) -> tuple[tuple[str, ...], ...]:
    """Return the groups of weighted layers that read the same feature map, which is quantised once for all of them.

    In a ResNet these are the first convolution of a block and the convolution of its shortcut: HAWQ-V3's ties.
    """
    weighted = {layer.name for layer in network.layers if layer.kind in ("conv", "linear")}
    readers = [
        tuple(operator.name for operator in network.consumers(tensor.name) if operator.name in weighted)
        for tensor in network.tensors
        if tensor.role != "weight"
    ]
    return tuple(group for group in readers if len(group) > 1)
