"""The distinct layers of a network with its settings, as arrays; kept, since the same few networks come again."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, replace

from codesign.errors import WorkloadError
from codesign.models.systolic.layers import LayerTable
from codesign.workloads.catalogue import load_network
from codesign.workloads.graph import Network
from codesign.workloads.layer import Layer

MOST_KEPT = 4096


@dataclass(frozen=True)
class NetworkLayers:
    """The layers of one network that are evaluated.

    Attributes:
        layers: those of the network, in order.
        position: for each of them the row of ``table`` that holds its shape.
        table: the distinct shapes, in order of first appearance, with how often each occurs.
    """

    layers: tuple[Layer, ...]
    position: tuple[int, ...]
    table: LayerTable

    @property
    def has_pool(self) -> bool:
        """Whether a pooling layer is among them."""
        return bool((self.table.pool == 1.0).any())

    @property
    def widest_kernel(self) -> int:
        """Most columns of a filter."""
        return int(self.table.kernel_width.max())


_kept: OrderedDict[tuple[int, str], tuple[Network, NetworkLayers]] = OrderedDict()


def network_layers(name: str, settings: Mapping[str, object], selection: str) -> NetworkLayers:
    """Return the layers of a network: ``conv`` convolutions, ``conv_fc`` also matrix products, ``all`` also pooling.

    Raises:
        UserError: as ``load_network``.
        WorkloadError: the network has none of these layers.
    """
    network = load_network(name, **settings)
    key = (id(network), selection)
    if key in _kept:
        _kept.move_to_end(key)
        return _kept[key][1]
    chosen = selected_layers(network.layers, selection)
    if not chosen.layers:
        raise WorkloadError(f"network {name!r} has no layers of the selection layers = {selection!r}")
    _kept[key] = (network, chosen)
    if len(_kept) > MOST_KEPT:
        _kept.popitem(last=False)
    return chosen


def selected_layers(layers: tuple[Layer, ...], selection: str = "all") -> NetworkLayers:
    """Return the selected ones of some layers, equal shapes merged."""
    kinds = {"conv": ("conv",), "conv_fc": ("conv", "linear", "matmul"), "all": ("conv", "linear", "matmul", "pool")}
    chosen = tuple(layer for layer in layers if layer.kind in kinds[selection])
    rows: dict[Layer, int] = {}
    position = tuple(rows.setdefault(replace(layer, name=""), len(rows)) for layer in chosen)
    runs = [position.count(row) for row in range(len(rows))]
    return NetworkLayers(chosen, position, LayerTable.of(tuple(rows), runs))
