"""Golden results: ``python -m pytest tests/models/fpga/test_golden.py --bless`` writes them anew."""

from pathlib import Path

from codesign.models.fpga.model import FpgaSubgraph
from tests.models.golden import check

FILE = Path(__file__).with_name("golden.json")
DESIGNS = {
    "mobilenetv2": {"network": "mobilenetv2"},
    "mobilenetv1 w4a8 half": {"network": "mobilenetv1", "weight_bits": 4, "dsp_share": 0.5},
    "mobilenetv3 zu9eg": {"network": "mobilenetv3-large", "device": "zu9eg"},
    "resnet18 dense": {"network": "resnet18", "template": "dense", "weight_bits": 4, "activation_bits": 4},
    "resnet50 u280": {"network": "resnet50", "template": "dense", "device": "u280"},
    "macro": {"network": "nas-bench-macro", "block1": "mb6_k5", "block4": "mb3_k3", "clock_mhz": 200.0},
}


def test_golden_results(bless):
    check(FpgaSubgraph(), DESIGNS, FILE, bless)
