"""Golden results: ``python -m pytest tests/models/pe/test_golden.py --bless`` writes them anew.

Sums and products in a fixed order but for matrix products in ``sqnr_db``, whose last digits depend on the machine.
"""

from pathlib import Path

from codesign.models.pe.model import PeMpgemm
from tests.models.golden import check

FILE = Path(__file__).with_name("golden.json")
DECODE = {"network": "llama2-7b", "phase": "decode", "context": 2048}
PREFILL = {"network": "llama3-8b", "phase": "prefill", "sequence": 256, "dram": "hbm2", "dram_gbs": 256.0}
DESIGNS = {
    "fp16 decode": {**DECODE, "pe": "fp16"},
    "int8 decode": {**DECODE, "pe": "int8", "kv_bits": 8, "batch": 16},
    "mixpe decode": {**DECODE, "pe": "mixpe-w4a8", "rows": 4, "columns": 200},
    "mixpe w4a16 prefill": {**PREFILL, "pe": "mixpe-w4a16"},
    "lut prefill": {**PREFILL, "pe": "lut-k4", "weight_bits": 2, "node_nm": 16.0},
    "lut fp16 tables": {**PREFILL, "pe": "lut-k4", "activation_bits": 16, "lut_group": 2},
    "bitmod prefill": {**PREFILL, "pe": "bitmod", "weight_bits": 3, "vector_lanes": 2048},
    "axcore sky130": {**PREFILL, "pe": "axcore", "library": "sky130hd", "node_nm": 130.0, "clock_mhz": 100.0},
    "figna asap7": {**DECODE, "pe": "figna", "library": "asap7", "node_nm": 7.0},
    "mixtral": {"network": "mixtral-8x7b", "phase": "decode", "batch": 8, "pe": "figlut", "context": 512},
    "resnet": {"network": "resnet18", "pe": "bitfusion", "weight_bits": 4, "activation_bits": 4, "columns": 64},
}


def test_golden_results(bless):
    check(PeMpgemm(), DESIGNS, FILE, bless, rel=1e-9)
