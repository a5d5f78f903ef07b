"""Plans survive JSON whole, a damaged file is refused with its place, and the table tells events in their order."""

import csv
import io
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesign.errors import StorageError
from codesign.models.scratchpad.plan import Placement, Plan, Residency, Transfer
from codesign.models.scratchpad.plan_file import (
    SCHEDULE_COLUMNS,
    PlanFileError,
    plan_from_json,
    plan_to_json,
    read_plan,
    schedule_csv,
    schedule_rows,
    statement_from_json,
    write_plan,
)
from tests.models.scratchpad.checker_plans import EXAMPLES, change

SPILL = EXAMPLES["spill"].plan
NUMBERS = st.integers()
PLANS = st.builds(
    Plan,
    network=st.text(),
    order=st.lists(st.text()).map(tuple),
    views=st.lists(st.text()).map(tuple),
    pools_bytes=st.lists(NUMBERS).map(tuple),
    alignment_bytes=NUMBERS,
    placements=st.lists(
        st.builds(Placement, st.text(), st.lists(st.tuples(st.text(), NUMBERS)).map(tuple), NUMBERS, NUMBERS)
    ).map(tuple),
    residencies=st.lists(
        st.builds(
            Residency,
            *(st.text(), NUMBERS, NUMBERS, NUMBERS, NUMBERS),
            *(st.sampled_from(["created", "loaded", "retrieved"]), st.booleans()),
        )
    ).map(tuple),
    transfers=st.lists(
        st.builds(Transfer, NUMBERS, st.text(), st.sampled_from(["load", "retrieve", "spill", "store"]), NUMBERS)
    ).map(tuple),
)
STATEMENTS = st.dictionaries(
    st.text(min_size=1).filter(lambda name: name != "plan"),
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
)


@given(PLANS, STATEMENTS)
def test_json_round_trip(plan, statement):
    text = plan_to_json(plan, **statement)
    assert plan_from_json(text) == plan
    assert statement_from_json(text) == statement
    assert plan_to_json(plan_from_json(text), **statement_from_json(text)) == text
    assert text.isascii()


@pytest.mark.parametrize("name", EXAMPLES)
def test_files_round_trip(tmp_path, name):
    plan = EXAMPLES[name].plan
    write_plan(plan, tmp_path / "plan.json", solver="highs", gap=0.0)
    assert read_plan(tmp_path / "plan.json") == plan
    assert statement_from_json((tmp_path / "plan.json").read_text()) == {"solver": "highs", "gap": 0.0}


def test_the_file_says_what_it_is():
    document = json.loads(plan_to_json(SPILL))
    assert (document["format"], document["version"]) == ("codesign-plan", 1)
    assert document["placements"][1] == {"name": "a", "tensors": [["a", 0]], "size_bytes": 8, "space_bytes": 8}
    assert document["transfers"][0] == {"step": 0, "buffer": "x", "kind": "load", "size_bytes": 4}


def test_whole_numbers_of_numpy_are_written():
    plan = change(SPILL, "residencies", 0, address_bytes=np.int64(8))
    assert plan_to_json(plan) == plan_to_json(SPILL)


def test_what_has_no_json_is_refused():
    with pytest.raises(PlanFileError, match="plan of 'chain' can't be written as JSON: .*Out of range float"):
        plan_to_json(SPILL, gap=float("inf"))
    with pytest.raises(PlanFileError, match="can't be written as JSON: 'set' object"):
        plan_to_json(SPILL, things={1})


def damaged(*path, value=None, drop=False):
    document = json.loads(plan_to_json(SPILL))
    place = document
    for key in path[:-1]:
        place = place[key]
    if drop:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return json.dumps(document)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not JSON: "),
        ("{", "not JSON: "),
        ("[" * 100_000, "not JSON: "),
        ('{"format": "codesign-plan", "format": 1}', "not JSON: the key 'format' appears twice"),
        ('{"format": NaN}', "not JSON: NaN is no number in JSON"),
        ("[]", r"the file: found \[\]; an object is needed"),
        ("{}", "not a plan: format is None; 'codesign-plan' is needed"),
        (damaged("format", value="x"), "not a plan: format is 'x'"),
        (damaged("version", value=2), "a plan of version 2; version 1 can be read"),
        (damaged("version", value=True), "a plan of version True; version 1"),
        (damaged("order", drop=True), "the key 'order' is missing"),
        (damaged("transfers", drop=True), "the key 'transfers' is missing"),
        (damaged("transferz", value=[]), r"unknown key 'transferz' \(did you mean 'transfers'\?\); allowed: format"),
        (damaged("network", value=3), "network: found 3; a text is needed"),
        (damaged("order", value="abc"), "order: found 'abc'; a list is needed"),
        (damaged("order", 2, value=7), r"order\[2\]: found 7; a text is needed"),
        (damaged("pools_bytes", 0, value=2.5), r"pools_bytes\[0\]: found 2.5; a whole number is needed"),
        (damaged("alignment_bytes", value=True), "alignment_bytes: found True; a whole number is needed"),
        (damaged("placements", 1, value=[]), r"placements\[1\]: found \[\]; an object is needed"),
        (damaged("placements", 1, "tensors", 0, value=["a"]), r"placements\[1\].tensors\[0\]: found \['a'\]; a pair"),
        (damaged("placements", 1, "tensors", 0, 1, value="0"), r"tensors\[0\]\[1\]: found '0'; a whole number"),
        (damaged("residencies", 3, "first_step", drop=True), r"residencies\[3\]: the key 'first_step' is missing"),
        (damaged("residencies", 3, "first_step", value="2"), r"residencies\[3\].first_step: found '2'; a whole"),
        (damaged("residencies", 3, "written_back", value=1), r"residencies\[3\].written_back: found 1; true or false"),
        (damaged("residencies", 0, "arrival", value=[]), r"arrival: found \[\]; one of created, loaded, retrieved"),
        (damaged("residencies", 0, "adress_bytes", value=1), "unknown key 'adress_bytes' .*mean 'address_bytes'"),
        (damaged("transfers", 0, "kind", value="lode"), r"transfers\[0\].kind: found 'lode'; one of load, retrieve"),
        (damaged("transfers", 0, "size_bytes", value=None), r"transfers\[0\].size_bytes: found None; a whole number"),
        (damaged("order", value="z" * 500), r"order: found 'z{56}\.\.\.; a list"),
    ],
)
def test_errors_say_what_and_where(text, message):
    with pytest.raises(PlanFileError, match=message):
        plan_from_json(text)


def test_a_statement_is_an_object_or_absent():
    assert statement_from_json(damaged("statement", drop=True)) == {}
    assert plan_from_json(damaged("statement", drop=True)) == SPILL
    with pytest.raises(PlanFileError, match="statement: found 'x'; an object is needed"):
        statement_from_json(damaged("statement", value="x"))


def test_files_that_cannot_be_read_or_written(tmp_path):
    with pytest.raises(PlanFileError, match=r"nowhere.json can't be read: .*No such file"):
        read_plan(tmp_path / "nowhere.json")
    (tmp_path / "bytes.json").write_bytes(b"\xff\xfe")
    with pytest.raises(PlanFileError, match=r"bytes.json can't be read: .*utf-8"):
        read_plan(tmp_path / "bytes.json")
    (tmp_path / "other.json").write_text("{}")
    with pytest.raises(PlanFileError, match=r"other.json: not a plan"):
        read_plan(tmp_path / "other.json")
    with pytest.raises(PlanFileError, match=r"plan.txt: a plan is written to a file that ends on .json or .csv"):
        write_plan(SPILL, tmp_path / "plan.txt")
    with pytest.raises(PlanFileError, match="a table has no place for gap; write a .json file"):
        write_plan(SPILL, tmp_path / "plan.csv", gap=0)
    with pytest.raises(StorageError, match=r"plan.json can't be written"):
        write_plan(SPILL, tmp_path / "missing" / "plan.json")


def test_the_schedule_tells_events_in_their_order():
    assert schedule_csv(SPILL).splitlines() == [
        "step,operator,event,buffer,tensors,pool,address_bytes,size_bytes",
        "0,a,load,x,x,0,0,4",
        "0,a,create,a,a,0,8,8",
        "0,a,run,,,,,",
        "1,b,drop,x,x,0,0,4",
        "1,b,create,b,b,0,0,8",
        "1,b,run,,,,,",
        "2,c,spill,a,a,0,8,8",
        "2,c,create,c,c,0,8,8",
        "2,c,run,,,,,",
        "3,y,drop,b,b,0,0,8",
        "3,y,retrieve,a,a,0,0,8",
        "3,y,create,y,y,0,16,4",
        "3,y,run,,,,,",
        "4,,drop,c,c,0,8,8",
        "4,,drop,a,a,0,0,8",
        "4,,store,y,y,0,16,4",
    ]


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_step_residency_and_transfer_is_in_the_table(tmp_path, name):
    plan = EXAMPLES[name].plan
    write_plan(plan, tmp_path / "plan.csv")
    rows = list(csv.DictReader(io.StringIO((tmp_path / "plan.csv").read_text())))
    assert [row["operator"] for row in rows if row["event"] == "run"] == list(plan.order)
    moves = [row for row in rows if row["event"] in ("load", "retrieve", "spill", "store")]
    found = sorted((int(row["step"]), row["buffer"], row["event"], int(row["size_bytes"])) for row in moves)
    assert found == sorted((t.step, t.buffer, t.kind, t.size_bytes) for t in plan.transfers)
    arrivals = [row for row in rows if row["event"] in ("load", "retrieve", "create")]
    departures = [row for row in rows if row["event"] in ("spill", "drop", "store")]
    assert len(arrivals) == len(departures) == len(plan.residencies)
    assert [int(row["step"]) for row in rows] == sorted(int(row["step"]) for row in rows)


def test_a_buffer_lists_its_tensors():
    rows = schedule_rows(EXAMPLES["views"].plan)
    assert {row["tensors"] for row in rows if row["buffer"] == "whole"} == {"whole;p;q;flat"}
    assert all(tuple(row) == SCHEDULE_COLUMNS for row in rows)
