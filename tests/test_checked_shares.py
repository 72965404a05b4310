"""How checked rows correct shares, and when they do not look like a random sample."""

import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose

from sknames._draws.checked_shares import check_draw, correct_by_checked
from tools.measuring import list_of_rows


def as_rows(is_a, of_a):
    """Return the probabilities of rows whose first label has one of two values."""
    first = np.where(is_a, of_a, 1 - of_a)
    return np.column_stack([first, 1 - first])


def correct(predictions, label_index, clusters=None):
    weights = np.ones(len(predictions))
    return correct_by_checked(predictions, weights, label_index, clusters)


def test_influence_of_a_cluster_is_the_derivative_by_its_weight():
    """The factor of the predictions is a slope, and does not depend on the weight."""
    rng = np.random.default_rng(0)
    predictions = rng.dirichlet(np.full(3, 0.2), size=60)
    weights = rng.integers(1, 4, 60).astype(float)
    is_checked = rng.random(60) < 0.5
    labels = np.where(rng.random(60) < 0.6, predictions.argmax(axis=1), 2)
    index = rng.permutation(60) % 15
    label_index = np.where(is_checked, labels, -1)
    given = {"clusters": np.char.zfill(index.astype(str), 2)}
    clusters = list_of_rows(predictions, np.arange(3), given).clusters
    found = correct_by_checked(predictions, weights, label_index, clusters)
    truth = np.eye(3)[labels[is_checked]]
    of_checked = weights[is_checked]
    centered = predictions[is_checked] - np.average(
        predictions[is_checked], axis=0, weights=of_checked
    )
    slope = (of_checked @ (truth * centered)).sum() / (of_checked @ centered**2).sum()
    assert 0.1 < slope < 0.9

    def shares(weights):
        errors = truth - slope * predictions[is_checked]
        mean = np.average(predictions, axis=0, weights=weights)
        return slope * mean + np.average(errors, axis=0, weights=weights[is_checked])

    assert_allclose(found.share, shares(weights))
    for k in range(15):
        step = np.where(index == k, 1e-5, 0)
        more = shares(weights * (1 + step))
        less = shares(weights * (1 - step))
        assert_allclose(found.influences[k], (more - less) / 2e-5, atol=1e-8)
    of_clusters = np.bincount(index[is_checked], of_checked, minlength=15)
    n_effective = of_clusters.sum() ** 2 / (of_clusters**2).sum()
    assert found.n_effective == pytest.approx(n_effective)


def test_expected_covariance_is_that_of_labels_drawn_from_predictions():
    """Only the choice of 30 of 60 rows is random."""
    rng = np.random.default_rng(0)
    predictions = rng.dirichlet(np.full(3, 0.2), size=60)
    labels = np.where(rng.random(60) < 0.6, predictions.argmax(axis=1), 2)
    is_checked = np.arange(60) % 2 == 1
    found = correct(predictions, np.where(is_checked, labels, -1))
    centered = predictions[is_checked] - predictions[is_checked].mean(axis=0)
    slope = (np.eye(3)[labels[is_checked]] * centered).sum() / (centered**2).sum()
    assert 0.1 < slope < 0.9
    errors = np.eye(3) - slope * predictions[:, None]  # by row and label
    of_row = np.cov(errors.reshape(-1, 3).T, aweights=predictions.ravel(), ddof=0)
    assert_allclose(found.expected_covariance, of_row / 30 * (1 - 30 / 60))


def test_predictions_that_are_equal_in_all_checked_rows_are_not_rescaled():
    """Checked rows cannot show how far predictions differ from the mean."""
    predictions = np.array([[0.5, 0.5]] * 4 + [[0.9, 0.1]] * 4)
    label_index = np.array([0, 0, 0, 1, -1, -1, -1, -1])
    mean_error = 3 / 4 - 0.5
    assert correct(predictions, label_index).share[0] == pytest.approx(0.7 + mean_error)


@pytest.mark.parametrize("of_a, share_of_a", [(0.6, 0.5 + 0.2 / 8), (0.4, 0.5)])
def test_regression_slope_on_predictions_is_clipped_to_0_and_1(of_a, share_of_a):
    """Too cautious predictions would have the slope 5, and opposite ones, -5.

    Of eight rows, five are alike; of four checked ones, two.
    """
    is_a = np.array([True, True, False, False, True, True, True, False])
    label_index = np.where(np.arange(8) < 4, ~is_a, -1)
    predictions = as_rows(is_a, of_a)
    assert correct(predictions, label_index).share[0] == pytest.approx(share_of_a)


def warns_of_draw(labels, is_checked):
    """Return whether checked rows of certain predictions look unlike the others."""
    names = list_of_rows(
        np.eye(labels.max() + 1)[labels],
        np.arange(labels.max() + 1),
        {"label_index": np.where(is_checked, 0, -1)},
    )
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        check_draw(names.probabilities, names)
    return any("differ from the others" in str(w.message) for w in caught)


@pytest.mark.parametrize("n_rare, is_tested", [(19, False), (20, True)])
@pytest.mark.parametrize("side", [0, 1])
def test_label_with_fewer_than_five_expected_rows_is_not_checked_for_random_draw(
    n_rare, is_tested, side
):
    """Sides have 100 and 300 rows. Of both, 81 % or so have the frequent label.

    The rare label has n_rare of 400 rows, all of them on the smaller side; others that
    have 19 each are on the larger side.
    """
    smaller = np.repeat([1, 0], [n_rare, 100 - n_rare])
    larger = np.repeat([2, 3, 4, 0], [19, 19, 19, 243])
    labels = np.append(smaller, larger)
    is_checked = (np.arange(400) < 100) == (side == 0)
    # Checked rows at the beginning of a list get another warning.
    assert warns_of_draw(np.roll(labels, 50), np.roll(is_checked, 50)) == is_tested


@pytest.mark.parametrize("gap, is_warned", [(28, False), (30, True)])
def test_check_of_random_draw_adjusts_its_limit_for_number_of_scores(gap, is_warned):
    """A z of gap / 10; that of .01 / 2 / 3 is 2.935, for two labels and the largest."""
    n_of_first = np.array([100 + gap // 2, 100 - gap // 2])
    labels = np.concatenate([np.repeat([0, 1], [n, 200 - n]) for n in n_of_first])
    is_checked = np.arange(400) >= 200
    assert warns_of_draw(labels, is_checked) == is_warned
