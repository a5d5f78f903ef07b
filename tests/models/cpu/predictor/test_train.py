"""Training from end to end, on tiny programs and few cores."""

import json
from dataclasses import replace
from types import SimpleNamespace

import pytest

from codesign.models.cpu.design import drawn_cores
from codesign.models.cpu.features.program import load_features
from codesign.models.cpu.predictor import anchors as anchors_module
from codesign.models.cpu.predictor import evaluation, labels, rows, train
from codesign.models.cpu.predictor.artefact import load_predictor
from codesign.models.cpu.predictor.evaluation import LEVELS
from codesign.models.cpu.splits_protocol import SPLITS

from .conftest import tiny_program

PROGRAMS = {"near": 0, "far": 1, "third": 2}
WARMUP, CORES = 400, 40


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Trained on three programs of two families, 160 anchors over the same sets of caches, two folds."""
    families = {"near": "a", "far": "b", "third": "b"}
    records = {name: SimpleNamespace(family=family) for name, family in families.items()}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(train, "recorded_programs", lambda: records)
        patch.setattr(train, "instruction_trace", lambda name: tiny_program(name, PROGRAMS[name]))
        patch.setattr(evaluation, "PROTOCOL", replace(evaluation.PROTOCOL, program_folds=2, core_folds=2))
        patch.setattr(rows, "SCALE_ANCHORS", 48)
        patch.setattr(anchors_module, "ANCHORS", 160)
        for module in (anchors_module, labels, train):
            patch.setattr(module, "WARMUP", WARMUP)
        forget()
        made = tmp_path_factory.mktemp("training")
        run(made / "cache", made / "first")
        yield made
        forget()


def forget():
    for held in (anchors_module.anchors, anchors_module._settings):
        held.cache_clear()


def run(cache, out):
    train.main(["--cores", str(CORES), "--cache", str(cache), "--out", str(out), "--threads", "1"])


def test_errors_are_written_by_split_and_program(folder):
    record = json.loads((folder / "first/errors.json").read_text())
    assert (record["programs"], record["families"], record["cores"]) == (3, 2, CORES)
    assert {row["split"] for row in record["errors"]} == set(SPLITS)
    assert {row["program"] for row in record["errors_by_program"]} == set(PROGRAMS)
    assert set(record["intervals_unseen"]) == set(record["intervals_seen"]) == {f"{level:g}" for level in LEVELS}


def test_the_predictor_knows_every_program_and_its_labels(folder):
    """Told again on the cores that it learned from: within a quarter, of so few and so short programs."""
    predictor, cores = load_predictor(folder / "first/predictor.npz"), drawn_cores(CORES)
    assert set(predictor.programs) == set(PROGRAMS)
    assert tuple(predictor.factors) == LEVELS
    for name, seed in PROGRAMS.items():
        features = load_features(folder / f"first/features/{name}.npz")
        truth = labels.labels(tiny_program(name, seed), CORES, folder / "cache/labels", 1, lambda *words: None)["ipc"]
        assert truth.to_numpy() == pytest.approx(predictor.programs[name].ipc, rel=1e-6)
        told = predictor.of_program(features).predict(cores)["ipc"]
        assert told.to_numpy() == pytest.approx(truth.to_numpy(), rel=0.25)
        assert predictor.of_features(features).predict_all(cores).notna().all().all()


def test_a_second_run_reads_what_is_kept_and_gives_equal_bytes(folder, monkeypatch):
    def refused(*arguments, **options):
        raise AssertionError("made again")

    monkeypatch.setattr(labels, "simulations", refused)
    monkeypatch.setattr(anchors_module, "program_features", refused)
    run(folder / "cache", folder / "second")
    files = sorted(file.relative_to(folder / "first") for file in (folder / "first").rglob("*.*"))
    assert len(files) == 2 + len(PROGRAMS)
    for file in files:
        assert (folder / "first" / file).read_bytes() == (folder / "second" / file).read_bytes(), file
