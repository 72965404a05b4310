"""Tests of resampling: chunks that fit into memory cover all units."""

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from sknames._draws.resampling import (
    CHUNK,
    DrawnUnits,
    Seeds,
    deviations_of_sums,
    digest_of_rows,
    resample,
    scores_of_rows,
)


def seeds_of(n_draws, digest=5):
    question = SimpleNamespace(n_draws=n_draws, seed=0)
    return Seeds(question, SimpleNamespace(digest=digest))


def drawn(n_units, n_draws, seed):
    return seeds_of(n_draws).draw(np.ones(n_units, dtype=int), seed)


@pytest.mark.parametrize("most_kept", [0, 20 * 300 - 1, 20 * 300])
def test_draws_of_clusters_do_not_depend_on_selection_or_cache_size(most_kept):
    seeds = seeds_of(20)

    def counts_of(chosen):
        chunks = seeds.draw_clusters(chosen, 300, most_kept)
        return np.concatenate([counts for _, counts in chunks])

    expected = np.concatenate([counts for _, counts in drawn(300, 20, [0, 0, 5, 3])])
    assert_array_equal(counts_of(np.arange(300)), expected)
    chosen = np.array([2, 7, 299])
    for _ in range(2):
        assert_array_equal(counts_of(chosen), expected[:, chosen])


def test_chunks_of_resamples_cover_all_draws_and_units():
    counts = np.ones(CHUNK // 3, dtype=int)
    chunks = [*seeds_of(5).draw(counts, 0)]
    assert [rows for rows, _ in chunks] == [slice(0, 3), slice(3, 5)]
    for rows, drawn in chunks:
        assert len(drawn) == rows.stop - rows.start
        assert_array_equal(drawn.sum(axis=1), len(counts))


@settings(deadline=None, derandomize=True)
@given(rows=st.lists(st.tuples(st.integers(0, 9), st.integers(1, 4)), min_size=1))
def test_digest_of_rows_depends_on_keys_and_weights_but_not_on_order(rows):
    keys, weights = np.array(rows).T
    expected = digest_of_rows([keys], weights)
    assert digest_of_rows([keys[::-1]], weights[::-1]) == expected
    assert digest_of_rows([keys], 1e-9 * weights) == expected
    repeated = keys.repeat(weights)
    assert digest_of_rows([repeated], np.ones(len(repeated))) == expected
    with_blank = np.append(keys, 99)
    assert digest_of_rows([with_blank], np.append(weights, 0)) == expected
    other_keys = np.append(keys[:-1], keys[-1] + 10)
    assert digest_of_rows([other_keys], weights) != expected
    if len({*keys}) > 1:
        heavier = np.where(keys == keys[0], 5 * weights, weights)
        assert digest_of_rows([keys], heavier) != expected


def test_digest_of_rows_depends_on_pairing_of_columns():
    keys = np.array([1, 2])
    expected = digest_of_rows([keys, np.array([1, 2])], np.ones(2))
    assert digest_of_rows([keys, np.array([2, 1])], np.ones(2)) != expected
    assert expected < 2**64


def test_bootstrap_variance_has_small_sample_correction():
    """A unit without influence, such as a cluster of other rows, does not count."""
    influences = np.array([[1.0, 3], [-1, 0], [0, -3], [0, 0]])
    deviations = deviations_of_sums([(influences, drawn(4, 40_000, 0))], 40_000)
    # Each of four units is drawn once on average, with a variance of 3 / 4, and a
    # covariance of -1 / 4. The influences sum to 0, so the variance is the sum of
    # their squares, here times 3 / 2 for three units with influence.
    expected = (influences**2).sum(axis=0) * 3 / 2
    assert deviations.var(axis=0) == pytest.approx(expected, rel=0.05)
    assert abs(deviations.mean(axis=0)).max() < 0.05


def test_deviations_of_combined_units_are_sums_of_separate_deviations():
    influences = np.array([[1.0, 3], [-1, 0], [0, -3], [0, 5], [0, -5]])
    one = (influences[:3], drawn(3, 50, 1))
    none = (influences[:0], drawn(0, 50, 3))
    other = (influences[3:], drawn(2, 50, 2))
    together = deviations_of_sums([one, none, other], 50)
    first = deviations_of_sums([(influences[:3], drawn(3, 50, 1))], 50)
    second = deviations_of_sums([(influences[3:], drawn(2, 50, 2))], 50)
    first /= np.sqrt(3 / 2)
    second /= np.sqrt(2)
    assert_allclose(together, (first + second) * np.sqrt(5 / 4))


@pytest.mark.parametrize("share_of_last, moves", [(0.1, False), (0.05, True)])
def test_resample_with_each_unit_once_has_shares_of_list(share_of_last, moves):
    """Among 12 names, a class with less than one keeps its negative gradient."""
    share = np.array([0.5, 0.5 - share_of_last, share_of_last])
    ratios = np.random.default_rng(0).random((12, 3)) * [1, 1, 0.1]
    ones = np.ones(12)
    names = SimpleNamespace(ratios=ratios, weights=ones, counts=ones, n=12)
    each_once = [(slice(0, 2), np.ones((2, 12)))]
    units = DrawnUnits(scores_of_rows(ratios, ones, share), ones, each_once)
    found = resample(names, share, np.zeros((2, 3)), [units], factor=2.0)
    if moves:
        assert (found[:, 2] < share[2] - 0.01).all()
    else:
        assert_allclose(found, [share, share], atol=1e-8)
