"""Traces that others published, by name."""

import gzip

import numpy as np
import pytest

from codesign.errors import UnknownNameError
from codesign.workloads.memory.catalogue import PUBLISHED_TRACES, trace_domain, trace_named
from codesign.workloads.tabular.store import FOLDER_VARIABLE, PublicSetError, import_set


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("name", PUBLISHED_TRACES)
def test_a_published_trace_that_is_not_here_says_how_to_get_it(name, folder):
    assert trace_domain().contains(name)
    with pytest.raises(PublicSetError, match=f"codesign data get {name}"):
        trace_named(name)


def test_a_near_name_is_offered():
    with pytest.raises(UnknownNameError, match="archgym-cloud-1"):
        trace_named("archgym-cloud")


@pytest.mark.shared
@pytest.mark.parametrize("name", PUBLISHED_TRACES)
def test_a_published_trace_is_read_from_where_it_was_put(name, folder, shared):
    packed = shared / "reference" / "dram" / "traces" / f"{name.removeprefix('archgym-')}.stl.gz"
    import_set(name, packed, folder)
    trace = trace_named(name)
    lines = gzip.decompress(packed.read_bytes()).decode().split("\n")
    addresses = [int(line.split()[-1], 16) for line in lines if line.strip()]
    assert trace.name == name
    assert np.array_equal(trace.address, addresses)
    assert not trace.write.any()
    assert trace.clock_mhz == 800.0
