"""What the array model gives: every metric with its unit and exactly what it contains."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from codesign.models.protocol import Direction, Metric

_SCALESIM = (
    "0 on 84 MobileNetV1 layers, 6 whole networks and 288 runs on rectangular arrays of SCALE-Sim 3.0.0 (ws, os, is)"
)
_DRACO = "0 on the 64x64 and 32x32 rows of the simulator behind DRACO, cycles within 0.6 % on its 16x16 rows (rs)"
_CHIP = "4 ... 16 % below the Eyeriss chip's time on AlexNet, which includes loading, draining and stalls (rs)"
_STALLS = "stalls aren't compared with an outside reference"
_TRAFFIC = (
    "SCALE-Sim 3.0.0, MobileNetV1 32x32, 256 KiB each: ifmap -0.01 ... 0 %, filter -12 ... 0 %; memories of 1 and"
    " 4 KiB: ifmap -46 ... +6 %, filter 0 ... +16 %; the reasons are in the validation table"
)
_ENERGY = "rs: 2.4 ... 4.2 % below the simulator behind DRACO, which searches the blocking of every layer"


def _metric(name: str, unit: str, direction: Direction, description: str, known_error: str = "") -> Metric:
    return Metric(name, unit, direction, description, known_error)


_CYCLES = (
    _metric(
        "compute_cycles",
        "cycles",
        "minimize",
        "array cycles of all layers without stalls: loading the stationary operand, streaming, skew; not draining the"
        " outputs of os; for ws, os, is the index of the last cycle of each product, as SCALE-Sim counts",
        f"{_SCALESIM}; {_DRACO}; {_CHIP}",
    ),
    _metric(
        "stall_cycles",
        "cycles",
        "minimize",
        "cycles in which the array waits for DRAM: per layer the larger of the first tile's transfer and of what the"
        " transfers take beyond compute_cycles; layers don't overlap",
        _STALLS,
    ),
    _metric("total_cycles", "cycles", "minimize", "compute_cycles + stall_cycles", _STALLS),
    _metric("latency_ms", "ms", "minimize", "total_cycles at clock_mhz: one batch, layer after layer", _STALLS),
    _metric(
        "throughput_gmacs",
        "GMAC/s",
        "maximize",
        "macs / latency: multiply-accumulates (with layers = all also pooling operations) per second",
        _STALLS,
    ),
    _metric(
        "utilisation",
        "1",
        "maximize",
        "macs / (compute_cycles * processing_elements), over the whole network, stalls left out",
        f"{_SCALESIM}; {_DRACO}",
    ),
    _metric(
        "mean_layer_utilisation",
        "1",
        "maximize",
        "arithmetic mean, over the network's layers of the selection `layers`, each counted as often as it occurs, of"
        " the layer's macs / (compute cycles * processing elements); DRACO's average utilisation",
        _DRACO,
    ),
    _metric(
        "mapping_utilisation",
        "1",
        "maximize",
        "share of processing elements with work mapped to them, averaged over the folds of a layer, and over layers"
        " weighted by their compute cycles; idle cycles of skew and loading don't lower it",
        "per layer equal to SCALE-Sim's mapping efficiency (ws, os, is)",
    ),
)

_WORK = (
    _metric(
        "macs", "MAC", "minimize", "multiply-accumulates of all layers evaluated; a pooling window counts its size"
    ),
    _metric(
        "weight_words", "words", "minimize", "stored weights of the layers evaluated, without biases, each run once"
    ),
    _metric(
        "activation_words",
        "words",
        "minimize",
        "inputs plus outputs of every layer evaluated, padding left out; a tensor between two layers counts twice",
    ),
)

_SRAM_NOTE = "; rs: of the global buffer, with the stated blocking of the register file"
_SRAM = (
    _metric(
        "ifmap_sram_reads",
        "words",
        "minimize",
        "input words sent from SRAM to the array, padding zeros included" + _SRAM_NOTE,
        "0 against SCALE-Sim (ws, os, is)",
    ),
    _metric(
        "filter_sram_reads",
        "words",
        "minimize",
        "words of the second operand sent from SRAM to the array" + _SRAM_NOTE,
        "0 against SCALE-Sim (ws, os, is)",
    ),
    _metric(
        "ofmap_sram_writes",
        "words",
        "minimize",
        "outputs and partial sums written by the array to SRAM" + _SRAM_NOTE,
        "0 against SCALE-Sim (ws, is); os: SCALE-Sim adds rows + columns words a fold",
    ),
    _metric(
        "ofmap_sram_reads",
        "words",
        "minimize",
        "partial sums read back from SRAM to be added to; SCALE-Sim doesn't count them" + _SRAM_NOTE,
    ),
    _metric(
        "array_words",
        "words",
        "minimize",
        "words that a processing element gets from its neighbour or over the array's wires. ws, os, is: two moving"
        " operands a MAC, and the shifts of stationary tiles into (os: out of) place; rs: filter rows, input rows and"
        " partial sums delivered",
    ),
    _metric(
        "register_accesses",
        "words",
        "minimize",
        "four a MAC in every dataflow: two operands read, the partial sum read and written; three a pooling operation",
    ),
)

_DRAM = (
    _metric("dram_ifmap_reads", "words", "minimize", "input words fetched from DRAM, padding left out", _TRAFFIC),
    _metric("dram_filter_reads", "words", "minimize", "words of the second operand fetched from DRAM", _TRAFFIC),
    _metric("dram_ofmap_reads", "words", "minimize", "partial sums fetched back from DRAM; 0 when they fit on chip"),
    _metric(
        "dram_ofmap_writes",
        "words",
        "minimize",
        "outputs, and partial sums that don't fit, written to DRAM",
        "os: within 0.3 % of SCALE-Sim; ws, is: it writes the partial sums of every row fold, which we don't",
    ),
    _metric(
        "dram_bytes", "bytes", "minimize", "the four DRAM counts at word_bits; every layer starts and ends in DRAM"
    ),
    _metric(
        "compulsory_dram_bytes",
        "bytes",
        "minimize",
        "the least that any order of work moves: every input, weight and output word of each layer once",
    ),
    _metric(
        "dram_bandwidth_gbs",
        "GB/s",
        "minimize",
        "the bandwidth given: dram_bytes_per_cycle at clock_mhz, in 1e9 bytes a second; NaN where unlimited",
    ),
    _metric("mean_dram_bandwidth_gbs", "GB/s", "minimize", "dram_bytes / latency: what is used on average", _STALLS),
)

_LEVELS = (
    ("compute", "multiply-accumulates"),
    ("register", "register_accesses"),
    ("array", "array_words"),
    ("sram", "the four SRAM counts, each at the energy of its own memory (rs: of the three together)"),
    ("dram", "the four DRAM counts"),
    ("static", "static power of the table during latency_ms"),
)
_UNTABULATED = "; NaN where the table has no constant for it"
_ENERGIES = (
    _metric(
        "energy_pj",
        "pJ",
        "minimize",
        "sum of the levels for which the table has a constant; NaN for a table without an absolute unit; moves between"
        " DRAM and SRAM are in the DRAM constant",
        _ENERGY,
    ),
    *(
        _metric(f"energy_{level}_pj", "pJ", "minimize", f"{content}, times the table's energy{_UNTABULATED}")
        for level, content in _LEVELS
    ),
    _metric(
        "energy_mac_equivalents",
        "MAC",
        "minimize",
        "the sum of the levels divided by the energy of one multiply-accumulate in the same table",
        _ENERGY,
    ),
    *(
        _metric(f"energy_{level}_mac_equivalents", "MAC", "minimize", f"{content}, relative to one MAC{_UNTABULATED}")
        for level, content in _LEVELS
    ),
    _metric("energy_delay_uj_ms", "uJ ms", "minimize", "energy_pj * 1e-6 * latency_ms", _ENERGY),
)

_RATIOS = (
    _metric(
        "arithmetic_intensity",
        "MAC/word",
        "maximize",
        "macs / (weight_words + activation_words): no buffer, no refetching in it",
    ),
    _metric(
        "data_intensity",
        "MAC/word",
        "maximize",
        "data-type-aware intensity DI = macs / (alpha * weight_words + (1 - alpha) * activation_words), alpha ="
        " di_weight; NaN without it; alpha = 0.5 is twice arithmetic_intensity",
        "the form is recalled from the paper's summary, not read in it; no alpha is published here",
    ),
    _metric("operational_intensity", "MAC/byte", "maximize", "macs / dram_bytes"),
    _metric("processing_elements", "elements", "minimize", "array_rows * array_columns"),
    _metric("sram_kib", "KiB", "minimize", "the three SRAMs together, both halves; register files left out"),
)

METRICS: Mapping[str, Metric] = MappingProxyType(
    {metric.name: metric for metric in (*_CYCLES, *_WORK, *_SRAM, *_DRAM, *_ENERGIES, *_RATIOS)}
)
"""Every metric by name, in the order of the columns."""
