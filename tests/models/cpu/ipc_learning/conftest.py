"""A made-up set of runs, of the shape of the authors'."""

import pytest

from codesign.workloads.gem5.ipc_runs import assemble, read_ipc_runs
from tests.workloads.gem5.repository import made_rows, write_repository


@pytest.fixture(scope="session")
def made_set(tmp_path_factory):
    """The assembled file."""
    folder = tmp_path_factory.mktemp("made")
    repository = write_repository(folder / "repository", made_rows())
    path = folder / "ipc-gem5.zip"
    path.write_bytes(assemble(lambda part: repository.joinpath(part).read_bytes()))
    return path


@pytest.fixture
def made_runs(made_set):
    """The same, read."""
    return read_ipc_runs(made_set)
