"""Golden results: ``python -m pytest tests/models/cpu/model/test_golden.py --bless`` writes them anew."""

from pathlib import Path

from tests.models.golden import check

from .designs import MODEL

FILE = Path(__file__).with_name("golden.json")
SHORT = {"warmup": 20_000, "instructions": 30_000}
DESIGNS = {
    "the default core on gzip": {"program": "gzip", **SHORT},
    "narrow, small caches": {"program": "sqlite3", "width": 2, "rob": 32, "l1d_kib": 16, "l2_kib": 256, **SHORT},
    "wide": {"program": "nbody", "width": 8, "rob": 512, "load_ports": 3, "fp_units": 4, **SHORT},
    "gshare, slow memory": {"program": "bfs", "branch_predictor": "gshare", "dram_data_rate_mts": 1600.0, **SHORT},
    "prefetchers": {"program": "triad", "l1d_prefetcher": "stride", "prefetch_degree": 4, "l2_prefetcher": "next_line",
                    **SHORT},
    "three programs at 45 nm": {"program": "awk+gzip+tree", "node_nm": 45.0, "supply_v": 1.0, **SHORT},
    "the truth setting": {"program": "queens"},
}  # fmt: skip


def test_golden_results(bless):
    check(MODEL, DESIGNS, FILE, bless)
