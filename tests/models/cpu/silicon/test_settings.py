"""What a core may be made of, and what is refused."""

import pytest

from codesign.errors import ModelInputError
from codesign.models.cpu.silicon import CacheSilicon

from .cores import small_core


def test_a_cache_knows_its_lines_and_size():
    cache = CacheSilicon(64, 12)
    assert cache.lines == 768
    assert cache.kib == 48.0


@pytest.mark.parametrize("setting", [{"sets": 0}, {"ways": 0}, {"line_bytes": 0}, {"ways": -4}, {"sets": 1.5}])
def test_a_cache_without_sets_ways_or_line_is_refused(setting):
    with pytest.raises(ModelInputError, match=rf"{next(iter(setting))} = .*; it is a whole number of at least 1"):
        CacheSilicon(**({"sets": 64, "ways": 8, "line_bytes": 64} | setting))


@pytest.mark.parametrize(
    "name", ["issue_width", "issue_queue_entries", "alus", "load_ports", "integer_registers", "dtlb_entries"]
)
def test_what_every_core_has_is_at_least_one(name):
    with pytest.raises(ModelInputError, match=rf"{name} = 0; it is a whole number of at least 1"):
        small_core(**{name: 0})


@pytest.mark.parametrize("name", ["stlb_entries", "uop_cache_entries", "multipliers", "float_units", "rob_entries"])
def test_what_a_core_can_do_without_may_be_absent(name):
    assert getattr(small_core(**{name: 0}), name) == 0
    with pytest.raises(ModelInputError, match=rf"{name} = -1; it is a whole number of at least 0"):
        small_core(**{name: -1})


@pytest.mark.parametrize("value", [2.5, "2", True])
def test_counts_are_whole_numbers(value):
    with pytest.raises(ModelInputError, match="alus = .*; it is a whole number"):
        small_core(alus=value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"node_nm": 180.0}, r"node_nm = 180; it lies within 7 ... 130 nm"),
        ({"node_nm": 5.0}, r"node_nm = 5; it lies within 7 ... 130 nm"),
        ({"supply_v": 1.8}, r"supply_v = 1.8; it lies within 0.5 ... 1.3 V"),
        ({"supply_v": float("nan")}, r"supply_v = nan; it lies within 0.5 ... 1.3 V"),
        ({"frequency_ghz": 0.0}, r"frequency_ghz = 0; it is above 0"),
        ({"predictor_kib": -1.0}, r"predictor_kib = -1; it is at least 0"),
        ({"pipeline_stages": 1}, r"pipeline_stages = 1; an out-of-order core has at least 2"),
        ({"vector_bits": 96}, r"vector_bits = 96 isn't a whole number of words of 64 bits"),
    ],
)
def test_what_lies_outside_its_range_is_refused_by_name(change, message):
    with pytest.raises(ModelInputError, match=message):
        small_core(**change)
