"""Areas of SRAM bit cells: published numbers, and what a memory of them takes."""

import pytest

from codesign.errors import UnknownNameError
from codesign.technology.energy import data_rows
from codesign.technology.sram_area import bit_cells, cells_mm2

PUBLISHED_UM2 = {
    65: 0.57,
    45: 0.346,
    32: 0.171,
    28: 0.127,
    22: 0.092,
    16: 0.07,
    14: 0.0588,
    7: 0.027,
    5: 0.021,
}


def test_published_cells():
    assert {node: cell.cell_um2 for node, cell in bit_cells().items()} == PUBLISHED_UM2


def test_a_smaller_node_has_a_smaller_cell():
    areas = [cell.cell_um2 for _, cell in sorted(bit_cells().items())]
    assert areas == sorted(areas)


def test_every_cell_has_foundry_source_and_year():
    rows = list(data_rows("sram_area.csv"))
    assert len(rows) == len(bit_cells()), "a node is listed twice"
    for cell in bit_cells().values():
        assert cell.foundry
        assert cell.source
        assert 2000 < cell.year < 2030


def test_a_mebibyte_by_hand():
    # 2^20 bytes * 8 bits * 0.027 um2 = 226,492.416 um2
    assert cells_mm2(2**20, 7) == pytest.approx(0.226492416, rel=1e-12)
    assert cells_mm2(0, 7) == 0.0


def test_an_unknown_node_is_refused_with_the_known_ones():
    with pytest.raises(UnknownNameError, match=r"node_nm = 10; known: 65, 45, 32, 28, 22, 16, 14, 7, 5"):
        cells_mm2(1024, 10)
