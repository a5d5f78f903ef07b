"""What may be claimed about a frontier."""

import json

import pytest

from codesign.pareto import CERTIFICATE_KINDS, Certificate, FrontierError


@pytest.mark.parametrize(
    "certificate",
    [
        Certificate("enumerated", "all 1,024 feasible designs were evaluated"),
        Certificate("proven", "closed by the solver for all 12 points"),
        Certificate("proven", "closed by the solver", 1e-9),
        Certificate("bounded", "stopped after 60 s", 0.031),
        Certificate("heuristic", "500 evaluations"),
    ],
)
def test_json_round_trip(certificate):
    assert Certificate.from_json(json.loads(json.dumps(certificate.to_json()))) == certificate


def test_text_has_kind_gap_and_statement():
    assert str(Certificate("bounded", "stopped after 60 s", 0.0314159)) == "bounded (gap 0.03142): stopped after 60 s"
    assert str(Certificate("heuristic", "500 evaluations")) == "heuristic: 500 evaluations"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("enumerate", "x"), "unknown kind of certificate 'enumerate'; allowed: .*did you mean 'enumerated'"),
        (("heuristic", " "), "needs a statement in words"),
        (("bounded", "x"), "needs its gap as a number; found None"),
        (("heuristic", "x", 0.1), "of the kind heuristic has no gap; found 0.1"),
        (("enumerated", "x", 0.0), "of the kind enumerated has no gap"),
        (("bounded", "x", -0.1), "at least 0; found -0.1"),
        (("bounded", "x", float("nan")), "finite number of at least 0; found nan"),
        (("bounded", "x", True), "finite number of at least 0; found True"),
    ],
)
def test_a_claim_that_says_too_little_or_too_much_is_refused(arguments, message):
    with pytest.raises(FrontierError, match=message):
        Certificate(*arguments)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"kind": "heuristic"}, "lacks 'statement'; found: kind"),
        ({}, "lacks 'kind'; found: nothing"),
        ({"kind": "heuristic", "statement": "x", "gab": 1}, "unknown key 'gab'.*did you mean 'gap'"),
    ],
)
def test_damaged_json_is_refused(data, message):
    with pytest.raises(FrontierError, match=message):
        Certificate.from_json(data)


def test_the_kinds_are_those_of_the_documentation():
    assert CERTIFICATE_KINDS == ("enumerated", "proven", "bounded", "heuristic")
