"""Names, units and numbers as people read them."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

ACRONYMS = {
    "adp", "alu", "asic", "bram", "cpu", "dnn", "dram", "dsp", "edap", "edp", "ff", "fpga", "gpu", "io", "ipc", "l1",
    "l2", "llc", "llm", "lut", "mac", "macs", "mpki", "mshr", "noc", "onnx", "pe", "pes", "ppl", "rob", "simd", "sram",
    "tlb",
}  # fmt: skip

UNITS = {
    "ps": "ps", "ns": "ns", "us": "us", "ms": "ms", "s": "s", "cycles": "cycles", "fj": "fJ", "pj": "pJ", "nj": "nJ",
    "uj": "uJ", "mj": "mJ", "j": "J", "uw": "uW", "mw": "mW", "w": "W", "um2": "um2", "mm2": "mm2", "nm": "nm",
    "mhz": "MHz", "ghz": "GHz", "kib": "KiB", "mib": "MiB", "gib": "GiB", "bytes": "bytes", "gbs": "GB/s",
    "percent": "%",
}  # fmt: skip


@dataclass(frozen=True)
class Label:
    """A column's name in words and its unit; the unit is empty where there is none."""

    words: str
    unit: str

    def __str__(self) -> str:
        return f"{self.words} ({typeset_unit(self.unit)})" if self.unit else self.words


def label(name: str, unit: str = "") -> Label:
    """Return ``latency_ms`` as "Latency" in "ms".

    The words at the end of the name that spell ``unit`` are dropped. Without a unit, a last word that is a unit's own
    (see ``UNITS``) is taken for one.
    """
    words = name.split("_")
    if unit in ("", "1"):
        if not unit and len(words) > 1 and words[-1].lower() in UNITS:
            return Label(_sentence(words[:-1]), UNITS[words[-1].lower()])
        return Label(_sentence(words), "")
    for count in range(1, len(words)):
        if _spelt("".join(words[-count:])) in (_spelt(unit), _spelt(unit.replace("/", "per")), _spelt(unit) + "s"):
            return Label(_sentence(words[:-count]), unit)
    return Label(_sentence(words), unit)


def typeset_unit(unit: str) -> str:
    """Return ``mm2`` as mm², ``um`` as µm, ``GB/s`` as it is."""
    text = re.sub(r"\bu(?=(m|s|J|W)\b|m2\b)", "µ", unit)
    return re.sub(r"(?<=m)2\b", "²", text)


def significant(value: float, digits: int = 4, grouped: bool = True) -> str:
    """Return ``value`` with ``digits`` significant digits: 12,350; 0.001235; 1.235e+09; a whole number in full.

    Powers of ten from 10^7 up and from 10^-4 down. Empty for NaN.
    """
    if math.isnan(value):
        return ""
    if math.isinf(value) or value == 0:
        return f"{value:g}"
    comma = "," if grouped else ""
    if value == int(value) and abs(value) < 10**digits:
        return f"{int(value):{comma}}"
    rounded = f"{value:.{digits - 1}e}"
    exponent = int(rounded.partition("e")[2])
    if exponent >= 7 or exponent < -4:
        return rounded
    return f"{float(rounded):{comma}.{max(0, digits - 1 - exponent)}f}"


def _sentence(words: list[str]) -> str:
    shown = [word.upper() if word.lower() in ACRONYMS else word for word in words if word]
    text = " ".join(shown)
    return text[:1].upper() + text[1:]


def _spelt(text: str) -> str:
    return re.sub(r"[^a-z0-9%]", "", text.lower()).removesuffix("s") if len(text) > 2 else text.lower()
