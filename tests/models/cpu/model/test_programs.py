"""Programs by name: one, several, suites, files."""

import pytest

from codesign.errors import UnknownNameError
from codesign.models.cpu.programs import program_names, programs_domain, suites
from codesign.workloads.instructions.catalogue import instruction_traces


def test_suites_are_the_committed_set():
    found = suites()
    assert found["all"] == instruction_traces()
    assert sorted(found["kernels"] + found["applications"]) == sorted(instruction_traces())
    assert {"matmul", "chase"} <= set(found["kernels"])
    assert {"gzip", "sqlite3"} <= set(found["applications"])


def test_names_come_in_the_order_of_the_set_and_files_after_them(tmp_path):
    file = tmp_path / "own.npz"
    file.touch()
    assert program_names("gzip") == ("gzip",)
    assert program_names(f"{file}+gzip+bfs") == ("bfs", "gzip", str(file))
    assert program_names("kernels+gzip") == (*suites()["kernels"], "gzip")


@pytest.mark.parametrize("text", ["gzip+", "gzip+gzip", "all+gzip", "gzip sqlite3", "", "own.txt"])
def test_what_is_no_list_of_programs_is_refused(text):
    assert not programs_domain().contains(text)
    with pytest.raises(UnknownNameError, match="no programs"):
        program_names(text)


def test_the_nearest_name_is_told():
    with pytest.raises(UnknownNameError, match=r"no programs 'sqlite' \(did you mean 'sqlite3'\?\)"):
        program_names("sqlite")
    assert not programs_domain().contains(3)
