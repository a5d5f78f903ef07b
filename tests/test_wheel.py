"""The wheel holds the package and nothing else, and works in an environment that holds nothing else."""

import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    options = ["--quiet", "--no-deps", "--wheel-dir", str(folder)]
    subprocess.run([sys.executable, "-m", "pip", "wheel", *options, str(REPOSITORY)], check=True)
    (file,) = folder.glob("codesign-*.whl")
    return file


@pytest.mark.slow
def test_only_codesign_at_top_level(wheel):
    names = {name.split("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert names == {"codesign", next(name for name in names if name.endswith(".dist-info"))}


@pytest.mark.slow
def test_data_files_are_in_it(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    kinds = (".csv", ".html", ".js", ".css", ".typed")
    in_tree = [path for path in (REPOSITORY / "codesign").rglob("*") if path.suffix in kinds]
    assert in_tree
    for path in in_tree:
        assert str(path.relative_to(REPOSITORY)) in names


@pytest.mark.slow
def test_installs_into_an_empty_environment(wheel, tmp_path):
    venv.create(tmp_path / "empty", with_pip=True)
    python = tmp_path / "empty" / "bin" / "python"
    before = set((tmp_path / "empty").glob("lib/python*/site-packages/*"))
    subprocess.run([python, "-m", "pip", "install", "--quiet", str(wheel)], check=True)
    record = next((tmp_path / "empty").glob("lib/python*/site-packages/codesign-*.dist-info/RECORD")).read_text()
    tops = {line.split("/")[0] for line in record.splitlines() if not line.startswith("..")}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"codesign"}
    assert before
    help_text = subprocess.run(
        [tmp_path / "empty" / "bin" / "codesign", "--help"], check=True, capture_output=True, text=True, cwd=tmp_path
    ).stdout
    assert "sweep" in help_text
    space = REPOSITORY / "spaces" / "systolic" / "draco-mobilenetv1.yaml"
    done = subprocess.run(
        [tmp_path / "empty" / "bin" / "codesign", "sweep", space, "--budget", "50", "--out", tmp_path / "out"],
        check=False,
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    assert list((tmp_path / "out").rglob("frontier.csv"))
