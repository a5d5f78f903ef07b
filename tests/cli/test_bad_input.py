"""Whatever is wrong with a space file is one plain line with the place, and exit code 2; never a traceback."""

import re

import pytest

from codesign.testing.toys import TOY_SPACE

GOOD_TAIL = "objectives: {time_ms: minimize, energy_mj: minimize}\n"
HEAD = "model: toy.accelerator\n"
ROWS = "parameters:\n  rows: {powers_of_two: [8, 128]}\n  columns: [8, 16]\n"


def space(parameters=ROWS, head=HEAD, tail=GOOD_TAIL, extra=""):
    return head + parameters + tail + extra


BROKEN_YAML = [
    ("", "is empty"),
    ("\n\n# only a comment\n", "is empty"),
    ("model: [", ":1:.*is not valid YAML|:2:.*is not valid YAML"),
    ("model: 'x", "is not valid YAML"),
    ("model:\ttoy\n\t- x", "is not valid YAML"),
    ("a: b: c", ":1:.*is not valid YAML"),
    ("- a\n- b\n", "a space is a mapping of title, .*; found a list of 2"),
    ("just a text", "a space is a mapping"),
    ("42", "a space is a mapping"),
    ("---\na: 1\n---\nb: 2\n", "holds several YAML documents"),
    ("&a [*a]", "nested more than 20 deep|a space is a mapping"),
    ("a: &a [*a, *a]\n", "nested more than 20 deep"),
    ("a: &a [1,1,1,1,1,1,1,1,1]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\n"
     "d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: [*e,*e,*e,*e,*e,*e,*e,*e]\n",
     "more than 100,000 values"),
    ("[" * 10_000, "nested more than 20 deep"),
    ("{a: " * 10_000, "nested more than 20 deep"),
    ("model: *nothing", "is not valid YAML: found undefined alias"),
    ("model: @x", "is not valid YAML"),
    ("model: !!python/object/apply:os.system ['true']", "the tag '!!python/object/apply:os.system' is not allowed"),
    ("model: !!python/name:os.system", "the tag '!!python/name:os.system' is not allowed"),
    ("model: !mine x", "the tag '!mine' is not allowed"),
    ("model: !!binary aGVsbG8=", "the tag '!!binary' is not allowed"),
    ("fixed: !!set {a, b}", "the tag '!!set' is not allowed"),
    ("? [a, b]\n: 1\n", "a key must be a plain text"),
    ("<<: {a: 1}\n", "merge keys"),
    ("model: toy\x00", "is not valid YAML"),
    ("model: x\nmodel: y\n", "line 1|:2:1: model: the key 'model' stands twice \\(first on line 1\\)"),
    (space("parameters:\n  rows: [8]\n  rows: [16]\n"), ":4:3: parameters.rows: the key 'rows' stands twice \\(first on line 3\\)"),
    (space(extra="figure: {x: time_ms, x: energy_mj}\n"), "the key 'x' stands twice"),
]  # fmt: skip

WRONG_STRUCTURE = [
    ("title: x\n", "the key 'model' is missing"),
    (HEAD + GOOD_TAIL, "the key 'parameters' is missing"),
    (HEAD + ROWS, "the key 'objectives' is missing"),
    (space(extra="objektives: {}\n"), "unknown key 'objektives' \\(did you mean 'objectives'\\?\\); allowed: title, model"),
    (space(extra="constraint: []\n"), ":6:1: constraint: unknown key 'constraint' \\(did you mean 'constraints'\\?\\)"),
    (space(head="model: 3\n"), "model: must be a text, found 3"),
    (space(head="model: [a]\n"), "model: must be a text, found a list of 1"),
    (space(head="model: toy.acelerator\n"), ":1:1: model: no model 'toy.acelerator' \\(did you mean 'toy.accelerator'\\?\\)"),
    (space(head=HEAD + "title: 3\n"), "title: must be a text"),
    (space("parameters: []\n"), "parameters: must be a mapping"),
    (space("parameters: {}\n"), "parameters: is empty"),
    (space("parameters: rows\n"), "parameters: must be a mapping"),
    (space("parameters:\n  rows: 8\n"), "parameters.rows: must be a list of values or a mapping.*found 8 .*belongs under fixed"),
    (space("parameters:\n  rows:\n"), "parameters.rows: must be a list of values.*found nothing"),
    (space("parameters:\n  rows: []\n"), "parameters.rows: the list of values is empty"),
    (space("parameters:\n  rows: [8, 8]\n"), "the value 8 is listed twice"),
    (space("parameters:\n  rows: [8, sixteen]\n"), "mix number and text"),
    (space("parameters:\n  rows: [8, yes]\n"), "mix number and text"),
    (space("parameters:\n  rows: [8, true]\n"), "mix boolean and number"),
    (space("parameters:\n  rows: [8, null]\n"), "found None"),
    (space("parameters:\n  rows: [[8], 16]\n"), "found \\[8\\]"),
    (space("parameters:\n  rows: [.nan]\n"), "must be finite"),
    (space("parameters:\n  rows: [.inf]\n"), "must be finite"),
    (space("parameters:\n  rows: [1" + "0" * 40 + "]\n"), "is too large"),
    (space("parameters:\n  rows: [100000000000000000000]\n"), "within \\+-2\\*\\*53"),
    (space("parameters:\n  rows: {}\n"), "needs exactly one of values, range, powers_of_two, boolean; found none"),
    (space("parameters:\n  rows: {values: [1], range: [1, 2]}\n"), "needs exactly one of .*; found values and range"),
    (space("parameters:\n  rows: {value: [1]}\n"), "unknown key 'value' \\(did you mean 'values'\\?\\)"),
    (space("parameters:\n  rows: {values: 8}\n"), "values must be a list, found 8"),
    (space("parameters:\n  rows: {range: [1, 2, 3]}\n"), "range: must be \\[low, high\\], found a list of 3"),
    (space("parameters:\n  rows: {range: 5}\n"), "must be \\[low, high\\], found 5"),
    (space("parameters:\n  rows: {range: [5, 1]}\n"), "the range \\[5, 1\\] is empty"),
    (space("parameters:\n  rows: {range: [a, b]}\n"), "range\\[0\\]: must be a finite number, found 'a'"),
    (space("parameters:\n  rows: {range: [1, 5], step: 0}\n"), "step must be at least 1"),
    (space("parameters:\n  rows: {range: [1, 5], step: -1}\n"), "step must be at least 1"),
    (space("parameters:\n  rows: {range: [1, 5], step: x}\n"), "step: must be a finite number, found 'x'"),
    (space("parameters:\n  rows: {values: [1, 5], step: 2}\n"), "step goes with range, not with values"),
    (space("parameters:\n  rows: {range: [0, 5], log: true}\n"), "log: true needs a low end above 0"),
    (space("parameters:\n  rows: {range: [1, 5], log: maybe}\n"), "log: must be true or false, found 'maybe'"),
    (space("parameters:\n  rows: {powers_of_two: [3, 9]}\n"), "low end of powers_of_two must be a power of two, found 3"),
    (space("parameters:\n  rows: {powers_of_two: [16, 8]}\n"), "the range \\[16, 8\\] is empty"),
    (space("parameters:\n  rows: {boolean: false}\n"), "write boolean: true"),
    (space("parameters:\n  rows: {values: [8], when: 3}\n"), "when: must be a text, found 3"),
    (space("parameters:\n  rows: {values: [8], unit: 3}\n"), "unit: must be a text"),
    (space("parameters:\n  2rows: [8]\n"), "the parameter name '2rows' is not a word"),
    (space("parameters:\n  'rows columns': [8]\n"), "is not a word of letters"),
    (space("parameters:\n  and: [8]\n"), "word of the expression grammar"),
    (space(extra="fixed: {rows: 8}\n"), "fixed.rows: 'rows' is both fixed and a parameter"),
    (space(extra="fixed: [work]\n"), "fixed: must be a mapping"),
    (space(extra="fixed: {work: [1]}\n"), "fixed.work: must be one text, number or true/false, found a list of 1"),
    (space(extra="fixed: {work: .inf}\n"), "fixed.work: must be finite"),
    (space(extra="fixed: {work: null}\n"), "fixed.work: must be one text, number"),
    (space(tail="objectives: {}\n"), "objectives: is empty"),
    (space(tail="objectives: [time_ms]\n"), "objectives: must be a mapping"),
    (space(tail="objectives: {time_ms: minimise}\n"), "must be minimize or maximize, found 'minimise' \\(did you mean 'minimize'"),
    (space(tail="objectives: {time_ms: 1}\n"), "must be minimize or maximize, found 1"),
    (space(tail="objectives: {time_ms: {direction: minimize, referenz: 3}}\n"), "unknown key 'referenz'"),
    (space(tail="objectives: {time_ms: {direction: minimize, reference: far}}\n"), "reference: must be a finite number"),
    (space(tail="objectives: {time_ms: {reference: 3}}\n"), "must be minimize or maximize, found nothing"),
    (space(extra="limits: {area_mm2: 4}\n"), "limits.area_mm2: must be a mapping with at_most or at_least, found 4"),
    (space(extra="limits: {area_mm2: {atmost: 4}}\n"), "unknown key 'atmost' \\(did you mean 'at_most'"),
    (space(extra="limits: {area_mm2: {}}\n"), "limits.area_mm2: a limit needs at_most, at_least or both"),
    (space(extra="limits: {area_mm2: {at_most: 1, at_least: 2}}\n"), "at_least 2.0 is above at_most 1.0"),
    (space(extra="limits: {area_mm2: {at_most: lots}}\n"), "at_most: must be a finite number, found 'lots'"),
    (space(extra="search: exhaustive\n"), "search: must be a mapping"),
    (space(extra="search: {budget: 0}\n"), "search.budget: must be a whole number of at least 1, found 0"),
    (space(extra="search: {budget: 1.5}\n"), "search.budget: must be a whole number"),
    (space(extra="search: {budget: true}\n"), "search.budget: must be a whole number"),
    (space(extra="search: {seed: -1}\n"), "search.seed: must be a whole number of at least 0"),
    (space(extra="search: {method: 3}\n"), "search.method: must be a text"),
    (space(extra="search: {method: tpee}\n"), "no search 'tpee' \\(did you mean 'tpe'\\?\\)"),
    (space(extra="search: {method: nsga2, population: 0}\n"), "search.population must be a whole number of at least 1"),
    (space(extra="search: {method: nsga2, pop: 10}\n"), "the search 'nsga2' has no option 'pop'"),
    (space(extra="search: {method: random, population: 9}\n"), "the search 'random' has no option 'population'"),
    (space(extra="search: {method: cma-es}\n"), "the search 'cma-es' takes one objective|needs the package 'cmaes'"),
    (space("parameters:\n  rows: [8]\n  columns: [8]\n  clock_mhz: {range: [400.0, 500.0]}\n"), "exhaustive search needs a countable space"),
    (space(extra="figure: {z: time_ms}\n"), "figure.z: unknown key 'z'"),
    (space(extra="figure: {x: 3}\n"), "figure.x: must be a text"),
    (space(extra="constraints: rows < 3\n"), "constraints: must be a list of expressions"),
    (space(extra="constraints: [3]\n"), "constraints\\[0\\]: must be a text, found 3"),
    (space(extra="constraints: [{a: b}]\n"), "constraints\\[0\\]: must be a text, found a mapping with a"),
]  # fmt: skip

WRONG_EXPRESSIONS = [
    ("rows <", "is not an expression"),
    ("rows", "'rows' is a number, not a condition"),
    ("1 < 2", "names no parameter"),
    ("rws < 3", ":7:5: constraints\\[0\\]: in 'rws < 3': no parameter 'rws' \\(did you mean 'rows'\\?\\)"),
    ("__import__('os').system('touch /tmp/codesign-was-here')", "no function"),
    ("9**9**9 < rows", "an exponent must be a plain number"),
    ("(" * 900 + "rows" + ")" * 900, "nests 900 brackets"),
    ("rows.__class__ == columns", "is not part of the grammar"),
    ("open('/etc/passwd') == rows", "no function 'open'"),
]

WRONG_FOR_THE_MODEL = [
    (space("parameters:\n  rows: [8]\n"), "the model toy.accelerator needs 'columns'"),
    (space("parameters:\n  row: [8]\n  columns: [8]\n"), ":3:3: parameters.row: the model toy.accelerator reads no 'row' \\(did you mean 'rows'"),
    (space("parameters:\n  rows: [8, 4096]\n  columns: [8]\n"), "can't take 4096; allowed: 1 ... 1024"),
    (space("parameters:\n  rows: [8.5]\n  columns: [8]\n"), "can't take 8.5"),
    (space("parameters:\n  rows: [a]\n  columns: [8]\n"), "can't take 'a'"),
    (space("parameters:\n  rows: [8]\n  columns: [8]\n  kind: [plane, cached]\n"), "can't take 'plane' \\(did you mean 'plain'"),
    (space(extra="fixed: {kind: wide}\n"), "fixed.kind: the model toy.accelerator can't take 'wide'"),
    (space(extra="fixed: {colour: red}\n"), "fixed.colour: the model toy.accelerator reads no 'colour'"),
    (space(tail="objectives: {time: minimize}\n"), ":5:14: objectives.time: the model toy.accelerator gives no metric 'time' \\(did you mean 'time_ms'"),
    (space(extra="limits: {area: {at_most: 3}}\n"), "limits.area: .* gives no metric 'area' \\(did you mean 'area_mm2'"),
    (space(extra="figure: {x: time}\n"), "figure.x: no metric or parameter 'time'"),
]  # fmt: skip

CIRCULAR = space("parameters:\n  rows: {values: [8], when: columns > 1}\n  columns: {values: [8], when: rows > 1}\n")
CASES = [
    *BROKEN_YAML,
    *WRONG_STRUCTURE,
    *[(space(extra=f"constraints:\n  - {text!r}\n"), message) for text, message in WRONG_EXPRESSIONS],
    *WRONG_FOR_THE_MODEL,
    (CIRCULAR, "the conditions are circular: rows -> columns -> rows"),
    (space("parameters:\n  rows: {values: [8], when: rows > 1}\n  columns: [8]\n"), "circular: rows -> rows"),
]


def test_there_are_more_than_a_hundred_cases():
    assert len(CASES) > 100


@pytest.mark.parametrize("command", [("sweep",), ("spaces", "show")], ids=lambda words: words[0])
@pytest.mark.parametrize(("text", "message"), CASES, ids=[str(number) for number in range(len(CASES))])
def test_one_plain_line_and_exit_code_2(text, message, command, tmp_path, toy_model, command_line):
    file = tmp_path / "bad.yaml"
    file.write_text(text)
    out = ("--out", tmp_path / "out") if command == ("sweep",) else ()
    done = command_line(*command, file, *out)
    assert done.code == 2, done.err + done.out
    assert re.search(message, done.err), done.err
    assert "Traceback" not in done.err
    assert len(done.err.strip().splitlines()) == 1
    assert not (tmp_path / "out").exists() or not list((tmp_path / "out").rglob("*.csv"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["sweep", "no-such.yaml"], "no such file or folder: no-such.yaml"),
        (["sweep", "TMP"], "holds no space"),
        (["sweep", "TMP/toy.yaml", "--budget", "0"], "budget"),
        (["sweep", "TMP/toy.yaml", "--search", "nsga"], "no search 'nsga' \\(did you mean 'nsga3'"),
        (["sweep", "TMP/toy.yaml", "--resume", "--fresh"], "exclude each other"),
        (["sweep", "TMP/toy.yaml", "--workers", "0"], "workers"),
        (["sweep", "TMP/toy.yaml", "--colour", "red"], "No such option"),
        (["spaces", "show", "no-such.yaml"], "no such file"),
        (["spaces", "--folder", "TMP/empty"], "no such file or folder"),
        (["models", "show", "systolic.aray"], "no model 'systolic.aray' \\(did you mean 'systolic.array'"),
        (["evaluate", "no.model"], "no model 'no.model'"),
        (["evaluate", "toy.accelerator"], "no design given"),
        (["evaluate", "toy.accelerator", "--set", "rows"], "--set takes name=value, found 'rows'"),
        (["evaluate", "toy.accelerator", "--set", "rows=[1,2]"], "must be one text, number or true/false"),
        (["evaluate", "toy.accelerator", "--designs", "no.csv"], "no.csv can't be read as CSV"),
        (["frontier", "TMP"], "holds no study.json"),
        (["compare", "TMP", "TMP"], "holds no study.json"),
        (["reproduce", "drako"], "no reproduction 'drako' \\(did you mean 'draco'"),
        (["swep"], "No such command"),
    ],
)
def test_bad_arguments(arguments, message, tmp_path, toy_model, command_line):
    given = [argument.replace("TMP", str(tmp_path)) for argument in arguments]
    if any("toy.yaml" in argument for argument in given):
        (tmp_path / "toy.yaml").write_text(TOY_SPACE)
    done = command_line(*given)
    assert done.code == 2, done.err
    assert re.search(message, done.err.replace("\n", " ")), done.err
    assert "Traceback" not in done.err


def test_not_utf8(tmp_path, command_line):
    file = tmp_path / "bad.yaml"
    file.write_bytes(b"model: \xff\xfe\n")
    done = command_line("sweep", file)
    assert (done.code, "is not UTF-8" in done.err) == (2, True)


def test_a_file_too_large(tmp_path, command_line):
    file = tmp_path / "bad.yaml"
    file.write_text("# " + "x" * 1_100_000)
    done = command_line("sweep", file)
    assert (done.code, "at most 1,000,000" in done.err) == (2, True)
