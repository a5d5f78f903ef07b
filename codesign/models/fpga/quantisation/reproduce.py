"""HAWQ-V3's bit assignments, sizes and operations beside ours."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import mean

from scipy.stats import spearmanr

from codesign.models.checks import Check
from codesign.models.fpga.quantisation.hawq import (
    BITS,
    NETWORKS,
    PublishedBits,
    hawq_problem,
    published_bits,
    squared_errors,
    uniform_bits,
)
from codesign.models.fpga.quantisation.program import assign_bits
from codesign.models.fpga.quantisation.sensitivity import rescaled_squared_error
from codesign.workloads.catalogue import load_network

REPOSITORY = "Zhen-Dong/HAWQ, commit 1616df6 (2023-05-14)"
EDGE_BITS = 8
"""Of the first convolution and the classifier, which are not among the layers that are assigned."""


def hawq() -> list[Check]:
    """Return bits, the rank of the objective against accuracy, sizes, operations, and the rule for other widths."""
    assignments = [check for entry in published_bits() for check in _assignment(entry)]
    return [*assignments, *map(_rank, NETWORKS), *_all_totals(), *map(_rescaling, NETWORKS)]


def _all_totals() -> list[Check]:
    checks = [check for entry in uniform_bits() for check in _totals(entry.network, [entry])]
    for network in NETWORKS:
        checks += _totals(network, [entry for entry in published_bits() if entry.network == network])
    return checks


def _assignment(entry: PublishedBits) -> list[Check]:
    """Compare layer by layer; where layers differ, the two objectives as well."""
    assert entry.quantity is not None
    assert entry.fraction is not None
    problem = hawq_problem(entry.network, entry.quantity, entry.fraction)
    ours = assign_bits(problem)
    layers = len(entry.bits)
    equal = sum(width == theirs for width, theirs in zip(ours.bits.values(), entry.bits, strict=True))
    item = f"HAWQ-V3 {entry.network} {entry.rule}"
    source = f"{REPOSITORY}, bit_config.py"
    note = "" if equal == layers else "ours is proven best; the published bits lose more under the same cap"
    agreement = Check(f"{item} layers with the published bits", layers, equal, "layers", 0.0, source, note)
    if equal == layers:
        return [agreement]
    theirs = problem.sensitivity_of(entry.bits)
    return [agreement, Check(f"{item} objective", theirs, ours.sensitivity, "1", 1e-9, source, note)]


def _rank(network: str) -> Check:
    """Order the networks by objective and by accuracy: nine mixed assignments, 8 bits, 4 bits."""
    entries = [entry for entry in (*uniform_bits(), *published_bits()) if entry.network == network]
    problem = hawq_problem(network, "size")
    lost = [problem.sensitivity_of(entry.bits) for entry in entries]
    return Check(
        f"HAWQ-V3 {network} Spearman of objective and ImageNet top-1, {len(entries)} networks",
        -1.0,
        float(spearmanr(lost, [entry.top1_percent for entry in entries]).statistic),
        "1",
        0.05,
        f"{REPOSITORY}, model_zoo.md",
        "the reference is perfect order; training has noise (two ResNet-18 of equal bits have 68.72 and 68.56 %)",
    )


def _totals(network: str, entries: Sequence[PublishedBits]) -> list[Check]:
    """Size and bit operations of whole networks, in the mean where there are several."""
    sizes, operations = zip(*(_size_and_operations(entry) for entry in entries), strict=True)
    one = len(entries) == 1
    item = f"HAWQ-V3 {network} {entries[0].rule if one else f'mean of {len(entries)} mixed networks'}"
    source = f"{REPOSITORY}, model_zoo.md"
    unknown = "what the published totals of mixed networks count differently isn't stated"
    note = "printed without decimals, rounding not stated" if one else unknown
    their_size, their_operations = mean(e.size_mib for e in entries), mean(e.bit_operations_g for e in entries)
    return [
        Check(f"{item}: size", their_size, mean(sizes), "MiB", 0.01, source, note),
        Check(f"{item}: bit operations", their_operations, mean(operations), "1e9", 0.01, source, note),
    ]


def _size_and_operations(entry: PublishedBits) -> tuple[float, float]:
    """MiB of weights and 1e9 bit operations, with the first convolution and the classifier."""
    edges = [layer for layer in load_network(entry.network).layers if layer.name in ("conv1", "fc")]
    size = hawq_problem(entry.network, "size").cost_of(entry.bits)
    operations = hawq_problem(entry.network, "bops").cost_of(entry.bits)
    size += sum(layer.weight_words for layer in edges) * EDGE_BITS / 8
    operations += sum(layer.macs for layer in edges) * EDGE_BITS**2
    return size / 2**20, operations / 1e9


def _rescaling(network: str) -> Check:
    """Errors at 4 bits from those at 8 bits by the rule for other widths."""
    narrow, wide = squared_errors(network).T
    predicted = rescaled_squared_error(wide, BITS[1], [BITS[0]])[:, 0]
    return Check(
        f"HAWQ-V3 {network} squared weight error, 4 bits from 8 bits, all layers",
        float(narrow.sum()),
        float(predicted.sum()),
        "1",
        0.05,
        f"{REPOSITORY}, ILP.ipynb",
        "error taken as proportional to the square of the step (rescaled_squared_error)",
    )
