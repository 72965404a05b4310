"""Tests of training rows: equal rows are merged, and some are held out."""

from collections import Counter
from itertools import permutations

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from sknames._training.rows import Rows


def split(rows, fraction, rng):
    """Split rows, and check that equal codes stay on one side."""
    train, valid = rows.split(fraction, rng)
    codes_of_train = {row.tobytes() for row in train.codes}
    codes_of_valid = {row.tobytes() for row in valid.codes}
    assert codes_of_train.isdisjoint(codes_of_valid)
    assert codes_of_train | codes_of_valid == {row.tobytes() for row in rows.codes}
    assert len(train) + len(valid) == len(rows)
    return train, valid


# Sums of floating point numbers depend on their order: (1e16 + 1) + 1 is less than (1 +
# 1) + 1e16.
TRIPLES = [(1e16, 1.0, 1.0), (0.1, 0.2, 0.3), (0.5, 1.0, 1e16)]


@pytest.mark.parametrize("triple", TRIPLES, ids=str)
def test_merged_weights_are_identical_in_any_order_of_rows(triple):
    sums = set()
    for weights in permutations(triple):
        merged = Rows.merged(np.ones((3, 2)), np.zeros(3), np.array(weights))
        sums.add(merged.weights.item())
    possible_sums = {a + b + c for a, b, c in permutations(triple)}
    assert len(possible_sums) > 1
    assert len(sums) == len(sums & possible_sums) == 1


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.uint32])
def test_merging_equal_rows_adds_weights_and_sorts_rows(dtype):
    rng = np.random.RandomState(0)
    # Both bytes of a large code differ.
    codes = rng.randint(0, 3, size=(60, 9)).astype(dtype) * (np.iinfo(dtype).max // 2)
    codes[:, 2:8] = 1  # Rows may differ only after eight bytes.
    # With few labels, adjacent rows with different codes often have the same label.
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
def test_split_holds_out_fraction_of_distinct_rows_and_at_least_one(
    fraction, n_held_out
):
    # Each code occurs with two labels.
    codes = np.arange(1, 21, dtype=np.uint8).repeat(2)[:, None]
    rows = Rows(codes, np.tile([0, 1], 20), np.arange(40))
    held_out_once = set()
    for seed in range(20):
        train, valid = split(rows, fraction, np.random.RandomState(seed))
        assert sorted([*train.weights, *valid.weights]) == list(range(40))
        assert len(valid) == 2 * n_held_out
        assert_array_equal(valid.codes, codes[valid.weights])
        assert_array_equal(valid.labels, valid.weights % 2)
        held_out_once |= {*valid.weights.tolist()}
    assert len(held_out_once) > 10


@pytest.mark.parametrize("seed", range(3))
def test_split_keeps_at_least_one_row_of_each_class_in_training(seed):
    rng = np.random.RandomState(seed)
    codes = rng.randint(1, 5, size=(60, 2)).astype(np.uint8)
    y = rng.choice(3, p=[0.6, 0.38, 0.02], size=60)
    y[0] = 3  # only once
    train, _ = split(Rows.merged(codes, y, np.ones(60)), 0.5, rng)
    assert set(train.labels) == set(y)
