"""The tree of prefixes against a plain one: a set of Python tuples."""

from collections import Counter

import numpy as np
import pytest

from sknames._network.prefixes import (
    plan_prefixes,
    row_keys,
    row_lengths,
    sort_rows,
)


def pad(rows, length=None, dtype=np.uint8):
    """Rows of symbols as an array, padded with 0 on the right."""
    length = max(map(len, rows), default=0) if length is None else length
    codes = np.zeros((len(rows), length), dtype=dtype)
    for code, row in zip(codes, rows, strict=True):
        code[: len(row)] = row
    return codes


def random_rows(n, length, n_symbols, seed=0):
    rng = np.random.RandomState(seed)
    return [
        tuple(rng.randint(1, n_symbols + 1, size=rng.randint(length + 1)).tolist())
        for _ in range(n)
    ]


def node_prefixes(plan):
    """The prefix of each node, read off its parents."""
    prefixes = [()]
    for symbol, parent in zip(
        plan.symbols[1:].tolist(), plan.parents[1:].tolist(), strict=True
    ):
        prefixes.append((*prefixes[parent], symbol))
    return prefixes


CASES = {
    "short rows": (random_rows(60, 6, 3), None, np.uint8),
    "uint16": (random_rows(60, 6, 400), 9, np.uint16),
    "uint32": (random_rows(60, 5, 100_000), 6, np.uint32),
    "low bytes equal": ([(1,), (257,), (1, 513), (257, 1), (1, 1)], 5, np.uint16),
    "high bytes equal": ([(255, 255), (255, 254), (255,)], 3, np.uint8),
    "wide": (random_rows(20, 300, 2) + [(1,) * 300, (1,) * 299], 320, np.uint8),
    "longer than a word of the sort": (
        [(1,) * 9, (1,) * 8, (1,) * 16 + (2,)],
        17,
        np.uint8,
    ),
    "duplicates": ([(2, 1), (1,), (2, 1), (1,), (2, 1)], 4, np.uint8),
    "some empty": ([(), (1, 2), (), (1,)], 3, np.uint8),
    "all empty": ([()] * 3, 4, np.uint8),
    "no columns": ([()] * 3, 0, np.uint8),
    "no rows, no columns": ([], 0, np.uint8),
}
each_case = pytest.mark.parametrize("rows, length, dtype", CASES.values(), ids=CASES)
each_way = pytest.mark.parametrize(
    "share, is_sorted", [(True, False), (True, True), (False, False), (False, True)]
)


@each_case
@each_way
def test_nodes_are_the_prefixes(rows, length, dtype, share, is_sorted):
    rows = sorted(rows) if is_sorted else rows
    codes = pad(rows, length, dtype)
    before = codes.copy()
    plan = plan_prefixes(codes, share=share, is_sorted=is_sorted)
    np.testing.assert_array_equal(codes, before)
    expected = [row[:depth] for row in rows for depth in range(1, len(row) + 1)]
    found = node_prefixes(plan)
    assert plan.symbols.dtype == dtype
    assert len(plan.parents) == len(plan.symbols)
    assert found[0] == () and plan.symbols[0] == 0 and plan.parents[0] == 0
    assert Counter(found[1:]) == Counter(set(expected) if share else expected)
    assert [found[end] for end in plan.ends] == rows
    bounds = list(plan.depths())
    assert len(bounds) == max(map(len, rows), default=0)
    assert all(isinstance(bound, int) for bound in plan.bounds)
    assert plan.bounds[0] == 1 and plan.bounds[-1] == len(plan.symbols)
    depths = np.array([len(prefix) for prefix in found])
    for depth, (first, last) in enumerate(bounds, start=1):
        assert last > first
        assert (depths[first:last] == depth).all()
        assert (depths[plan.parents[first:last]] == depth - 1).all()
    # Weights of nodes sum over rows.
    weights = np.random.RandomState(1).uniform(0.5, 2, size=len(rows))
    if share:
        expected = [
            sum(
                w
                for row, w in zip(rows, weights, strict=True)
                if row[: len(prefix)] == prefix
            )
            for prefix in found
        ]
    else:
        expected = np.zeros(len(plan.symbols))
        expected[0] = weights.sum()
        for end, row, weight in zip(plan.ends, rows, weights, strict=True):
            for _ in row:
                expected[end] = weight
                end = plan.parents[end]
    np.testing.assert_allclose(plan.node_weights(weights), expected, rtol=1e-12)


@each_case
def test_sort_is_that_of_python(rows, length, dtype):
    codes = pad(rows, length, dtype)
    order, new = sort_rows(codes)
    in_order = codes[order].tolist()
    assert new.tolist() == [
        i == 0 or in_order[i - 1] != row for i, row in enumerate(in_order)
    ]
    assert sorted(order) == list(range(len(rows)))
    assert [rows[i] for i in order] == sorted(rows)
    keys = row_keys(codes)
    assert all(key.dtype == np.uint64 and key.shape == (len(rows),) for key in keys)
    words = (
        list(zip(*map(np.ndarray.tolist, keys), strict=True))
        if keys
        else [()] * len(rows)
    )
    assert sorted(words) == [words[i] for i in order]
    assert len(set(words)) == len(set(rows))
    np.testing.assert_array_equal(row_lengths(codes), list(map(len, rows)))


def test_more_nodes_than_16_bits_count():
    codes = np.random.RandomState(0).randint(1, 250, size=(7_500, 9)).astype(np.uint8)
    plan = plan_prefixes(codes, share=False)
    assert len(plan.symbols) == 1 + codes.size > 2**16
    nodes = plan.ends
    for column in codes.T[::-1]:
        np.testing.assert_array_equal(plan.symbols[nodes], column)
        nodes = plan.parents[nodes]
    assert not nodes.any()
