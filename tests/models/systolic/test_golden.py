"""Golden results: a metric that moves without the model's version moving is a defect.

``python -m pytest tests/models/systolic/test_golden.py --bless`` writes them anew. Counts are whole numbers, the rest
is IEEE arithmetic in a fixed order but for ``exp`` and ``log`` in SRAM energies (hence 1e-12).
"""

from pathlib import Path

from codesign.models.systolic.model import SystolicArray
from tests.models.golden import check

FILE = Path(__file__).with_name("golden.json")
MODEL = SystolicArray()
BASE = {"dram_bytes_per_cycle": 16.0, "ifmap_sram_kib": 64.0, "filter_sram_kib": 32.0, "ofmap_sram_kib": 32.0}
DESIGNS = {
    "mobilenet ws": {"network": "mobilenetv1"},
    "mobilenet os": {"network": "mobilenetv1", "dataflow": "os", "di_weight": 0.7},
    "mobilenet is half": {"network": "mobilenetv1", "dataflow": "is", "width": 0.5, "resolution": 160},
    "mobilenet rs G=8": {"network": "mobilenetv1", "dataflow": "rs", "group_channels": 8, "layers": "all"},
    "mobilenet rs packed": {"network": "mobilenetv1", "dataflow": "rs", "depthwise": "packed"},
    "mobilenet ws one filter": {"network": "mobilenetv1", "depthwise": "one_filter", "array_columns": 8},
    "resnet ws 8 bit": {"network": "resnet18", "word_bits": 8, "energy_table": "horowitz_isscc14_45nm"},
    "resnet os chip": {"network": "resnet18", "dataflow": "os", "energy_table": "eyeriss_isscc16", "array_rows": 12},
    "resnet rs batch": {"network": "resnet18", "dataflow": "rs", "batch": 4, "register_bytes": 64, **BASE},
    "resnet is narrow": {"network": "resnet18", "dataflow": "is", "dram_bytes_per_cycle": 0.5},
}


def test_golden_results(bless):
    check(MODEL, {name: {**BASE, **design} for name, design in DESIGNS.items()}, FILE, bless)
