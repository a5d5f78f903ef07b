"""Tables: the rows of the runs, the authors' order, and their configuration columns with the slip."""

import numpy as np
import pandas as pd
import pytest

from codesign.errors import WorkloadError
from codesign.models.cpu.ipc_learning.tables import (
    CONFIGURATION,
    COUNTS,
    configurations,
    corrected_table,
    published_table,
    rows_with_their_configuration,
    simulated_table,
    spread_between_cores,
)


def test_every_row_has_the_sizes_of_its_configuration(made_runs):
    table = simulated_table(made_runs.rows)
    assert len(table) == 74 * 8
    assert set(table["configuration"]) == {"lean", "base", "aggressive"}
    lean = table[table["configuration"] == "lean"]
    assert lean[list(CONFIGURATION)].drop_duplicates().to_numpy().tolist() == [[3, 16384, 262144, 524288, 4]]
    base = table[table["configuration"] == "base"]
    assert base[list(CONFIGURATION)].drop_duplicates().to_numpy().tolist() == [[2, 32768, 524288, 1048576, 8]]
    wide = table[table["configuration"] == "aggressive"]
    assert wide[list(CONFIGURATION)].drop_duplicates().to_numpy().tolist() == [[1, 65536, 1048576, 2097152, 16]]


def test_all_dimensions_of_a_core_grow_together():
    sizes = configurations().loc[["lean", "base", "aggressive"]].drop(columns=["model", "unit", "source", "year"])
    assert (sizes.diff().dropna() > 0).all().all()
    assert (sizes.loc["aggressive"] / sizes.loc["lean"] == 4).all()


def test_the_published_order_is_kept(made_runs):
    table = corrected_table(made_runs)
    assert len(table) == 72 * 8
    for name in (*COUNTS, "ipc"):
        assert (table[name] == made_runs.table[name]).all()
    assert not table["run"].isin(["cc-22.-aggressivetxt", "tc-22-lp.-aggressivetxt"]).any()


def test_the_published_configuration_is_that_of_the_file_seven_times_too_early(made_runs):
    """The made-up table has the slip: row i carries the configuration of file i // 56."""
    published, corrected = published_table(made_runs), corrected_table(made_runs)
    files = corrected["run"].drop_duplicates().tolist()
    numbers = corrected.drop_duplicates("run").set_index("run")["model"]
    rows = np.arange(len(published))
    assert (published["model"].to_numpy() == numbers.loc[[files[row // 56] for row in rows]].to_numpy()).all()
    right = (published["model"] == corrected["model"]).sum()
    assert rows_with_their_configuration(made_runs) == right < 300
    same = published.drop(columns=list(CONFIGURATION))
    pd.testing.assert_frame_equal(same, corrected.drop(columns=list(CONFIGURATION)))


def test_a_table_of_other_runs_is_refused(made_runs):
    made_runs.table.loc[3, "numInsts"] += 1
    with pytest.raises(WorkloadError, match="row 3 of the published table is not a core of any run"):
        published_table(made_runs)


def test_spread_by_hand():
    table = pd.DataFrame({"run": ["a", "a", "b", "b", "c", "c"], "ipc": [1.0, 1.2, 2.0, 2.0, 3.0, 3.4]})
    found = spread_between_cores(table)
    assert found["within"] == pytest.approx(np.std([1.0, 1.2], ddof=1))
    assert found["between"] == pytest.approx(np.std([1.1, 2.0, 3.2], ddof=1))
