"""Fixtures for all tests."""

import os
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import settings

from codesign.models import registry
from codesign.testing.toys import TOY_SPACE, ToyAccelerator

# No test asserts on time; in CI the examples are the same in every run.
settings.register_profile("here", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "here")

REPOSITORY = Path(__file__).resolve().parents[1]


@pytest.fixture
def shared():
    """The folder of reference data beside the checkout; the test is skipped where there is none."""
    folder = REPOSITORY.parent / "shared"
    if not (folder / "reference").is_dir():
        pytest.skip("no reference data (../shared) beside this checkout")
    return folder


@pytest.fixture
def toy_model(monkeypatch):
    """Register the toy model beside the installed ones; gives the class."""
    installed = registry._points

    def points(group):
        found = dict(installed(group))
        if group == registry.MODELS_GROUP:
            found["toy.accelerator"] = SimpleNamespace(load=lambda: ToyAccelerator, value="toys")
        return found

    registry.get_model.cache_clear()
    monkeypatch.setattr(registry, "_points", points)
    yield ToyAccelerator
    registry.get_model.cache_clear()


@pytest.fixture
def toy_space_file(tmp_path, toy_model):
    """A YAML file of a small space over the toy model."""
    file = tmp_path / "toy.yaml"
    file.write_text(TOY_SPACE)
    return file


@pytest.fixture
def command_line(monkeypatch, capsys):
    """Run ``codesign ...`` in this process; gives exit code, standard output and standard error."""
    from codesign.cli.main import main

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["codesign", *map(str, arguments)])
        code = 0
        try:
            main()
        except SystemExit as end:
            code = end.code or 0
        captured = capsys.readouterr()
        return SimpleNamespace(code=code, out=captured.out, err=captured.err)

    return run
