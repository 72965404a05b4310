"""Rows before training: equal ones merged, some held out."""

from itertools import permutations

import numpy as np
import pytest

from sknames._training.rows import Rows


def merge(codes, y, weights):
    rows = Rows.merged(codes, y, weights)
    return rows.codes, rows.labels, rows.weights


def split(codes, y, fraction, rng):
    """Indices of the rows on each side: a row's weight is its number."""
    rows = Rows(codes, y, np.arange(len(y)))
    train, valid = rows.split(fraction, rng)
    for part in (train, valid):
        if part is not None:
            np.testing.assert_array_equal(part.codes, codes[part.weights])
            np.testing.assert_array_equal(part.labels, y[part.weights])
    return train.weights, np.array([], int) if valid is None else valid.weights


# Sums of floating point numbers depend on their order: (1e16 + 1) + 1 is less than (1 +
# 1) + 1e16.
TRIPLES = [(1e16, 1.0, 1.0), (0.1, 0.2, 0.3), (0.5, 1.0, 1e16)]


@pytest.mark.parametrize("weights", TRIPLES, ids=str)
def test_merge_to_the_same_bits_in_any_order(weights):
    # Three equal rows between a row of other codes and one of another label.
    codes = np.array([[2, 1]] * 3 + [[1, 0], [2, 1]], dtype=np.uint8)
    y, weights = np.array([0, 0, 0, 0, 1]), np.array([*weights, 5.0, 7.0])
    assert len({sum(order) for order in permutations(weights[:3])}) > 1
    expected = None
    for order in permutations(range(5)):
        order = list(order)
        merged = merge(codes[order], y[order], weights[order])
        expected = merged if expected is None else expected
        for found, part in zip(merged, expected, strict=True):
            np.testing.assert_array_equal(found, part)
    codes, y, sums = expected
    assert codes.tolist() == [[1, 0], [2, 1], [2, 1]] and y.tolist() == [0, 0, 1]
    assert sums[0] == 5 and sums[2] == 7
    assert sums[1] in {sum(order) for order in permutations(weights[:3])}


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.uint32])
def test_merge_adds_weights_and_sorts_rows(dtype):
    rng = np.random.RandomState(0)
    codes = rng.randint(0, 3, size=(60, 9)).astype(dtype)
    codes[:, 2:8] = 1  # Rows are compared beyond the eight bytes of a word.
    # Few, so that neighbours of other codes have the same label.
    y, weights = (
        rng.randint(3, size=60).astype(np.int32),
        rng.randint(1, 9, size=60).astype(float),
    )
    expected = {}
    for row, label, weight in zip(
        codes.tolist(), y.tolist(), weights.tolist(), strict=True
    ):
        key = tuple(row), label
        expected[key] = expected.get(key, 0) + weight
    found_codes, found_y, sums = merge(codes, y, weights)
    keys = [
        (tuple(row), label)
        for row, label in zip(found_codes.tolist(), found_y, strict=True)
    ]
    assert keys == sorted(expected) and 20 < len(keys) < 55
    assert sums.tolist() == [expected[key] for key in keys]
    assert found_codes.dtype == dtype and found_y.dtype == np.int64


@pytest.mark.parametrize(
    "fraction, n_held_out",
    [(0.001, 1), (0.04, 1), (0.1, 2), (0.24, 5), (0.26, 5), (0.5, 10)],
)
def test_split_holds_out_a_share_of_distinct_rows_and_at_least_one(
    fraction, n_held_out
):
    # Each code has two labels, and each label most of the codes.
    codes, y = np.arange(1, 21, dtype=np.uint8).repeat(2)[:, None], np.tile([0, 1], 20)
    held_out_once = set()
    for seed in range(20):
        train, valid = split(codes, y, fraction, np.random.RandomState(seed))
        assert sorted([*train, *valid]) == list(range(40))
        assert len(np.unique(codes[valid])) == n_held_out
        assert len(valid) == 2 * n_held_out
        assert not set(codes[train].ravel()) & set(codes[valid].ravel())
        held_out_once |= set(codes[valid].ravel())
    assert len(held_out_once) > 5


@pytest.mark.parametrize("seed", range(3))
def test_split_keeps_a_row_of_each_class_in_training(seed):
    rng = np.random.RandomState(seed)
    y = rng.choice(3, p=[0.6, 0.38, 0.02], size=60)
    y[0] = 3  # only once
    rows = Rows.merged(rng.randint(1, 5, size=(60, 2)).astype(np.uint8), y, np.ones(60))
    train, valid = rows.split(0.5, rng)
    assert set(train.labels) == set(y)
    codes = [{row.tobytes() for row in part.codes} for part in (train, valid)]
    assert not codes[0] & codes[1] and len(codes[0] | codes[1]) == len(
        np.unique(rows.codes, axis=0)
    )
