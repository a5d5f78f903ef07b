"""Settings of a core: what is refused, with which words."""

import re

import pytest

from codesign.errors import ModelInputError, SpaceError, UnknownNameError
from codesign.models.cpu.core import CoreSettings
from codesign.models.cpu.core_file import core_named, core_names, read_core
from codesign.models.cpu.simulator import simulate

from .programs import straight, trace_of


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"rob": 2}, "rob: must be at least dispatch_width = 4, found 2"),
        ({"l1d_ways": 0}, "l1d_ways: must be 1 to 65536, found 0"),
        ({"l2_sets": 1000}, "l2_sets: must be a power of two, found 1000"),
        ({"predictor_entries": 3000}, "predictor_entries: must be a power of two, found 3000"),
        ({"fetch_width": 0}, "fetch_width: must be 1 to 64, found 0"),
        ({"rob": 100_000}, "rob: must be 1 to 2048, found 100000"),
        ({"rob": 64.5}, "rob: must be a whole number, found 64.5"),
        ({"rob": True}, "rob: must be a number, found True"),
        ({"frequency_mhz": 0.0}, "frequency_mhz: must be above 0 (and below 1e9), found 0.0"),
        ({"branch_predictor": "gshar"}, "branch_predictor: 'gshar' is not allowed (did you mean 'gshare'?)"),
        ({"l2_prefetcher": "stride"}, "l2_prefetcher: 'stride' is not allowed"),
        ({"llc_sets": 65536, "llc_ways": 1024}, "llc_sets: sets times ways must be at most"),
    ],
)
def test_settings_that_are_no_core(settings, message):
    with pytest.raises(ModelInputError, match="^" + re.escape(message)):
        CoreSettings(**settings)


def test_shipped_cores():
    assert core_names() == ("reference", "small", "mid", "big", "scalar", "narrow", "wide")
    assert [core_named(name).rob for name in ("small", "mid", "big")] == [64, 192, 352]
    with pytest.raises(
        UnknownNameError, match=re.escape("unknown core 'mit' (did you mean 'mid'?); shipped: reference,")
    ):
        core_named("mit")


def test_a_file_names_what_differs_from_a_shipped_core(tmp_path):
    file = tmp_path / "mine.yaml"
    file.write_text("base: big\nrob: 512\nfrequency_mhz: 3000\n")
    core = core_named(str(file))
    assert (core.rob, core.commit_width, core.frequency_mhz) == (512, 6, 3000.0)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("robs: 64\n", "1:1: robs: unknown setting 'robs' (did you mean 'rob'?)"),
        ("base: small\nrob: 1\n", "2:1: rob: must be at least dispatch_width = 2, found 1"),
        ("base: tiny\n", "1:1: base: unknown core 'tiny'; shipped: reference,"),
        ("l1d_sets: 48\n", "1:1: l1d_sets: must be a power of two, found 48"),
        ("rob: many\n", "1:1: rob: must be a number, found 'many'"),
        ("- rob\n", "must be settings with values (rob: 224, ...), found ['rob']"),
    ],
)
def test_files_that_are_no_core(tmp_path, text, message):
    file = tmp_path / "mine.yaml"
    file.write_text(text)
    with pytest.raises(SpaceError, match=re.escape(message)):
        read_core(file)


def test_more_instructions_than_the_trace_has():
    trace = trace_of(straight(10))
    with pytest.raises(ModelInputError, match="has 10 instructions: a warm-up of 8 and 5 after it don't fit"):
        simulate(trace, CoreSettings(), warmup=8, instructions=5)
    with pytest.raises(ModelInputError, match="a warm-up of 10 and 0 after it don't fit"):
        simulate(trace, CoreSettings(), warmup=10)


def test_an_unknown_compatibility():
    with pytest.raises(ModelInputError, match=re.escape("'champs' (did you mean 'champsim'?); allowed: champsim")):
        simulate(trace_of(straight(10)), CoreSettings(), compatibility="champs")
