"""``--bless`` writes golden results anew instead of comparing with them."""

import pytest


def pytest_addoption(parser):
    parser.addoption("--bless", action="store_true", help="write the golden results of the models under test anew")


@pytest.fixture
def bless(request):
    return request.config.getoption("--bless", default=False)
