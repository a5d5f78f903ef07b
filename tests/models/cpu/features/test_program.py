"""Responses of a program on cores, which don't depend on each other; features that come back from files."""

from dataclasses import fields

import numpy as np
import pytest

from codesign.errors import ModelInputError
from codesign.models.cpu.core import CoreSettings
from codesign.models.cpu.features.branch_view import branch_view
from codesign.models.cpu.features.intervals import LENGTH
from codesign.models.cpu.features.machine import machine
from codesign.models.cpu.features.memory_view import MEMORY_RATES, memory_view
from codesign.models.cpu.features.program import load_features, program_features, save_features
from codesign.models.cpu.features.recurrence import one_pass
from codesign.models.cpu.features.response import BRANCH_RATES, responses
from codesign.models.cpu.features.state import program_of, views_of

from .programs import chain, mixed, walk, whole

CORES = [
    CoreSettings(),
    CoreSettings(rob=32, l1d_sets=8),
    CoreSettings(branch_predictor="bimodal", l1d_prefetcher="stride"),
]
SIGNATURE = [CoreSettings(), CoreSettings(rob=16)]
INTERVALS, WARMUP = 12, 400


@pytest.fixture(scope="module")
def part():
    return whole(mixed(WARMUP + INTERVALS * LENGTH, 0), WARMUP)


def test_a_response_does_not_depend_on_the_other_cores(part):
    together = responses(part, CORES, SIGNATURE)
    for place in (2, 0, 1):
        alone = responses(part, [CORES[place]], SIGNATURE)
        for name in ("log_cpi", "branches", "memory"):
            assert getattr(alone, name)[0].tolist() == getattr(together, name)[place].tolist()


def test_rates_are_those_of_the_whole_program(part):
    found = responses(part, CORES, SIGNATURE)
    for place, core in enumerate(CORES):
        rates = branch_view(part, core).rates | memory_view(part, core).rates
        assert found.branches[place].tolist() == [rates[name] for name in BRANCH_RATES]
        assert found.memory[place].tolist() == [rates[name] for name in MEMORY_RATES]


def last_commit(part, core):
    views = views_of(branch_view(part, core), memory_view(part, core))
    marks = np.array([part.instructions])
    return int(one_pass(program_of(part), machine(core, part.encoded.registers), views, marks)[0])


def test_where_every_interval_is_chosen_the_cycles_are_those_of_the_whole():
    """But for what was in flight at an interval's edge: leads are cut off by the interval before."""
    part = whole(mixed(6 * LENGTH, 1), 0)
    found = responses(part, CORES, SIGNATURE)
    assert len(found.intervals.begins) == 6
    assert found.intervals.weights.tolist() == [1 / 6] * 6
    for core, log_cpi in zip(CORES, found.log_cpi, strict=True):
        assert np.exp(log_cpi) == pytest.approx(last_commit(part, core) / (6 * LENGTH), rel=0.02)


def test_two_phases_weigh_as_much_as_they_are_long():
    slow, fast = walk(range(0, 4096 * 17 * 2 * LENGTH, 4096 * 17), serial=True), chain(6 * LENGTH)
    steps = [step | {"place": step["place"] + 100} for step in slow] + fast
    found = responses(whole(steps), [CoreSettings()], SIGNATURE)
    phase = found.intervals.begins // LENGTH >= 2
    assert found.intervals.weights[~phase].sum() == pytest.approx(0.25)
    assert found.intervals.weights[phase].sum() == pytest.approx(0.75)
    cycles = last_commit(whole(steps), CoreSettings())
    assert np.exp(found.log_cpi[0]) == pytest.approx(cycles / len(steps), rel=0.02)


def test_a_program_shorter_than_an_interval_is_refused():
    with pytest.raises(ModelInputError, match="'tiny' has 1600 instructions behind a warm-up of 0; needed: 2000"):
        responses(whole(chain(1600)), CORES, SIGNATURE)


def test_features_come_back_from_their_file(part, tmp_path):
    made = program_features(part, CORES, SIGNATURE)
    for name in ("a.npz", "b.npz"):
        save_features(made, tmp_path / name)
    found = load_features(tmp_path / "a.npz")
    assert (found.name, dict(found.numbers)) == (made.name, dict(made.numbers))
    for one in fields(made)[2:]:
        assert getattr(found, one.name).dtype == np.float32
        assert getattr(found, one.name).tobytes() == getattr(made, one.name).tobytes()
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    assert sorted(one.name for one in tmp_path.iterdir()) == ["a.npz", "b.npz"]


def test_a_file_of_another_format_is_refused(tmp_path):
    np.savez(tmp_path / "old.npz", format=np.int64(0))
    with pytest.raises(ModelInputError, match="old.npz: not features of format 1"):
        load_features(tmp_path / "old.npz")
    np.savez(tmp_path / "other.npz", format=np.int64(1), rates=np.array(["l1d"]))
    with pytest.raises(ModelInputError, match="other.npz: features with other rates"):
        load_features(tmp_path / "other.npz")
