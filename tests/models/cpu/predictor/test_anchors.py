"""The cores on which every program is looked at."""

import numpy as np
import pytest

from codesign.errors import ModelInputError
from codesign.models.cpu.design import SPACE, core_settings, drawn_cores
from codesign.models.cpu.features.program import save_features
from codesign.models.cpu.features.response import MEMORY_SETTINGS
from codesign.models.cpu.predictor import anchors as module
from codesign.models.cpu.predictor.anchors import ANCHORS, CACHE_SETS, anchors, features_of_trace, kept_features
from codesign.models.cpu.predictor.cache_rates import cache_numbers

from .conftest import tiny_program


def test_anchors_share_their_caches():
    assert len(anchors()) == ANCHORS
    assert len(np.unique(cache_numbers(anchors()))) <= CACHE_SETS
    caches = {tuple(getattr(core, name) for name in MEMORY_SETTINGS) for core in core_settings(anchors())}
    assert len(caches) <= CACHE_SETS


def test_anchors_meet_every_value_and_every_branch_predictor():
    for name, values in SPACE.items():
        assert set(anchors()[name]) == set(values), name
    predictors = anchors()[["branch_predictor", "predictor_entries"]].drop_duplicates()
    assert len(predictors) == len(SPACE["branch_predictor"]) * len(SPACE["predictor_entries"])


def test_no_anchor_is_a_core_that_labels_are_made_for():
    labelled = drawn_cores(1024).merge(anchors(), how="inner")
    assert labelled.empty


def test_a_trace_that_only_warms_up_is_refused(monkeypatch):
    monkeypatch.setattr(module, "WARMUP", 4400)
    with pytest.raises(ModelInputError, match="'near' has 4400 instructions: a warm-up of 4400 leaves none"):
        features_of_trace(tiny_program("near", 0))


def test_kept_features_are_extracted_once(features, tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(module, "features_of_trace", lambda trace: asked.append(trace.name) or features[trace.name])
    for _ in range(2):
        found = kept_features(tiny_program("near", 0), tmp_path)
        assert found.log_cpi.tobytes() == features["near"].log_cpi.tobytes()
    save_features(features["far"], tmp_path / "far.npz")
    assert kept_features(tiny_program("far", 0), tmp_path).name == "far"
    assert asked == ["near"]
