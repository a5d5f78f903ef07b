"""Rendering a results folder."""

import hashlib
import os
import shutil
import subprocess
import sys

import pytest

from codesign.errors import StudyError
from codesign.report import render

NAMES = ["frontier.tex", "frontier.png", "frontier.pdf", "report.html"]


def test_files_are_written_beside_the_frontier_and_nothing_else_changes(folder, tmp_path):
    copy = shutil.copytree(folder, tmp_path / "copy")
    before = {path.name: path.read_bytes() for path in copy.iterdir()}
    assert render(copy) == [copy / name for name in NAMES]
    assert sorted(path.name for path in copy.iterdir()) == sorted([*before, *NAMES])
    assert all((copy / name).read_bytes() == content for name, content in before.items())


def test_bytes_are_the_same_in_another_process_with_another_hash_seed(folder, tmp_path):
    script = "import sys; from codesign.report import render; render(sys.argv[1])"
    digests = set()
    for seed in ("1", "2"):
        copy = shutil.copytree(folder, tmp_path / seed)
        environment = os.environ | {"PYTHONHASHSEED": seed, "TZ": f"UTC+{seed}"}
        subprocess.run([sys.executable, "-c", script, str(copy)], env=environment, check=True)
        digests.add(tuple(hashlib.sha256((copy / name).read_bytes()).hexdigest() for name in NAMES))
    assert len(digests) == 1


def test_importing_the_package_does_not_load_drawing_libraries():
    script = (
        "import sys, codesign.report, codesign.report.checks\n"
        "found = {'matplotlib', 'plotly', 'jinja2'} & set(sys.modules)\n"
        "assert not found, found"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def test_a_folder_of_no_study_is_refused(tmp_path):
    with pytest.raises(StudyError, match=r"holds no study\.json"):
        render(tmp_path)
