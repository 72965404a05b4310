"""Compare the tree of prefixes with a set of Python tuples."""

from collections import Counter

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sknames._network.prefixes import (
    plan_prefixes,
)


def pad(rows, length=None, dtype=np.uint8):
    """Rows of symbols as an array, padded with 0 on the right."""
    if length is None:
        length = max(map(len, rows))
    codes = np.zeros((len(rows), length), dtype=dtype)
    for code, row in zip(codes, rows, strict=True):
        code[: len(row)] = row
    return codes


def random_rows(n, length, n_symbols, seed=0):
    rng = np.random.RandomState(seed)
    rows = []
    for _ in range(n):
        symbols = rng.randint(1, n_symbols + 1, size=rng.randint(length + 1))
        rows.append(tuple(symbols.tolist()))
    return rows


def node_prefixes(plan):
    """The prefix of each node, read off its parents."""
    prefixes = [()]
    nodes = zip(plan.symbols.tolist(), plan.parents.tolist(), strict=True)
    for symbol, parent in [*nodes][1:]:
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
        [(1,) * 9, (1,) * 8, (1,) * 16 + (2,), (1,) * 16],
        17,
        np.uint8,
    ),
    "all empty": ([()] * 3, 4, np.uint8),
}
each_case = pytest.mark.parametrize("rows, length, dtype", CASES.values(), ids=CASES)
each_way = pytest.mark.parametrize("share, kept", [(True, set), (False, list)])
each_order = pytest.mark.parametrize(
    "is_sorted, arrange", [(False, list), (True, sorted)]
)


@each_case
@each_way
@each_order
def test_nodes_of_prefix_plan_are_prefixes_sorted_by_depth(
    rows, length, dtype, share, kept, is_sorted, arrange
):
    rows = arrange(rows)
    codes = pad(rows, length, dtype)
    before = codes.copy()
    plan = plan_prefixes(codes, share=share, is_sorted=is_sorted)
    assert_array_equal(codes, before)
    expected = [row[:depth] for row in rows for depth in range(1, 1 + len(row))]
    prefixes = node_prefixes(plan)
    assert [prefixes[end] for end in plan.ends] == rows
    assert Counter(prefixes[1:]) == Counter(kept(expected))
    assert plan.symbols.dtype == dtype
    assert (plan.symbols[0], plan.parents[0]) == (0, 0)
    depths = np.array([len(prefix) for prefix in prefixes])
    assert {type(bound) for bound in plan.bounds} == {int}
    assert plan.bounds[0] == 1
    assert plan.bounds[-1] == len(plan.symbols)
    bounds = list(plan.depths())
    assert len(bounds) == max(1, *map(len, rows))
    for depth, (first, last) in enumerate(bounds, start=1):
        assert (depths[first:last] == depth).all()


@each_case
@pytest.mark.parametrize("share", [True, False])
def test_node_weights_sum_weights_of_rows_through_node(rows, length, dtype, share):
    weights = np.random.RandomState(1).uniform(0.5, 2, size=len(rows))
    plan = plan_prefixes(pad(rows, length, dtype), share=share)
    expected = np.zeros(len(plan.symbols))
    expected[0] = weights.sum()
    for end, row, weight in zip(plan.ends, rows, weights, strict=True):
        node = end
        for _ in row:
            expected[node] += weight
            node = plan.parents[node]
    assert_allclose(plan.node_weights(weights), expected, rtol=1e-12)


def test_prefix_plan_supports_more_than_65535_nodes():
    codes = np.random.RandomState(0).randint(1, 250, size=(7_500, 9)).astype(np.uint8)
    plan = plan_prefixes(codes, share=False)
    assert len(plan.symbols) == 1 + codes.size > 2**16
    nodes = plan.ends
    for column in codes.T[::-1]:
        assert_array_equal(plan.symbols[nodes], column)
        nodes = plan.parents[nodes]
    assert not nodes.any()
