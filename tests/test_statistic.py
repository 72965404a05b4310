"""Tests of estimate_statistic: functions of shares or rates, with intervals."""

import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose

from sknames import estimate_rates, estimate_shares, estimate_statistic
from tests.conftest import Known, draw_people

pytestmark = pytest.mark.filterwarnings("ignore:The shares are rough")

CLASSES = np.array(["Dutch", "Irish", "Turkish"])


def shares_of(mix, n=300, seed=0, labels=CLASSES, n_draws=400):
    rows, _ = draw_people(mix, n, seed)
    return estimate_shares(Known(labels), rows, n_draws=n_draws, random_state=seed)


@pytest.fixture(scope="module")
def shares():
    return shares_of([0.5, 0.3, 0.2])


@pytest.fixture(scope="module")
def others():
    return shares_of([0.2, 0.3, 0.5], seed=1)


@pytest.fixture(scope="module")
def parts():
    rows, _ = draw_people([0.5, 0.3, 0.2], 900)
    by = np.arange(900) % 9
    return estimate_shares(Known(CLASSES), rows, by=by, n_draws=400, random_state=0)


@pytest.fixture(scope="module")
def rates():
    rows, labels = draw_people([0.5, 0.3, 0.2], 1000)
    outcome = np.random.default_rng(0).random(1000) < 0.3 + 0.3 * (labels == 0)
    params = {"outcome": outcome, "n_draws": 400, "random_state": 0}
    return estimate_rates(Known(CLASSES), rows, **params)


def sure_shares_of(*n_people):
    """Return shares of names with certain labels, so many of each label."""
    rows = np.eye(3).repeat(n_people, axis=0)
    names = np.column_stack([rows, np.arange(len(rows))])
    return estimate_shares(Known(CLASSES), names, n_draws=400, random_state=0)


def simpson(share):
    return 1 - (share**2).sum()


def test_statistic_interval_is_percentiles_extended_by_twice_curvature_bias():
    shares = sure_shares_of(150, 100, 50)  # no exact limits
    found = estimate_statistic(simpson, shares)
    draws = 1 - (shares.draws**2).sum(axis=1)
    low, high = np.quantile(draws, [0.025, 0.975])
    move = 2 * (simpson(shares.draws.mean(axis=0)) - draws.mean())
    assert move > 0  # resamples are less diverse than the list
    assert (found.low, found.high) == pytest.approx((low, high + move))
    assert found.estimate == pytest.approx(simpson(shares.share))


def test_statistic_of_share_in_single_label_list_has_interval_of_that_share():
    shares = sure_shares_of(3, 0, 0)
    found = estimate_statistic(lambda share: share, shares)
    assert_allclose(found.low, [shares[label].low for label in CLASSES])
    assert_allclose(found.high, [shares[label].high for label in CLASSES])


def test_statistic_of_rate_of_0_has_interval_of_that_rate():
    """The ends are exact limits, which are shares of the label, not of the list."""
    names = np.column_stack([np.eye(3).repeat([100, 60, 40], axis=0), np.arange(200)])
    outcome = np.arange(200) % 2 * (np.arange(200) < 160)  # 0 for the third label
    params = {"outcome": outcome, "n_draws": 400, "random_state": 0}
    rates = estimate_rates(Known(CLASSES), names, **params)
    found = estimate_statistic(lambda joint: joint[2, 1] / joint[2].sum(), rates)
    row = rates["Turkish"]
    assert (found.estimate, found.low) == (0, 0)
    assert found.high == pytest.approx(row.high[1])


def test_statistic_of_difference_of_two_rates_of_0_has_exact_limits_of_both():
    lists = []
    for n in (100, 60):
        is_irish = np.arange(2 * n) % 2
        names = np.column_stack([np.eye(3)[is_irish], np.arange(2 * n)])
        outcome = (1 - is_irish) * (np.arange(2 * n) // 2 % 2)
        params = {"outcome": outcome, "n_draws": 400, "random_state": 0}
        lists.append(estimate_rates(Known(CLASSES), names, **params))

    def difference(joint, other):
        return joint[1, 1] / joint[1].sum() - other[1, 1] / other[1].sum()

    found = estimate_statistic(difference, *lists)
    high, high_of_other = (rates["Irish"].high[1] for rates in lists)
    assert (found.low, found.high) == pytest.approx((-high_of_other, high))


def test_statistic_undefined_at_interval_end_does_not_warn():
    shares = sure_shares_of(3, 0, 0)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        found = estimate_statistic(lambda share: np.log(share[0] - 0.5), shares)
    assert caught == []
    assert found.low <= found.estimate <= found.high


def test_confidence_level_of_statistic_needs_enough_draws(shares):
    def first(share):
        return share[0]

    narrow = estimate_statistic(first, shares, confidence_level=0.5)
    wide = estimate_statistic(first, shares, confidence_level=0.975)
    assert narrow.high - narrow.low < 0.5 * (wide.high - wide.low)
    assert narrow.confidence_level == 0.5
    message = "Expected n_draws=1,000 or .* of 0.99, .* 400"
    with pytest.raises(ValueError, match=message):
        estimate_statistic(first, shares, confidence_level=0.99)


def test_statistic_that_returns_array_keeps_its_shape(shares):
    found = estimate_statistic(lambda share: share.reshape(3, 1) * [1, 2], shares)
    assert found.estimate.shape == found.low.shape == found.high.shape == (3, 2)
    assert_allclose(found.high[:, 1], 2 * found.high[:, 0])


def test_statistic_receives_shares_in_order_of_model_classes(shares, others):
    """Ordered by size, labels would depend on the list and the seed."""
    assert others.label.tolist() != CLASSES.tolist()
    found = estimate_statistic(lambda a, b: np.array([a, b]), others, shares)
    for row, table in zip(found.estimate, (others, shares), strict=True):
        assert_allclose(row, [table[label].share for label in CLASSES])


def test_labels_parameter_selects_and_orders_shares_for_statistic(shares, rates, parts):
    labels = ["Turkish", "Dutch"]
    found = estimate_statistic(lambda share: share, shares, labels=labels)
    for k, label in enumerate(labels):
        row = shares[label]
        ends = [found.estimate[k], found.low[k], found.high[k]]
        assert_allclose(ends, [row.share, row.low, row.high])
    found = estimate_statistic(lambda joint: joint, rates, labels=labels)
    assert_allclose(
        found.estimate[:, 1] / found.estimate.sum(axis=1),
        [rates[label].rate[1] for label in labels],
    )
    found = estimate_statistic(lambda share: share, parts, labels=np.array(labels))
    expected = [[part[label].share for label in labels] for part in parts.values()]
    assert_allclose(found.estimate, expected)
    with pytest.raises(ValueError, match="labels got 'Welsh', but"):
        estimate_statistic(simpson, shares, labels=["Dutch", "Welsh"])


def test_statistic_receives_groups_in_order_given_to_sums():
    rows, _ = draw_people([0.2, 0.3, 0.5], 300)
    groups = {"small": ["Dutch"], "large": ["Turkish", "Irish"]}
    model = Known(CLASSES)
    of_groups = estimate_shares(model, rows, random_state=0).sums(groups)
    found = estimate_statistic(lambda share: share, of_groups)
    assert_allclose(found.estimate, [of_groups[name].share for name in groups])


@pytest.mark.filterwarnings("ignore:.*checked")
def test_statistic_receives_new_labels_after_model_classes():
    rows, _ = draw_people([0.2, 0.3, 0.5], 300)
    checked = np.resize(np.append(CLASSES, ["Welsh", "Manx"]), 300)
    shares = estimate_shares(Known(CLASSES), rows, checked=checked, random_state=0)
    found = estimate_statistic(lambda share: share, shares)
    in_order = [*CLASSES, "Manx", "Welsh"]
    assert_allclose(found.estimate, [shares[label].share for label in in_order])


def test_model_errors_are_independent_between_lists_unless_same_source():
    lists = [shares_of([0.4, 0.3, 0.3], 1000, seed) for seed in range(3)]

    def width(statistic, *lists, **params):
        found = estimate_statistic(statistic, *lists, **params)
        return found.high - found.low

    alone = [width(lambda share: share[0], one) for one in lists]
    for i, j in ([0, 1], [1, 2], [0, 2]):

        def difference(*shares, i=i, j=j):
            return shares[i][0] - shares[j][0]

        independent = np.hypot(alone[i], alone[j])
        assert width(difference, *lists) == pytest.approx(independent, rel=0.2)
        assert width(difference, *lists, same_source=True) < 0.5 * independent


def test_draws_of_results_are_read_only(shares, rates):
    assert shares.draws.shape == (400, 3)
    assert rates.joint_draws.shape == (400, 3, 2)
    for draws in (shares.draws, rates.joint_draws):
        with pytest.raises(ValueError, match="read-only"):
            draws[0] = 0


@pytest.mark.parametrize("results", [["shares"], ["shares", "others"], ["parts"]])
def test_statistic_that_modifies_its_array_raises(results, request):
    """Otherwise the shares of the next call would be changed."""

    def smallest(*arrays):
        arrays[-1].sort()
        return arrays[-1].flat[0]

    with pytest.raises(ValueError, match="read-only"):
        estimate_statistic(smallest, *map(request.getfixturevalue, results))


def test_statistics_of_arrays_compare_equal_only_to_themselves(shares):
    found = estimate_statistic(lambda share: share, shares)
    again = estimate_statistic(lambda share: share, shares)
    assert found == found
    assert found != again


def test_exception_in_statistic_is_raised_unchanged(shares):
    def wrong(share):
        raise ZeroDivisionError("of the user")

    with pytest.raises(ZeroDivisionError, match="of the user"):
        estimate_statistic(wrong, shares)


def test_statistic_of_parts_is_called_once_per_draw_and_interval_end(parts):
    """One call per draw and part would be quadratic in the number of parts."""
    n_calls = 0

    def mean(share):
        nonlocal n_calls
        n_calls += 1
        return share[:, 0].mean()

    estimate_statistic(mean, parts)
    n_ends = 2 * 3 * len(parts)
    assert 400 < n_calls <= 400 + n_ends + 2


def test_statistic_that_is_nan_in_a_draw_raises(shares):
    lowest = np.quantile(shares.draws[:, 2], 0.1)

    def sometimes(share):
        return np.nan if share[2] < lowest else share[2]

    with pytest.raises(ValueError, match=r"finite statistic, got nan of draw \d+"):
        estimate_statistic(sometimes, shares)


@pytest.mark.parametrize(
    ("statistic", "error", "message"),
    [
        (lambda share: np.nan, ValueError, "finite statistic, got nan of the estimate"),
        (lambda share: "much", TypeError, "a number or an array of numbers, got much"),
        (lambda share: None, TypeError, "got None of the estimates"),
        (lambda share: share[share > 0.25], ValueError, r"of shape \(2,\)"),
        ("simpson", TypeError, "a function of shares as the first argument, got str"),
    ],
    ids=["nan", "text", "None", "shape that varies", "name of a function"],
)
def test_invalid_statistic_raises(statistic, error, message, shares):
    with pytest.raises(error, match=message):
        estimate_statistic(statistic, shares)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"confidence_level": 1}, "'confidence_level' parameter of estimate_statistic"),
        ({"labels": "Dutch"}, "'labels' parameter of estimate_statistic"),
        ({"same_source": "yes"}, "'same_source' parameter of estimate_statistic"),
    ],
)
def test_estimate_statistic_with_invalid_parameter_raises(params, message, shares):
    with pytest.raises(ValueError, match=message):
        estimate_statistic(simpson, shares, **params)


def test_estimate_statistic_of_mixed_or_invalid_results_raises(shares, rates):
    for other in ([0.5, 0.5], rates):
        with pytest.raises(TypeError, match="results of estimate_shares, or of estim"):
            estimate_statistic(np.subtract, shares, other)
    with pytest.raises(ValueError, match="the shares of one list or more, got none"):
        estimate_statistic(simpson)


def test_estimate_statistic_of_incompatible_results_raises(shares, rates):
    few_draws = shares_of([0.5, 0.3, 0.2], n_draws=200)
    with pytest.raises(ValueError, match="with the same n_draws"):
        estimate_statistic(np.subtract, shares, few_draws)
    rows, labels = draw_people([0.5, 0.3, 0.2], 1000, 1)
    params = {"outcome": labels, "n_draws": 400, "random_state": 0}
    of_three_outcomes = estimate_rates(Known(CLASSES), rows, **params)
    with pytest.raises(ValueError, match="with the same outcomes"):
        estimate_statistic(np.subtract, rates, of_three_outcomes)
