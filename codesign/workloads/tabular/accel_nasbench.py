"""Accel-NASBench: networks of the MnasNet space for ImageNet, 7 blocks of inverted residuals with 4 choices each."""

from __future__ import annotations

import json
import math
import re
import tarfile
from pathlib import Path
from typing import Any

import pandas as pd

from codesign.errors import WorkloadError
from codesign.space.domain import Choices
from codesign.space.parameter import Parameter
from codesign.workloads.builder import NetworkBuilder
from codesign.workloads.dataflow import Operator
from codesign.workloads.graph import Network
from codesign.workloads.tabular.entry import Genes, TabularSpace

NAME = "accel-nasbench"
STRIDES = (1, 2, 2, 2, 1, 2, 1)
CHANNELS = (16, 24, 40, 80, 112, 192, 320)
"""Stride of a block's first layer, and output channels of all its layers."""
BLOCKS = len(STRIDES)
STEM_CHANNELS = 32
LAST_CHANNELS = 1280
RESOLUTION = 224
CLASSES = 1000
SQUEEZE = 4
"""Channels at a layer's input for each channel inside its squeeze-and-excitation."""
EXPANSIONS, TAPS = (1, 4, 6), (3, 5)
MOST_LAYERS = (3, 3, 3, 3, 3, 4, 3)
MILLION = 1_000_000
TIMED = {
    "latency_zcu102_ms": ("latency_zcu102", "latency_mean"),
    "latency_vck190_ms": ("latency_vck190", "latency_mean"),
    **{
        f"throughput_{device}_fps": (f"throughput_{device}", "throughput_mean")
        for device in ("zcu102", "vck190", "a100", "3090", "tpuv2", "tpuv3")
    },
}
"""Our column -> where the set has it. The set states no unit of the latencies; the authors' code calls them ms."""
_BLOCK_OF_KEY = re.compile(r"e(\d)k(\d)l(\d)s([01])\Z")


def _network(name: str, genes: Genes) -> Network:
    """The authors' models/accelbenchnet.py with ReLU, as they trained and timed it."""
    net = NetworkBuilder(name)
    image = net.input("image", 1, 3, RESOLUTION, RESOLUTION)
    flow = net.conv(image, STEM_CHANNELS, 3, stride=2, padding=1, activation="relu", name="stem")
    for block in range(BLOCKS):
        expansion, taps, layers, squeeze = (int(genes[name]) for name in _names(block))
        for layer in range(layers):
            stride = STRIDES[block] if layer == 0 else 1
            where = f"block{block}.{layer}"
            flow = _inverted_residual(net, flow, expansion, taps, CHANNELS[block], stride, bool(squeeze), where)
    flow = net.conv(flow, LAST_CHANNELS, 1, activation="relu", name="last")
    return net.build(net.linear(net.flatten(net.global_pool(flow)), CLASSES, name="fc"))


def _inverted_residual(
    net: NetworkBuilder, source: str, expansion: int, taps: int, channels: int, stride: int, squeeze: bool, name: str
) -> str:
    narrow = net.shape(source)[1]
    wide = narrow * expansion
    flow = source
    if expansion != 1:
        flow = net.conv(flow, wide, 1, activation="relu", name=f"{name}.expand")
    flow = net.conv(
        flow, wide, taps, stride=stride, padding=taps // 2, groups=wide, activation="relu", name=f"{name}.dw"
    )
    if squeeze:
        flow = _squeeze_and_excite(net, flow, narrow // SQUEEZE, f"{name}.se")
    flow = net.conv(flow, channels, 1, name=f"{name}.project")
    return net.add(flow, source, name=f"{name}.add") if stride == 1 and narrow == channels else flow


def _squeeze_and_excite(net: NetworkBuilder, source: str, inner: int, name: str) -> str:
    flow = net.global_pool(source, name=f"{name}.mean")
    flow = net.conv(flow, inner, 1, norm=False, bias=True, activation="relu", name=f"{name}.fc1")
    channels = net.shape(source)[1]
    flow = net.conv(flow, channels, 1, norm=False, bias=True, activation="hard_sigmoid", name=f"{name}.fc2")
    return net.elementwise("multiply", source, flow, name=f"{name}.scale")


def profiled_macs(network: Network) -> int:
    """Return what the set's profiler (thop) calls multiply-accumulates.

    MACs of convolutions and classifier, plus 4 for each word that a batch norm writes, plus (taps + 1) for each word
    that an average pool writes: its own rules for layers that multiply nothing by weights, found by regression on all
    networks of the set, which they meet to the last digit.
    """
    folded = (operator for operator in network.operators if operator.attribute("folded_batch_norm", False))
    norms = sum(network.tensor(operator.outputs[0]).words for operator in folded)
    pools = sum(network.tensor(operator.outputs[0]).words * (_taps(operator) + 1) for operator in network.operators)
    return network.macs + 4 * norms + pools


def _taps(operator: Operator) -> int:
    """Taps of a pool; -1, so that nothing is counted, of anything else."""
    kernel = operator.attribute("kernel", ())
    assert isinstance(kernel, tuple)
    return math.prod(kernel) if operator.kind == "pool" else -1


def _names(block: int) -> tuple[str, str, str, str]:
    return f"block{block}_e", f"block{block}_k", f"block{block}_l", f"block{block}_se"


def _key(genes: Genes) -> str:
    values = ([int(genes[name]) for name in _names(block)] for block in range(BLOCKS))
    return "_".join(f"e{e}k{k}l{l}s{se}" for e, k, l, se in values)  # noqa: E741


def _genes(key: str) -> Genes:
    parts = key.split("_")
    if len(parts) != BLOCKS:
        raise ValueError(f"{len(parts)} blocks, not {BLOCKS}")
    genes: dict[str, int | bool] = {}
    for block, part in enumerate(parts):
        found = _BLOCK_OF_KEY.match(part)
        if found is None:
            raise ValueError(f"block {block} reads {part!r}")
        e, k, l, se = _names(block)  # noqa: E741
        genes |= {e: int(found[1]), k: int(found[2]), l: int(found[3]), se: found[4] == "1"}
    return genes


def _read(path: Path) -> pd.DataFrame:
    """Columns: the 28 genes, top1_percent, top5_percent, profiled_macs, parameters, the columns of ``TIMED`` (NaN where
    the set has none) and ``trainings``. A network that the set has twice is one row of mean values."""
    rows = []
    try:
        with tarfile.open(path) as archive:
            for member in archive:
                file = archive.extractfile(member) if member.name.endswith(".json") else None
                if file is not None:
                    rows.append(_row(json.load(file), f"{path}: {member.name}"))
    except (tarfile.TarError, OSError, EOFError, ValueError) as error:
        raise WorkloadError(f"{path}: not the archive of {NAME}: {error}") from error
    if not rows:
        raise WorkloadError(f"{path}: not the archive of {NAME}: it holds no result_*.json")
    table = pd.DataFrame(rows)
    groups = table.groupby("key", sort=True)
    merged = groups[list(SPACE.columns)].first().join(groups[[*_MEASURED]].mean())
    for column in ("profiled_macs", "parameters"):
        merged[column] = groups[column].first()
    return merged.assign(trainings=groups.size())


_MEASURED = ("top1_percent", "top5_percent", *TIMED)


def _row(found: Any, where: str) -> dict[str, Any]:
    try:
        genes = {name: found["architecture"][name] for name in SPACE.columns}
        row = {
            "key": _key(genes),
            **genes,
            "top1_percent": float(found["metrics"]["val_top1"]),
            "top5_percent": float(found["metrics"]["val_top5"]),
            "profiled_macs": round(found["model_info"]["macs"] * MILLION),
            "parameters": round(found["model_info"]["params"] * MILLION),
        }
        measured = found["platform_perf"]
        row |= {column: _number((measured.get(group) or {}).get(name)) for column, (group, name) in TIMED.items()}
    except (KeyError, TypeError, AttributeError) as error:
        raise WorkloadError(f"{where} can't be read: {type(error).__name__} {error}") from error
    return row


def _number(value: Any) -> float:
    return math.nan if value is None else float(value)


def _parameters() -> dict[str, Parameter]:
    found = []
    for block in range(BLOCKS):
        e, k, l, se = _names(block)  # noqa: E741
        found += [
            Parameter(e, Choices(EXPANSIONS), description=f"expansion of block {block}"),
            Parameter(k, Choices(TAPS), description=f"rows and columns of the depthwise filters of block {block}"),
            Parameter(l, Choices(tuple(range(1, MOST_LAYERS[block] + 1))), description=f"layers of block {block}"),
            Parameter(se, Choices((False, True)), description=f"squeeze-and-excitation in block {block}"),
        ]
    return {parameter.name: parameter for parameter in found}


SPACE = TabularSpace(
    name=NAME,
    parameters=_parameters(),
    blocks=tuple(_names(block) for block in range(BLOCKS)),
    key=_key,
    genes=_genes,
    key_form="7 blocks joined by '_', each e<expansion>k<taps>l<layers>s<0 or 1>",
    build=_network,
    read=_read,
    source="Accel-NASBench, arXiv:2404.08005; afzalxo/Accel-NASBench, commit 4260357, and"
    " afzalxo/ANB-DatasetCollection models/accelbenchnet.py, commit 08a6baa",
)
