"""Rows before training: equal ones merged, some held out."""

from collections import Counter
from itertools import permutations

import numpy as np
import pytest

from sknames._training.rows import Rows


def split(codes, y, fraction, rng):
    """Indices of the rows on each side: a row's weight is its number."""
    rows = Rows(codes, y, np.arange(len(y)))
    train, valid = rows.split(fraction, rng)
    for part in (train, valid):
        np.testing.assert_array_equal(part.codes, codes[part.weights])
        np.testing.assert_array_equal(part.labels, y[part.weights])
    return train.weights, valid.weights


# Sums of floating point numbers depend on their order: (1e16 + 1) + 1 is less than (1 +
# 1) + 1e16.
TRIPLES = [(1e16, 1.0, 1.0), (0.1, 0.2, 0.3), (0.5, 1.0, 1e16)]


@pytest.mark.parametrize("triple", TRIPLES, ids=str)
def test_merge_to_the_same_bits_in_any_order(triple):
    # Three equal rows between a row of other codes and one of another label.
    codes = np.array([[2, 1], [2, 1], [2, 1], [1, 0], [2, 1]], dtype=np.uint8)
    y = np.array([0, 0, 0, 0, 1])
    weights = np.array([*triple, 5.0, 7.0])
    possible_sums = {a + b + c for a, b, c in permutations(triple)}
    assert len(possible_sums) > 1
    sums = set()
    for order in map(list, permutations(range(5))):
        merged = Rows.merged(codes[order], y[order], weights[order])
        assert merged.codes.tolist() == [[1, 0], [2, 1], [2, 1]]
        assert merged.labels.tolist() == [0, 0, 1]
        sums.add(tuple(merged.weights.tolist()))
    ((of_first, of_triple, of_last),) = sums
    assert of_first == 5
    assert of_triple in possible_sums
    assert of_last == 7


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.uint32])
def test_merge_adds_weights_and_sorts_rows(dtype):
    rng = np.random.RandomState(0)
    codes = rng.randint(0, 3, size=(60, 9)).astype(dtype)
    codes[:, 2:8] = 1  # Rows are compared beyond the eight bytes of a word.
    # Few, so that neighbours of other codes have the same label.
    y = rng.randint(3, size=60).astype(np.int32)
    weights = rng.randint(1, 9, size=60).astype(float)
    expected = Counter()
    for row, label, weight in zip(codes.tolist(), y, weights, strict=True):
        expected[*row, label] += weight
    assert 20 < len(expected) < 55
    merged = Rows.merged(codes, y, weights)
    keys = [*map(tuple, np.column_stack([merged.codes, merged.labels]).tolist())]
    assert keys == sorted(expected)
    assert merged.weights.tolist() == [expected[key] for key in keys]
    assert merged.codes.dtype == dtype
    assert merged.labels.dtype == np.int64


@pytest.mark.parametrize(
    "fraction, n_held_out",
    [(0.001, 1), (0.04, 1), (0.1, 2), (0.24, 5), (0.26, 5), (0.5, 10)],
)
def test_split_holds_out_a_share_of_distinct_rows_and_at_least_one(
    fraction, n_held_out
):
    # Each code has two labels, and each label most of the codes.
    codes = np.arange(1, 21, dtype=np.uint8).repeat(2)[:, None]
    y = np.tile([0, 1], 20)
    held_out_once = set()
    for seed in range(20):
        train, valid = split(codes, y, fraction, np.random.RandomState(seed))
        assert sorted([*train, *valid]) == list(range(40))
        codes_of_train = set(codes[train, 0])
        codes_of_valid = set(codes[valid, 0])
        assert len(codes_of_valid) == n_held_out
        assert len(valid) == 2 * n_held_out
        assert codes_of_train.isdisjoint(codes_of_valid)
        held_out_once |= codes_of_valid
    assert len(held_out_once) > 5


@pytest.mark.parametrize("seed", range(3))
def test_split_keeps_a_row_of_each_class_in_training(seed):
    rng = np.random.RandomState(seed)
    codes = rng.randint(1, 5, size=(60, 2)).astype(np.uint8)
    y = rng.choice(3, p=[0.6, 0.38, 0.02], size=60)
    y[0] = 3  # only once
    rows = Rows.merged(codes, y, np.ones(60))
    train, valid = rows.split(0.5, rng)
    assert set(train.labels) == set(y)
    codes_of_train = {row.tobytes() for row in train.codes}
    codes_of_valid = {row.tobytes() for row in valid.codes}
    assert codes_of_train.isdisjoint(codes_of_valid)
    n_distinct = len(np.unique(rows.codes, axis=0))
    assert len(codes_of_train) + len(codes_of_valid) == n_distinct
