"""Splits: what is held out is nowhere among what is learned from."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from sklearn.model_selection import train_test_split

from codesign.errors import ModelInputError
from codesign.models.cpu.splits import both_held_out, fold_labels, groups_held_out, random_folds, random_rows

LABELS = st.lists(st.sampled_from("abcdefgh"), min_size=2, max_size=60).filter(lambda found: len(set(found)) > 1)


@given(LABELS, st.integers(0, 5), st.data())
def test_no_group_is_on_both_sides_and_every_row_is_tested_once(labels, seed, data):
    labels = np.array(labels)
    folds = data.draw(st.none() | st.integers(2, len(set(labels))))
    found = groups_held_out(labels, "program", folds, seed)
    assert len(found) == (folds or len(set(labels)))
    for fold in found:
        assert not set(labels[fold.train]) & set(labels[fold.test])
        assert sorted([*fold.train, *fold.test]) == list(range(len(labels)))
    assert sorted(np.concatenate([fold.test for fold in found])) == list(range(len(labels)))


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.integers(0, 4)), min_size=4, max_size=60), st.integers(0, 5))
def test_neither_label_is_on_both_sides(pairs, seed):
    first, second = (np.array(column) for column in zip(*pairs, strict=True))
    assume(len(set(first)) > 1 and len(set(second)) > 1)
    found = both_held_out(first, second, ("program", "core"), (2, None), seed)
    assert found
    tested = [row for fold in found for row in fold.test]
    assert len(tested) == len(set(tested))
    for fold in found:
        assert not set(first[fold.train]) & set(first[fold.test])
        assert not set(second[fold.train]) & set(second[fold.test])
        assert len(fold.train)
        assert len(fold.test)


def test_all_pairs_of_a_full_table_are_tested_once():
    first, second = np.repeat(["a", "b", "c", "d"], 6), np.tile(np.arange(6), 4)
    found = both_held_out(first, second, ("program", "core"), (2, 3), 0)
    assert len(found) == 2 * 3
    assert sorted(np.concatenate([fold.test for fold in found])) == list(range(24))
    assert {(len(fold.train), len(fold.test)) for fold in found} == {(2 * 4, 2 * 2)}


def test_a_pair_without_rows_on_one_side_gives_no_fold():
    """Program a ran on both cores, b on one: (a, 0) leaves nothing to learn from, (b, 1) nothing to test."""
    found = both_held_out(np.array(["a", "a", "b"]), np.array([0, 1, 0]), ("program", "core"), (None, None), 0)
    assert [(fold.held_out, fold.train.tolist(), fold.test.tolist()) for fold in found] == [
        ("program a; core 1", [2], [1]),
        ("program b; core 0", [1], [2]),
    ]


@given(LABELS, st.randoms(use_true_random=False))
def test_folds_depend_on_the_labels_alone(labels, shuffle):
    mixed = list(labels) * 2
    shuffle.shuffle(mixed)
    for one, other in zip(
        fold_labels(np.array(labels), "core", 2, 3), fold_labels(np.array(mixed), "core", 2, 3), strict=True
    ):
        assert one.tolist() == other.tolist()


def test_another_seed_draws_other_folds():
    labels = np.arange(100)
    drawn = {tuple(fold_labels(labels, "core", 5, seed)[0].tolist()) for seed in range(5)}
    assert len(drawn) == 5


def test_random_rows_are_those_of_scikit_learn():
    rows = np.arange(576)
    (fold,) = random_rows(576, 0.2, 42)
    train, test = train_test_split(rows, test_size=0.2, random_state=42)
    assert (fold.train.tolist(), fold.test.tolist()) == (train.tolist(), test.tolist())
    assert len(fold.test) == 116


@given(st.integers(2, 80), st.integers(0, 5), st.data())
def test_random_folds_test_every_row_once(rows, seed, data):
    found = random_folds(rows, data.draw(st.integers(2, rows)), seed)
    assert sorted(np.concatenate([fold.test for fold in found])) == list(range(rows))
    for fold in found:
        assert sorted([*fold.train, *fold.test]) == list(range(rows))
    sizes = [len(fold.test) for fold in found]
    assert max(sizes) - min(sizes) <= 1


def test_folds_say_what_is_held_out():
    labels = np.array(["gzip", "awk", "awk", "bfs"])
    assert [fold.held_out for fold in groups_held_out(labels, "program", None, 0)] == [
        "program awk",
        "program bfs",
        "program gzip",
    ]
    (first, second) = groups_held_out(labels, "program", 2, 0)
    assert {first.held_out[:7], second.held_out[:7]} == {"2 progr", "program"}


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: groups_held_out(np.array(["a", "a"]), "program", None, 0),
            "1 folds of programs: at least 2 are needed",
        ),
        (lambda: groups_held_out(np.array(["a", "b"]), "core", 3, 0), "3 folds of cores: the table has only 2"),
        (lambda: groups_held_out(np.array(["a", "b"]), "core", 1, 0), "1 folds of cores: at least 2"),
        (lambda: random_rows(4, 0.9, 0), "a test share of 0.9 of 4 rows leaves nothing on one side"),
        (lambda: random_rows(4, 0.0, 0), "leaves nothing on one side"),
        (
            lambda: both_held_out(np.array(["a", "b"]), np.array([0, 0]), ("program", "core"), (2, None), 0),
            "1 folds of cores",
        ),
    ],
)
def test_what_can_not_be_split_is_refused(call, message):
    with pytest.raises(ModelInputError, match=message):
        call()
