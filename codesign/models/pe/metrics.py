"""What ``pe.mpgemm`` gives: every metric with its unit and exactly what it contains."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from codesign.models.protocol import Direction, Metric

_AREA = "area ratios between elements: within 10 % of synthesis on three libraries, see the validation table;"
_ABSOLUTE = " absolute figures of published 28 nm elements differ by up to a factor of 2, their boundaries differ too"
_ENERGY = (
    "elements within 10 % of gate-level energy at random inputs on nangate45; absolute energies of it at 1.1 V"
    " are about twice Horowitz's at 0.9 V and, scaled to 28 nm, three to six times those of BitMoD's published tiles;"
    " libraries scaled to one node differ by up to a factor of 13"
)
_TIME = "the closed form behind it gives the cycles of two published simulators; stalls aren't compared with hardware"


def _metric(name: str, unit: str, direction: Direction, description: str, known_error: str = "") -> Metric:
    return Metric(name, unit, direction, description, known_error)


_TIMES = (
    _metric(
        "latency_ms",
        "ms",
        "minimize",
        "one forward pass: prefill of all prompts, or one decoded token for each sequence; sum over layers of the"
        " largest of array time, vector time and memory time (double-buffered); norms, softmax and rotary embeddings"
        " are left out",
        _TIME,
    ),
    _metric(
        "tokens_per_s", "tokens/s", "maximize", "tokens of the pass / latency; for other networks inputs / latency"
    ),
    _metric("array_ms", "ms", "minimize", "time of the array alone: tiles, draining, skew, waiting for scale units"),
    _metric("vector_ms", "ms", "minimize", "time of the vector unit alone: attention that the array can't do, tables"),
    _metric("dram_ms", "ms", "minimize", "time of the memory alone: all bits at dram_gbs"),
    _metric(
        "memory_bound_share", "1", "minimize", "share of latency_ms in layers whose memory time is the largest of three"
    ),
    _metric("utilisation", "1", "maximize", "multiply-accumulates in the array / (array peak * latency)"),
    _metric("array_cycles", "cycles", "minimize", "cycles of array_ms"),
)
_WORK = (
    _metric("macs", "MAC", "minimize", "multiply-accumulates of the pass, attention included, causal masks not used"),
    _metric("weight_gib", "GiB", "minimize", "stored weights with their scales, 2^30 bytes; all experts, no embedding"),
    _metric("dram_gib", "GiB", "minimize", "bits between DRAM and chip: weights, cache read and written, activations"),
    _metric("macs_per_byte", "MAC/B", "maximize", "macs / bytes between DRAM and chip"),
)
_ENERGIES = (
    _metric("energy_mj", "mJ", "minimize", "sum of the five parts below, for one pass", _ENERGY),
    _metric(
        "array_energy_mj", "mJ", "minimize", "elements and edge units at work, and the clock of idle ones", _ENERGY
    ),
    _metric("vector_energy_mj", "mJ", "minimize", "multiply-adds of the vector unit, tables included"),
    _metric("buffer_energy_mj", "mJ", "minimize", "reads and writes of both buffers"),
    _metric("dram_energy_mj", "mJ", "minimize", "bits between DRAM and chip at the interface's energy a bit"),
    _metric("leakage_energy_mj", "mJ", "minimize", "leakage of the logic over latency_ms; buffers not included"),
    _metric("power_w", "W", "minimize", "energy_mj / latency_ms"),
    _metric("tokens_per_j", "tokens/J", "maximize", "tokens of the pass / energy"),
)
_SILICON = (
    _metric("area_mm2", "mm2", "minimize", "array, vector unit and both buffers", _AREA + _ABSOLUTE),
    _metric("array_mm2", "mm2", "minimize", "elements, edge units and pipeline registers, times layout_factor", _AREA),
    _metric("vector_mm2", "mm2", "minimize", "lanes of the vector unit, times layout_factor"),
    _metric("buffer_mm2", "mm2", "minimize", "both buffers: bit cells over the density of published macros"),
    _metric("element_um2", "um2", "minimize", "one element with its pipeline registers, before layout", _AREA),
    _metric("element_fj", "fJ", "minimize", "one element in one busy cycle at random inputs, before layout", _ENERGY),
    _metric("pipeline_stages", "stages", "minimize", "registers on the longest path of an element, to reach the clock"),
    _metric("peak_tops", "TOPS", "maximize", "2 * multiply-accumulates a second with every element busy"),
    _metric("tops_per_mm2", "TOPS/mm2", "maximize", "peak_tops / array_mm2"),
    _metric(
        "tops_per_w",
        "TOPS/W",
        "maximize",
        "peak_tops / power of the array with every element and edge unit busy, scale units left out",
    ),
)
_QUALITY = (
    _metric(
        "perplexity",
        "1",
        "minimize",
        "published for this network, format, widths, group and data set; NaN where nobody published it",
        "as published; the spread between sources is 0.01 ... 0.1 for the same format",
    ),
    _metric(
        "perplexity_increase", "1", "minimize", "perplexity minus that of FP16 in the same source; NaN where unknown"
    ),
    _metric(
        "sqnr_db",
        "dB",
        "maximize",
        "signal to quantisation noise of a matrix product on synthetic tensors with a transformer's statistics, through"
        " the element's arithmetic bit by bit; NaN where the element has no emulation",
    ),
)
METRICS: Mapping[str, Metric] = MappingProxyType(
    {metric.name: metric for metric in (*_TIMES, *_WORK, *_ENERGIES, *_SILICON, *_QUALITY)}
)
"""Every metric by name."""
