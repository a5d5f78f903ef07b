import pytest

from tests.report.folders import make_results


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """A results folder of two objectives; not to be changed."""
    return make_results(tmp_path_factory.mktemp("results") / "two")
