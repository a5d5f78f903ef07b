"""Feature sets, by hand."""

import pandas as pd
import pytest

from codesign.errors import ModelInputError, UnknownNameError
from codesign.models.cpu.ipc_learning.features import FEATURES, feature_set
from codesign.models.cpu.ipc_learning.tables import CONFIGURATION, COUNTS

ROW = {
    "numLoadInsts": 20.0,
    "numStoreInsts": 10.0,
    "numInsts": 100.0,
    "numBranches": 15.0,
    "intAluAccesses": 90.0,
    "numOps": 140.0,
    "model": 3.0,
    "L1Icache": 16384.0,
    "L1Dcache": 262144.0,
    "L2cache": 524288.0,
    "pipelinewidth": 4.0,
    "branchPred.condIncorrect": 2.0,
    "memory": "lpddr5_6400",
    "ipc": 0.5,
}
TABLE = pd.DataFrame([ROW, ROW | {"memory": "ddr4_2400"}], index=[5, 9])
MIX = {"numLoadInsts": 0.2, "numStoreInsts": 0.1, "numBranches": 0.15, "intAluAccesses": 0.9, "numOps": 1.4}
SIZES = {name: ROW[name] for name in CONFIGURATION}


@pytest.mark.parametrize(
    ("name", "columns"),
    [
        ("counts", {name: ROW[name] for name in COUNTS}),
        ("raw", {name: ROW[name] for name in COUNTS} | SIZES),
        ("normalised as published", MIX | {name: size / 100 for name, size in SIZES.items()}),
        ("normalised", MIX | SIZES),
        ("extended", MIX | SIZES | {"branchPred.condIncorrect": 0.02, "lpddr5": 1.0}),
    ],
)
def test_columns_of_a_row(name, columns):
    found = FEATURES[name].of(TABLE)
    assert found.index.tolist() == [5, 9]
    assert found.iloc[0].to_dict() == pytest.approx(columns)


def test_the_kind_of_memory_is_a_number():
    assert FEATURES["extended"].of(TABLE)["lpddr5"].tolist() == [1.0, 0.0]


@pytest.mark.parametrize("name", FEATURES)
def test_a_feature_set_says_whether_it_leaks_the_length_of_the_run(name):
    """A run of twice the length has the same features, unless it is said that they tell."""
    longer = TABLE.copy()
    for column in (*COUNTS, "branchPred.condIncorrect"):
        longer[column] *= 2
    same = FEATURES[name].of(longer).equals(FEATURES[name].of(TABLE))
    assert same == (FEATURES[name].leaks == "")


@pytest.mark.parametrize("name", FEATURES)
def test_no_feature_set_holds_the_truth(name):
    found = FEATURES[name].of(TABLE)
    assert found.equals(FEATURES[name].of(TABLE.drop(columns="ipc")))


def test_names_and_columns_that_are_missing():
    with pytest.raises(UnknownNameError, match=r"unknown features 'normalized' \(did you mean 'normalised'\?\)"):
        feature_set("normalized")
    with pytest.raises(ModelInputError, match="features 'raw': the table has no column 'numOps'"):
        feature_set("raw").of(TABLE.drop(columns="numOps"))
    with pytest.raises(ModelInputError, match="features 'extended': the table has no column 'memory'"):
        feature_set("extended").of(TABLE.drop(columns="memory"))
