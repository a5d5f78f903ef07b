"""NAS-Bench-Macro: 3^8 networks for CIFAR-10, each layer an identity or one of two MobileNetV2 blocks."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pandas as pd

from codesign.errors import WorkloadError
from codesign.space.domain import Choices
from codesign.space.parameter import Parameter
from codesign.workloads.builder import NetworkBuilder
from codesign.workloads.graph import Network
from codesign.workloads.tabular.entry import Genes, TabularSpace
from codesign.workloads.zoo.mobilenet_v2 import LAST_CHANNELS

NAME = "nas-bench-macro"
STAGES = (2, 3, 3)
"""Layers of each stage; the first of a stage halves the image and doubles the channels."""
LAYERS = sum(STAGES)
CHOICES = ("identity", "mb3_k3", "mb6_k5")
"""What a layer may be, in the order of the digits of a key."""
SHAPES = {"mb3_k3": (3, 3), "mb6_k5": (6, 5)}
"""Expansion and taps."""
STEM_CHANNELS = 32
RESOLUTION = 32
CLASSES = 10
TRAININGS = 3
GZIP_MAGIC = b"\x1f\x8b"


def _network(name: str, genes: Genes) -> Network:
    """The authors' train/model.py; an identity that changes the shape is a 1x1 convolution."""
    net = NetworkBuilder(name)
    image = net.input("image", 1, 3, RESOLUTION, RESOLUTION)
    flow = net.conv(image, STEM_CHANNELS, 3, padding=1, activation="relu", name="stem")
    channels, layer = STEM_CHANNELS, 0
    for layers in STAGES:
        channels *= 2
        for position in range(layers):
            stride = 2 if position == 0 else 1
            flow = _layer(net, flow, str(genes[f"block{layer}"]), channels, stride, f"block{layer}")
            layer += 1
    flow = net.conv(flow, LAST_CHANNELS, 1, activation="relu", name="out")
    return net.build(net.linear(net.flatten(net.global_pool(flow)), CLASSES, name="fc"))


def _layer(net: NetworkBuilder, source: str, choice: str, channels: int, stride: int, name: str) -> str:
    narrow = net.shape(source)[1]
    same_shape = narrow == channels and stride == 1
    if choice == "identity":
        return source if same_shape else net.conv(source, channels, 1, stride=stride, padding=0, name=f"{name}.down")
    expansion, taps = SHAPES[choice]
    wide = narrow * expansion
    flow = net.conv(source, wide, 1, activation="relu", name=f"{name}.expand")
    flow = net.conv(
        flow, wide, taps, stride=stride, padding=taps // 2, groups=wide, activation="relu", name=f"{name}.dw"
    )
    flow = net.conv(flow, channels, 1, name=f"{name}.project")
    return net.add(flow, source, name=f"{name}.add") if same_shape else flow


def _key(genes: Genes) -> str:
    return "".join(str(CHOICES.index(str(genes[f"block{layer}"]))) for layer in range(LAYERS))


def _genes(key: str) -> Genes:
    if len(key) != LAYERS or set(key) - set("012"):
        raise ValueError("not 8 digits 0, 1 or 2")
    return {f"block{layer}": CHOICES[int(digit)] for layer, digit in enumerate(key)}


def _read(path: Path) -> pd.DataFrame:
    """Columns: block0 ... block7, top1_percent (mean of the trainings), top1_std_percent, top1_percent_0 ... _2,
    macs and parameters as counted by the authors."""
    rows = {key: _row(key, row, path) for key, row in _content(path).items()}
    table = pd.DataFrame.from_dict(rows, orient="index")
    table.index.name = "key"
    return table.sort_index()


def _content(path: Path) -> dict[str, Any]:
    data = path.read_bytes()
    try:
        found = json.loads(gzip.decompress(data) if data.startswith(GZIP_MAGIC) else data)
    except (ValueError, OSError, EOFError) as error:
        raise WorkloadError(f"{path}: not the JSON file of {NAME}: {error}") from error
    if not isinstance(found, dict) or not found:
        raise WorkloadError(f"{path}: not the JSON file of {NAME}: it holds no networks by key")
    return found


def _row(key: str, row: Any, path: Path) -> dict[str, Any]:
    try:
        trainings = [float(value) for value in row["test_acc"]]
        found = {
            **_genes(key),
            "top1_percent": float(row["mean_acc"]),
            "top1_std_percent": float(row["std"]),
            **{f"top1_percent_{number}": value for number, value in enumerate(trainings)},
            "macs": int(row["flops"]),
            "parameters": int(row["params"]),
        }
    except (KeyError, TypeError, ValueError) as error:
        raise WorkloadError(f"{path}: the network {key!r} can't be read: {type(error).__name__} {error}") from error
    if len(trainings) != TRAININGS:
        raise WorkloadError(f"{path}: the network {key!r} has {len(trainings)} trainings, not {TRAININGS}")
    return found


SPACE = TabularSpace(
    name=NAME,
    parameters={
        f"block{layer}": Parameter(f"block{layer}", Choices(CHOICES), description=f"layer {layer + 1} of {LAYERS}")
        for layer in range(LAYERS)
    },
    blocks=tuple((f"block{layer}",) for layer in range(LAYERS)),
    key=_key,
    genes=_genes,
    key_form="8 digits, one a layer: 0 identity, 1 mb3_k3, 2 mb6_k5",
    build=_network,
    read=_read,
    source="Su et al., CVPR 2021, arXiv:2103.11922; xiusu/NAS-Bench-Macro train/model.py, commit 61a2bfc",
)
