"""DSP packing: the published tables, typed a second time, and the formulas of FINN."""

import numpy as np
import pytest

from codesign.errors import UnknownNameError
from codesign.models.fpga.packing import (
    finn_hls_dsps,
    finn_rtl_dsps,
    macs_per_dsp48e2,
    matrix_dsps,
    packing_table,
)

ONE = [
    [12, 8, 8, 6, 6, 4, 4],
    [10, 8, 6, 6, 4, 4, 4],
    [8, 6, 6, 4, 4, 4, 3],
    [6, 6, 4, 4, 4, 4, 2],
    [6, 4, 4, 4, 2, 2, 2],
    [4, 4, 4, 4, 2, 2, 2],
    [4, 4, 3, 2, 2, 2, 2],
]
THREE = [
    [18, 15, 12, 7.5, 7.5, 6, 6],
    [15, 12, 7.5, 6, 6, 6, 3],
    [12, 7.5, 6, 6, 6, 6, 3],
    [9, 6, 6, 6, 6, 3, 3],
    [7.5, 6, 6, 4.5, 3, 3, 3],
    [6, 6, 4.5, 3, 3, 3, 2.25],
    [6, 3, 3, 3, 3, 3, 2],
]


@pytest.mark.parametrize(("window", "table"), [(1, ONE), (3, THREE)])
def test_the_packing_tables_at_every_point(window, table):
    assert packing_table(window).tolist() == table
    weights, activations = np.meshgrid(range(2, 9), range(2, 9), indexing="ij")
    assert macs_per_dsp48e2(weights, activations, window).tolist() == table


def test_single_bits_pack_as_two_and_wide_words_not_at_all():
    assert macs_per_dsp48e2(1, 1) == 12
    assert macs_per_dsp48e2(9, 4) == 1
    assert macs_per_dsp48e2(4, 16) == 1


def test_two_products_of_8_bits_in_a_slice_as_the_vendor_says():
    assert matrix_dsps("DSP48E2", 16, 16, 8, 8) == 128


def test_finns_formulas():
    assert finn_rtl_dsps("DSP48E2", 5, 3) == 2 * 3
    assert finn_rtl_dsps("DSP58", 5, 4) == 5 * 2
    assert finn_hls_dsps(5, 3, 8, 8) == 15
    assert finn_hls_dsps(5, 3, 32, 32) == 30


def test_slices_of_an_engine_by_kind():
    assert [int(matrix_dsps(kind, 4, 9, 8, 8)) for kind in ("DSP48E1", "DSP48E2", "DSP58")] == [36, 18, 12]
    assert [int(matrix_dsps(kind, 4, 9, 16, 16)) for kind in ("DSP48E1", "DSP48E2", "DSP58")] == [36, 36, 36]
    assert int(matrix_dsps("DSP48E2", 3, 3, 2, 5, window=3)) == 2  # 9 / 7.5


def test_an_unknown_slice_is_refused():
    with pytest.raises(UnknownNameError, match=r"unknown DSP slice 'DSP48' \(did you mean 'DSP48E2'\?\)|unknown DSP"):
        matrix_dsps("DSP48", 1, 1, 8, 8)
    with pytest.raises(UnknownNameError, match="unknown packing slice 'DSP48E1'"):
        finn_rtl_dsps("DSP48E1", 1, 1)
