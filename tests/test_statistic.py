"""estimate_statistic: a function of shares or rates, with an interval."""

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
    """Return the shares of so many people of each label, whose names are sure."""
    rows = np.eye(3).repeat(n_people, axis=0)
    names = np.column_stack([rows, np.arange(len(rows))])
    return estimate_shares(Known(CLASSES), names, n_draws=400, random_state=0)


def simpson(share):
    return 1 - (share**2).sum()


def test_interval_is_that_of_percentiles_extended_by_twice_the_bias_of_curvature():
    shares = sure_shares_of(150, 100, 50)  # whose ends reach no farther
    found = estimate_statistic(simpson, shares)
    draws = 1 - (shares.draws**2).sum(axis=1)
    low, high = np.quantile(draws, [0.025, 0.975])
    move = 2 * (simpson(shares.draws.mean(axis=0)) - draws.mean())
    assert move > 0  # draws of a list are less diverse than it
    assert (found.low, found.high) == pytest.approx((low, high + move))
    assert found.estimate == pytest.approx(simpson(shares.share))


def test_level_sets_the_percentiles_if_draws_can_show_it(shares):
    def first(share):
        return share[0]

    narrow = estimate_statistic(first, shares, confidence_level=0.5)
    wide = estimate_statistic(first, shares, confidence_level=0.975)
    assert narrow.high - narrow.low < 0.5 * (wide.high - wide.low)
    assert narrow.confidence_level == 0.5
    message = "Expected n_draws=1,000 or .* of 0.99, .* 400"
    with pytest.raises(ValueError, match=message):
        estimate_statistic(first, shares, confidence_level=0.99)


def test_statistic_of_an_array_has_its_shape(shares):
    found = estimate_statistic(lambda share: share.reshape(3, 1) * [1, 2], shares)
    assert found.estimate.shape == found.low.shape == found.high.shape == (3, 2)
    assert_allclose(found.high[:, 1], 2 * found.high[:, 0])


def test_arrays_have_the_order_of_the_classes_of_the_model(shares, others):
    """By size, another list or seed would give another label."""
    assert others.label.tolist() != CLASSES.tolist()
    found = estimate_statistic(lambda a, b: np.array([a, b]), others, shares)
    for row, table in zip(found.estimate, (others, shares), strict=True):
        assert_allclose(row, [table[label].share for label in CLASSES])


def test_labels_choose_the_rows_of_arrays_in_their_order(shares, rates, parts):
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


def test_arrays_of_groups_have_their_order():
    rows, _ = draw_people([0.2, 0.3, 0.5], 300)
    groups = {"small": ["Dutch"], "large": ["Turkish", "Irish"]}
    model = Known(CLASSES)
    of_groups = estimate_shares(model, rows, random_state=0).sums(groups)
    found = estimate_statistic(lambda share: share, of_groups)
    assert_allclose(found.estimate, [of_groups[name].share for name in groups])


@pytest.mark.filterwarnings("ignore:.*checked")
def test_new_labels_follow_the_classes_of_the_model():
    rows, _ = draw_people([0.2, 0.3, 0.5], 300)
    checked = np.resize(np.append(CLASSES, ["Welsh", "Manx"]), 300)
    shares = estimate_shares(Known(CLASSES), rows, checked=checked, random_state=0)
    found = estimate_statistic(lambda share: share, shares)
    in_order = [*CLASSES, "Manx", "Welsh"]
    assert_allclose(found.estimate, [shares[label].share for label in in_order])


def test_errors_of_the_model_are_independent_in_any_two_of_three_lists():
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


def test_draws_are_for_reading_only(shares, rates):
    assert shares.draws.shape == (400, 3)
    assert rates.joint_draws.shape == (400, 3, 2)
    for draws in (shares.draws, rates.joint_draws):
        with pytest.raises(ValueError, match="read-only"):
            draws[0] = 0


@pytest.mark.parametrize("n_lists", [1, 2])
def test_statistic_that_writes_to_its_array_is_an_error(shares, others, n_lists):
    """The next shares that it takes would be changed."""

    def smallest(*arrays):
        arrays[-1].sort()
        return arrays[-1][0]

    with pytest.raises(ValueError, match="read-only"):
        estimate_statistic(smallest, *(shares, others)[:n_lists])


def test_statistic_that_writes_to_the_array_of_parts_is_an_error(parts):
    def first(share):
        share -= 1
        return share[0, 0]

    with pytest.raises(ValueError, match="read-only"):
        estimate_statistic(first, parts)


def test_statistics_of_arrays_can_be_asked_whether_they_are_equal(shares):
    found = estimate_statistic(lambda share: share, shares)
    again = estimate_statistic(lambda share: share, shares)
    assert found == found
    assert found != again


def test_error_of_a_statistic_is_raised(shares):
    def wrong(share):
        raise ZeroDivisionError("of the user")

    with pytest.raises(ZeroDivisionError, match="of the user"):
        estimate_statistic(wrong, shares)


def test_statistic_of_parts_is_called_once_a_draw_and_for_each_end_of_a_row(parts):
    """Once a draw for each part would be quadratic in parts."""
    n_calls = 0

    def mean(share):
        nonlocal n_calls
        n_calls += 1
        return share[:, 0].mean()

    estimate_statistic(mean, parts)
    n_ends = 2 * 3 * len(parts)
    assert 400 < n_calls <= 400 + n_ends + 2


def test_not_finite_in_a_draw_is_an_error(shares):
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
)
def test_wrong_statistic_is_an_error(statistic, error, message, shares):
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
def test_wrong_parameter_is_an_error(params, message, shares):
    with pytest.raises(ValueError, match=message):
        estimate_statistic(simpson, shares, **params)


def test_result_of_another_kind_is_an_error(shares, rates):
    for other in ([0.5, 0.5], rates):
        with pytest.raises(TypeError, match="results of estimate_shares, or of estim"):
            estimate_statistic(np.subtract, shares, other)
    with pytest.raises(ValueError, match="the shares of one list or more, got none"):
        estimate_statistic(simpson)


def test_results_that_do_not_go_together_are_an_error(shares, rates):
    few_draws = shares_of([0.5, 0.3, 0.2], n_draws=200)
    with pytest.raises(ValueError, match="with the same n_draws"):
        estimate_statistic(np.subtract, shares, few_draws)
    rows, labels = draw_people([0.5, 0.3, 0.2], 1000, 1)
    params = {"outcome": labels, "n_draws": 400, "random_state": 0}
    of_three_outcomes = estimate_rates(Known(CLASSES), rows, **params)
    with pytest.raises(ValueError, match="with the same outcomes"):
        estimate_statistic(np.subtract, rates, of_three_outcomes)
