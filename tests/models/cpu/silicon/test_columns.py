"""Many cores at once cost what each costs alone."""

import numpy as np
import pandas as pd
import pytest

from codesign.errors import ModelInputError
from codesign.models.cpu.silicon import CacheSilicon, core_columns, core_costs
from codesign.models.cpu.silicon.events import EVENT_NAMES
from codesign.models.cpu.silicon.process import process_at
from codesign.models.cpu.silicon.rules import PART_RULES
from codesign.models.cpu.silicon.settings import CACHES

from .cores import SETTINGS, small_core

VARIED = {
    "node_nm": [45.0, 14.0, 45.0, 7.0],
    "issue_width": [4, 6, 8, 4],
    "rob_entries": [64, 128, 256, 64],
    "integer_registers": [96, 128, 256, 96],
    "load_ports": [1, 2, 3, 1],
    "word_bits": [64, 64, 32, 64],
    "l1d_sets": [64, 128, 64, 64],
}


def table(rows=4, **columns):
    plain = {name: [value] * rows for name, value in SETTINGS.items() if name not in CACHES}
    for name in CACHES:
        plain |= {f"{name}_sets": [SETTINGS[name].sets] * rows, f"{name}_ways": [SETTINGS[name].ways] * rows}
    return pd.DataFrame(plain | columns)


def alone(row):
    caches = {name: CacheSilicon(int(row[f"{name}_sets"]), int(row[f"{name}_ways"])) for name in CACHES}
    plain = {name: type(value)(row[name]) for name, value in SETTINGS.items() if name not in CACHES}
    return core_costs(small_core(**plain, **caches, word_bits=int(row["word_bits"])))


def test_every_row_costs_what_its_core_costs():
    designs = table(**VARIED)
    found = core_columns(designs)
    for place, (_, row) in enumerate(designs.iterrows()):
        costs = alone(row)
        assert found.area_mm2[place] == pytest.approx(costs.area_mm2)
        assert found.core_area_mm2[place] == pytest.approx(costs.core_area_mm2)
        assert found.leakage_mw[place] == pytest.approx(costs.leakage_mw)
        for event in EVENT_NAMES[1:]:
            price = sum(part.event_pj.get(event, 0.0) for part in costs.parts.values())
            assert found.event_pj[event][place] == pytest.approx(price), event


def test_order_and_index_of_the_table_change_nothing():
    designs = table(**VARIED)
    back = core_columns(designs.iloc[::-1])
    np.testing.assert_array_equal(core_columns(designs).area_mm2, back.area_mm2[::-1])


@pytest.mark.parametrize("setting", [name for name in SETTINGS if name not in ("node_nm", "supply_v")])
def test_a_part_depends_on_its_settings_alone(setting):
    value = SETTINGS[setting]
    other = CacheSilicon(value.sets * 2, value.ways) if isinstance(value, CacheSilicon) else value * 2
    process = process_at(45.0, 1.0)
    for name, rule in PART_RULES.items():
        if setting not in rule.settings:
            changed = rule.price(small_core(**{setting: other}), process)
            assert changed == rule.price(small_core(), process), name


def test_outer_caches_may_be_left_out():
    designs = table().drop(columns=["l2_sets", "l2_ways", "llc_sets", "llc_ways"])
    found = core_columns(designs)
    np.testing.assert_array_equal(found.area_mm2, found.core_area_mm2)
    assert "l2_accesses" not in found.event_pj


@pytest.mark.parametrize(
    ("designs", "message"),
    [
        (table(robb_entries=1), "unknown column 'robb_entries' \\(did you mean 'rob_entries'\\?\\)"),
        (table().drop(columns="alus"), "column 'alus' is missing"),
        (table().drop(columns="l2_ways"), "column 'l2_ways' is missing"),
        (table(alus=2.5), "alus = 2.5; it is a whole number"),
        (table(alus=0), "alus = 0; it is a whole number of at least 1"),
        (table(frequency_ghz=[1.0, 1.0, 1.0, 0.0]), "frequency_ghz isn't above 0 in every row"),
        (table(node_nm=3.0), "node_nm = 3; it lies within 7 ... 130 nm"),
    ],
)
def test_a_table_that_is_no_table_of_cores_is_refused(designs, message):
    with pytest.raises(ModelInputError, match=message):
        core_columns(designs)
