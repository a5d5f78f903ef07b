"""A small core for tests, and changes of it."""

from codesign.models.cpu.silicon import CacheSilicon, CoreSilicon

SETTINGS = {
    "node_nm": 45.0,
    "supply_v": 1.0,
    "frequency_ghz": 2.0,
    "fetch_width": 4,
    "decode_width": 2,
    "rename_width": 2,
    "issue_width": 4,
    "commit_width": 2,
    "rob_entries": 64,
    "issue_queue_entries": 32,
    "load_queue_entries": 24,
    "store_queue_entries": 16,
    "integer_registers": 96,
    "float_registers": 96,
    "alus": 2,
    "multipliers": 1,
    "dividers": 1,
    "float_units": 1,
    "float_dividers": 1,
    "load_ports": 1,
    "store_ports": 1,
    "itlb_entries": 16,
    "dtlb_entries": 32,
    "stlb_entries": 512,
    "btb_entries": 1024,
    "ras_entries": 16,
    "predictor_kib": 4.0,
    "uop_cache_entries": 64,
    "l1i": CacheSilicon(64, 8),
    "l1d": CacheSilicon(64, 8),
    "l2": CacheSilicon(512, 8),
    "llc": CacheSilicon(2048, 16),
}


def small_core(**changes):
    """The small core with some settings changed."""
    return CoreSilicon(**(SETTINGS | changes))
