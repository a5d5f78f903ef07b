"""Labels are made once, in parts, and taken up where a run was broken."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from codesign.models.cpu.design import core_settings, drawn_cores
from codesign.models.cpu.predictor import labels as module
from codesign.models.cpu.predictor.labels import KEPT, PART, fingerprint, labels
from codesign.models.cpu.silicon.of_simulation import timed_rates
from codesign.models.cpu.simulator import simulate

from .conftest import tiny_program

NEAR = tiny_program("near", 0)


class Simulator:
    """Instead of the simulator: the reorder buffer as every rate; notes the numbers of cores asked for."""

    def __init__(self):
        self.asked = []
        self.breaks_at = None

    def __call__(self, trace, cores, *, warmup, threads):
        if len(self.asked) == self.breaks_at:
            raise KeyboardInterrupt
        self.asked.append(len(cores))
        return [SimpleNamespace(rob=float(core.rob)) for core in cores]


@pytest.fixture
def simulated(monkeypatch):
    made = Simulator()
    monkeypatch.setattr(module, "simulations", made)
    monkeypatch.setattr(module, "_row", lambda run: dict.fromkeys(KEPT, run.rob))
    return made


def quiet(name, done, total):
    pass


def test_labels_are_read_back_and_extended(simulated, tmp_path):
    first = labels(NEAR, 2 * PART, tmp_path, 1, quiet)
    assert simulated.asked == [PART, PART]
    assert labels(NEAR, 2 * PART, tmp_path, 1, quiet).equals(first)
    longer = labels(NEAR, 3 * PART, tmp_path, 1, quiet)
    assert simulated.asked == [PART, PART, PART]
    assert longer.head(2 * PART).equals(first)
    assert longer["core"].tolist() == list(range(3 * PART))
    assert longer["ipc"].tolist() == drawn_cores(3 * PART)["rob"].tolist()
    assert set(longer["program"]) == {"near"}


def test_a_run_that_is_broken_loses_a_part_at_most(simulated, tmp_path):
    simulated.breaks_at = 2
    with pytest.raises(KeyboardInterrupt):
        labels(NEAR, 4 * PART, tmp_path, 1, quiet)
    assert simulated.asked == [PART, PART]
    simulated.breaks_at = None
    broken = labels(NEAR, 4 * PART, tmp_path, 1, quiet)
    assert simulated.asked == [PART] * 4
    assert broken.equals(labels(NEAR, 4 * PART, tmp_path / "undisturbed", 1, quiet))


def test_a_part_that_was_half_written_is_made_again(simulated, tmp_path, monkeypatch):
    def torn(frame, path):
        path.write_bytes(b"PAR1 and no more")
        raise OSError("disk full")

    with monkeypatch.context() as broken:
        broken.setattr("pandas.DataFrame.to_parquet", torn)
        with pytest.raises(OSError, match="disk full"):
            labels(NEAR, PART, tmp_path, 1, quiet)
    assert labels(NEAR, PART, tmp_path, 1, quiet)["ipc"].tolist() == drawn_cores(PART)["rob"].tolist()
    assert simulated.asked == [PART, PART]


def test_a_last_part_that_was_shorter_is_not_taken_for_a_whole_one(simulated, tmp_path):
    labels(NEAR, PART // 2, tmp_path, 1, quiet)
    assert len(labels(NEAR, PART, tmp_path, 1, quiet)) == PART
    assert simulated.asked == [PART // 2, PART]


def test_the_fingerprint_moves_with_the_trace_and_the_simulator(monkeypatch):
    first = fingerprint(NEAR)
    assert first == fingerprint(tiny_program("near", 0))
    changed = {"which": NEAR.which[::-1].copy(), "operand_address": NEAR.operand_address + 64, "taken": ~NEAR.taken}
    moved = {fingerprint(replace(NEAR, **{name: values})) for name, values in changed.items()}
    with monkeypatch.context() as other:
        other.setattr(module, "WARMUP", 7)
        moved.add(fingerprint(NEAR))
    with monkeypatch.context() as other:
        other.setattr(module, "_simulator_stamp", lambda: "edited")
        moved.add(fingerprint(NEAR))
    assert len(moved - {first}) == 5
    assert all(len(one) == 12 for one in moved)


def test_another_trace_has_labels_of_its_own(simulated, tmp_path):
    labels(NEAR, PART, tmp_path, 1, quiet)
    labels(tiny_program("near", 1), PART, tmp_path, 1, quiet)
    assert simulated.asked == [PART, PART]


def test_progress_counts_cores(simulated, tmp_path):
    told = []
    labels(NEAR, PART + 36, tmp_path, 1, lambda *words: told.append(words))
    assert told == [("near", PART, PART + 36), ("near", PART + 36, PART + 36)]


def test_labels_are_what_the_simulator_says(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "WARMUP", 400)
    found = labels(NEAR, 3, tmp_path, 1, quiet)
    for place, core in enumerate(core_settings(drawn_cores(3))):
        run = simulate(NEAR, core, warmup=400)
        known = {f"{name}_mpki": rate for name, rate in run.mpki.items()} | timed_rates(run)
        assert {name: found[name].iloc[place] for name in KEPT} == {name: known[name] for name in KEPT}
