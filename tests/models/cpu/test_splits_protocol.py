"""The protocol on tables whose answers are known: baselines, what is seen, what is refused."""

from typing import ClassVar

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression

from codesign.errors import ModelInputError, UnknownNameError
from codesign.models.cpu.splits_baselines import Constant, GivenColumn, NearestProgram, nearest_rows
from codesign.models.cpu.splits_protocol import (
    BOTH_UNSEEN,
    ONE_PROGRAM,
    SPLITS,
    UNSEEN_CORE,
    UNSEEN_PROGRAM,
    Protocol,
    errors_by,
    evaluate,
    predictions,
)

PROTOCOL = Protocol(
    program_features=("mix",), core_features=("width",), bound="bound", program_folds=3, core_folds=2, seed=1
)


def made_table(programs=6, cores=4):
    """IPC = mix + width / 10, exactly; the bound is twice that."""
    rows = [
        {"program": f"p{program}", "core": f"c{core}", "mix": program + 1.0, "width": core + 1.0}
        for program in range(programs)
        for core in range(cores)
    ]
    table = pd.DataFrame(rows)
    table["ipc"] = table["mix"] + table["width"] / 10
    table["bound"] = 2 * table["ipc"]
    return table


class Spy:
    """Predicts the linear law; keeps what it was shown."""

    shown: ClassVar[list] = []

    def fit(self, table, truth):
        self.known = table
        self.law = LinearRegression().fit(table[["mix", "width"]], truth)

    def predict(self, table):
        Spy.shown.append((self.known, table))
        return self.law.predict(table[["mix", "width"]])


@pytest.fixture(scope="module")
def spied():
    """Predictions of all splits, and what the predictor was shown of each fold."""
    Spy.shown = []
    found = predictions(made_table(), {"law": Spy}, PROTOCOL)
    return found, list(Spy.shown)


def test_a_predictor_sees_what_the_split_says_and_never_the_truth(spied):
    found, shown = spied
    splits = found.query("predictor == 'law'").drop_duplicates(["split", "held_out"])["split"]
    assert splits.value_counts().to_dict() == {UNSEEN_CORE: 2, UNSEEN_PROGRAM: 3, BOTH_UNSEEN: 6, ONE_PROGRAM: 6}
    for split, (known, asked) in zip(splits, shown, strict=True):
        assert "ipc" not in known.columns
        assert "ipc" not in asked.columns
        seen_programs = set(asked["program"]) <= set(known["program"])
        seen_cores = set(asked["core"]) <= set(known["core"])
        assert (seen_programs, seen_cores) == {
            UNSEEN_CORE: (True, False),
            UNSEEN_PROGRAM: (False, True),
            BOTH_UNSEEN: (False, False),
            ONE_PROGRAM: (False, True),
        }[split]
        if not seen_programs:
            assert not set(asked["program"]) & set(known["program"])
        if not seen_cores:
            assert not set(asked["core"]) & set(known["core"])


def test_every_row_is_predicted_once_on_every_split(spied):
    found, _ = spied
    counts = found.groupby(["split", "predictor"])["row"].agg(["size", "nunique"])
    assert (counts == 24).all().all()
    table = made_table()
    assert (found["truth"].to_numpy() == table["ipc"].to_numpy()[found["row"]]).all()
    assert (found["program"].to_numpy() == table["program"].to_numpy()[found["row"]]).all()
    assert (found["core"].to_numpy() == table["core"].to_numpy()[found["row"]]).all()


def test_a_law_that_holds_everywhere_has_no_error_and_the_bound_is_twice_too_high(spied):
    errors = errors_by(spied[0], ("split", "predictor")).set_index(["split", "predictor"])
    assert list(errors.index.get_level_values("split").unique()) == list(SPLITS)
    for split in SPLITS:
        assert errors.loc[(split, "law"), "rmse_ipc"] == pytest.approx(0, abs=1e-12)
        assert errors.loc[(split, "law"), "r2"] == pytest.approx(1)
        bound = errors.loc[(split, "bound")]
        assert bound["mape_ipc_percent"] == pytest.approx(100)
        assert bound["mape_cpi_percent"] == pytest.approx(50)
        assert bound["spearman"] == pytest.approx(1)


def test_one_program_left_out_by_hand():
    """The nearest other program is the one below (a tie goes to the first in name), so each is 1 too low, p0 too high;
    a constant is the mean of the five others."""
    table = made_table()
    found = predictions(table, {}, PROTOCOL, [ONE_PROGRAM])
    nearest = found.query("predictor == 'nearest program'")
    error = (nearest["predicted"] - nearest["truth"]).to_numpy()
    assert error == pytest.approx(np.where(nearest["program"] == "p0", 1.0, -1.0))
    constant = found.query("predictor == 'constant' and program == 'p5'")
    assert constant["predicted"].to_numpy() == pytest.approx(table.query("program != 'p5'")["ipc"].mean())


def test_an_unseen_core_gets_its_own_programs_nearest_core():
    table = made_table(programs=2, cores=4)
    protocol = Protocol(program_features=("mix",), core_features=("width",), core_folds=4)
    nearest = predictions(table, {}, protocol, [UNSEEN_CORE]).query("predictor == 'nearest program'")
    width = table["width"].to_numpy()[nearest["row"]]
    assert (nearest["predicted"] - nearest["truth"]).to_numpy() == pytest.approx(np.where(width == 1, 0.1, -0.1))


def test_errors_of_single_programs():
    found = predictions(made_table(), {}, PROTOCOL, [ONE_PROGRAM])
    errors = errors_by(found, ("split", "predictor", "program"))
    assert len(errors) == 3 * 6
    assert (errors["rows"] == 4).all()
    one = errors.query("predictor == 'nearest program' and program == 'p0'")
    assert one["rmse_ipc"].item() == pytest.approx(1.0)


def test_equal_inputs_give_equal_bits_and_row_order_does_not_matter():
    table, splits = made_table(), [UNSEEN_CORE, BOTH_UNSEEN]
    first = evaluate(table, {"law": Spy}, PROTOCOL, splits)
    pd.testing.assert_frame_equal(first, evaluate(table, {"law": Spy}, PROTOCOL, splits), check_exact=True)
    mixed = evaluate(table.sample(frac=1, random_state=0), {"law": Spy}, PROTOCOL, splits)
    pd.testing.assert_frame_equal(first, mixed, atol=1e-12)


def test_baselines_are_those_that_have_their_columns():
    assert set(Protocol().baselines()) == {"constant"}
    assert set(PROTOCOL.baselines()) == {"constant", "nearest program", "bound"}


def test_baselines_by_hand():
    table = pd.DataFrame({"program": ["a", "a", "b"], "x": [0.0, 2.0, 9.0], "y": [5.0, 5.0, 5.0], "bound": [1, 2, 3]})
    truth = np.array([1.0, 3.0, 8.0])
    assert Constant().fit(table, truth).predict(table[:2]).tolist() == [4.0, 4.0]
    assert GivenColumn("bound").fit(table, truth).predict(table).tolist() == [1.0, 2.0, 3.0]
    asked = pd.DataFrame({"program": ["c", "d"], "x": [4.0, 6.0], "y": [0.0, 0.0]})
    found = NearestProgram("program", ("x", "y"), ()).fit(table, truth).predict(asked)
    assert found.tolist() == [2.0, 8.0]


def test_nearest_rows_weigh_features_by_their_spread():
    known = np.array([[0.0, 0.0], [100.0, 1.0], [0.0, 4.0]])
    assert nearest_rows(known, np.array([[40.0, 0.0], [10.0, 3.5]])).tolist() == [0, 2]
    assert nearest_rows(known, np.array([[40.0, 1.0]]), np.array([0.0, 1.0])).tolist() == [1]
    assert nearest_rows(np.ones((3, 2)), np.zeros((2, 2))).tolist() == [0, 0]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda table: table.drop(columns="core").assign(cores=1), r"no column 'core' \(did you mean 'cores'\?\)"),
        (lambda table: table.drop(columns="bound"), "no column 'bound'"),
        (lambda table: table.drop(columns="width"), "no column 'width'"),
        (lambda table: table.assign(ipc=0.0), "row 0: ipc is 0; a true IPC is a number above 0"),
        (lambda table: table.assign(ipc=np.nan), "row 0: ipc is nan"),
        (lambda table: table[:4], "3 folds of programs: the table has only 1"),
    ],
)
def test_a_table_that_can_not_be_used_is_refused(change, message):
    with pytest.raises(ModelInputError, match=message):
        evaluate(change(made_table()), {}, PROTOCOL)


def test_names_that_mean_nothing_or_two_things_are_refused():
    with pytest.raises(UnknownNameError, match=r"unknown split 'both unsen' \(did you mean 'both unseen'\?\)"):
        evaluate(made_table(), {}, PROTOCOL, ["both unsen"])
    with pytest.raises(ModelInputError, match="a predictor is named 'constant', which is a baseline"):
        evaluate(made_table(), {"constant": Constant}, PROTOCOL)
