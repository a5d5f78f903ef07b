"""The statistics file of gem5: dumps, scalars, what is left out, what is refused."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesign.errors import WorkloadError
from codesign.workloads.gem5.statistics import BEGIN, END, per_core, read_dumps

TEXT = f"""
{BEGIN}
simSeconds                                   0.027977                       # Number of seconds simulated (Second)
simTicks                                  27976685000                       # Number of ticks simulated (Tick)
system.caches.delay::samples        33397289                       # delay histogram (Unspecified)
system.caches.delay             |    32453376     97.17%     97.17% |      638786      1.91%     99.09%
system.o3Cpu0.commitStats0::1             1734     12.5%      87.3% # share of the total (Count)
system.o3Cpu0.ipc                           1.5e-3                       # IPC ((Count/Cycle))
system.o3Cpu0.cpi                              nan                       # CPI ((Cycle/Count))
system.o3Cpu0.delta                             -4                       (Unspecified)

{END}
"""


def test_the_first_value_of_each_line_is_read_and_histograms_are_left_out():
    (found,) = read_dumps(TEXT, "stats.txt")
    assert math.isnan(found.pop("system.o3Cpu0.cpi"))
    assert found == {
        "simSeconds": 0.027977,
        "simTicks": 27976685000.0,
        "system.caches.delay::samples": 33397289.0,
        "system.o3Cpu0.commitStats0::1": 1734.0,
        "system.o3Cpu0.ipc": 0.0015,
        "system.o3Cpu0.delta": -4.0,
    }


def test_each_dump_is_read_by_itself():
    found = read_dumps(f"{BEGIN}\na 1 # x\n{END}\n\n{BEGIN}\na 2 # x\nb 3\n{END}\n", "stats.txt")
    assert found == [{"a": 1.0}, {"a": 2.0, "b": 3.0}]


@given(
    st.dictionaries(
        st.text("abcxyz._:0123456789", min_size=1),
        st.floats(allow_nan=False) | st.integers(-(10**15), 10**15),
        max_size=20,
    )
)
def test_what_is_written_is_read(values):
    text = "\n".join([BEGIN, *(f"{name}   {value}   # words" for name, value in values.items()), END])
    assert read_dumps(text, "stats.txt") == [{name: float(value) for name, value in values.items()}]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "stats.txt: no gem5 statistics: no line '---------- Begin"),
        ("a 1\n", "no gem5 statistics"),
        (TEXT.split("simTicks")[0], "stats.txt: cut short: 1 dumps of gem5 statistics begin, 0 end"),
        (f"{END}\n{BEGIN}\n", "cut short"),
    ],
    ids=["empty", "other", "cut", "reversed"],
)
def test_what_is_no_whole_file_is_refused(text, message):
    with pytest.raises(WorkloadError, match=message):
        read_dumps(text, "stats.txt")


def test_statistics_of_cores_are_taken_by_number():
    values = {"cpu0.ipc": 1.0, "cpu1.ipc": 2.0, "cpu10.ipc": 9.0, "cpu0.numInsts": 5.0, "cpu1.numInsts": 6.0}
    assert per_core(values, "cpu", 2, ("ipc", "numInsts"), "stats.txt") == [
        {"ipc": 1.0, "numInsts": 5.0},
        {"ipc": 2.0, "numInsts": 6.0},
    ]
    with pytest.raises(WorkloadError, match=r"stats.txt: no statistic 'cpu1.ipcs' \(did you mean 'cpu1.ipc'\?\)"):
        per_core(values | {"cpu0.ipcs": 1.0}, "cpu", 2, ("ipcs",), "stats.txt")
