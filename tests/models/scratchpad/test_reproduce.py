"""What others found is found again, and what isn't carries its reason."""

import pytest

from codesign.models.checks import check_table
from codesign.models.scratchpad.reproduce import HUMAN_DESIGNED, NAS, cosma, mean_reduction, published_figures
from codesign.models.scratchpad.validate import minimalloc


def test_the_reimplementations_figures():
    table = check_table(published_figures()).set_index("item")
    assert (table["verdict"] == "match").sum() >= 25
    for item in (
        "DenseNet-121 INT8 M_R",
        "DenseNet-121 INT8 default-order peak",
        "DenseNet-121 INT8 default order at M_R",
        "DenseNet-121 INT8 default order half way to the peak",
        "DenseNet-121 INT8 at the peak",
        "ResNet-50 INT8 M_R",
        "ResNet-50 INT8 at M_R",
        "ResNet-50 INT8 with parameters default order at M_Rp",
        "R2Plus1D-18 FP32 default order at M_R",
    ):
        assert table.loc[item, "verdict"] == "match", item
    differing = table[table["verdict"] != "match"]
    assert (differing["note"] != "").all()


def test_every_instance_of_minimalloc_is_packed():
    checks = minimalloc()
    assert len(checks) == 6
    assert all(check.verdict == "match" for check in checks)


def test_the_mean_reduction_leaves_out_baselines_that_move_nothing():
    assert mean_reduction(["resnet50", "fcn-resnet50"]) == mean_reduction(["resnet50"]) == 1.0
    assert 0.6 < mean_reduction(["densenet121"]) < 0.8


@pytest.mark.slow
def test_all_of_it():
    table = check_table(cosma()).set_index("item")
    zeros = table[table.index.str.startswith("non-compulsory bytes at M_P")]
    assert (zeros["ours"] == 0).all()
    assert len(zeros) == 2
    headlines = table[table.index.str.startswith("mean reduction")]
    assert len(headlines) == 2
    assert (headlines["note"] != "").all()
    assert len(HUMAN_DESIGNED) == 10
    assert len(NAS) == 4
