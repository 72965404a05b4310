"""estimate_statistic: a function of shares or rates, with an interval."""

import ast
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from sknames import estimate_rates, estimate_shares, estimate_statistic
from tests.conftest import Known, draw_people

pytestmark = pytest.mark.filterwarnings("ignore:The shares are rough")

CLASSES = np.array(["Dutch", "Irish", "Turkish"])


def shares_of(mix, n=300, seed=0, labels=CLASSES, n_draws=400):
    rows, _ = draw_people(mix, n, seed)
    model = Known(labels)
    return estimate_shares(model, rows, n_draws=n_draws, random_state=seed)


@pytest.fixture(scope="module")
def shares():
    return shares_of([0.5, 0.3, 0.2])


@pytest.fixture(scope="module")
def others():
    return shares_of([0.2, 0.3, 0.5], seed=1)


@pytest.fixture(scope="module")
def rates():
    rows, labels = draw_people([0.5, 0.3, 0.2], 1000)
    outcome = np.random.default_rng(0).random(1000) < 0.3 + 0.3 * (labels == 0)
    params = {"outcome": outcome, "n_draws": 400, "random_state": 0}
    return estimate_rates(Known(CLASSES), rows, **params)


def sure(labels):
    """Return probabilities of distinct names that are sure of labels."""
    noise = 1e-6 * np.random.default_rng(0).random((len(labels), 1))
    return np.eye(3)[labels] * (1 - noise) + noise / 3


def sure_shares_of(*n_people):
    """Return the shares of so many people of each label, who are sure."""
    rows = sure(np.repeat([0, 1, 2], n_people))
    return estimate_shares(Known(CLASSES), rows, n_draws=400, random_state=0)


@pytest.fixture(scope="module")
def sure_shares():
    """Shares of 200 names whose labels are sure: 120, 75 and 5 people."""
    return sure_shares_of(120, 75, 5)


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
    assert found.estimate == simpson(shares.share)


def test_interval_of_the_negative_is_its_negative(shares):
    found = estimate_statistic(simpson, shares)
    negative = estimate_statistic(lambda share: -simpson(share), shares)
    assert (-negative.high, -negative.low) == pytest.approx((found.low, found.high))


def test_level_sets_the_percentiles(shares):
    narrow = estimate_statistic(lambda share: share[0], shares, confidence_level=0.5)
    wide = estimate_statistic(lambda share: share[0], shares)
    assert narrow.high - narrow.low < 0.5 * (wide.high - wide.low)
    assert narrow.confidence_level == 0.5


def test_interval_ends_at_bounds(shares):
    wide = estimate_statistic(simpson, shares)
    end = (wide.estimate + wide.high) / 2
    assert estimate_statistic(simpson, shares, bounds=(0, end)).high == end
    end = (wide.estimate + wide.low) / 2
    assert estimate_statistic(simpson, shares, bounds=(end, 1)).low == end
    assert estimate_statistic(simpson, shares, bounds=np.array([0, 1])) == wide


def test_statistic_of_an_array_has_its_shape(shares):
    found = estimate_statistic(lambda share: share.reshape(3, 1) * [1, 2], shares)
    assert found.estimate.shape == found.low.shape == found.high.shape == (3, 2)
    assert_allclose(found.high[:, 1], 2 * found.high[:, 0])


def test_other_lists_follow_the_labels_of_the_first(shares, others):
    assert shares.label.tolist() != others.label.tolist()
    difference = estimate_statistic(lambda a, b: a - b, shares, others)
    expected = [shares[k].share - others[k].share for k in shares.label]
    assert_allclose(difference.estimate, expected)


def test_list_and_itself_differ_by_nothing_if_of_one_source(shares):
    found = estimate_statistic(np.subtract, shares, shares, same_source=True)
    assert not np.any([found.estimate, found.low, found.high])


def test_difference_agrees_with_compare(shares, others):
    compared = shares.compare(others, same_source=True)
    row = shares.label.tolist().index("Turkish")
    found = estimate_statistic(
        lambda a, b: a[row] - b[row], shares, others, same_source=True
    )
    there = compared["Turkish"]
    width = there.high - there.low
    ends = [there.low, there.high]
    assert_allclose([found.low, found.high], ends, atol=width / 10)


def test_errors_of_the_model_are_independent_in_any_two_of_three_lists():
    lists = [shares_of([0.4, 0.3, 0.3], 1000, seed) for seed in range(3)]
    for one, two in ([0, 1], [1, 2], [0, 2]):

        def difference(*shares, one=one, two=two):
            return shares[one][0] - shares[two][0]

        alone = [estimate_statistic(lambda share: share[0], of) for of in lists]
        widths = [found.high - found.low for found in alone]
        apart = estimate_statistic(difference, *lists)
        alike = estimate_statistic(difference, *lists, same_source=True)
        independent = np.hypot(widths[one], widths[two])
        assert apart.high - apart.low == pytest.approx(independent, rel=0.2)
        assert alike.high - alike.low < 0.5 * independent


def test_rates_give_joint_shares_by_label_and_outcome(rates):
    def rate(joint):
        return joint[:, 1] / joint.sum(axis=1)

    found = estimate_statistic(rate, rates)
    expected = [rates[label].rate[1] for label in rates.labels]
    assert_allclose(found.estimate, expected)


def test_draws_are_for_reading_only(shares, rates):
    assert shares.draws.shape == (400, 3)
    assert rates.joint_draws.shape == (400, 3, 2)
    assert_allclose(rates.joint_draws.sum(axis=(1, 2)), 1)
    for draws in (shares.draws, rates.joint_draws):
        with pytest.raises(ValueError, match="read-only"):
            draws[0] = 0


def test_joint_draws_follow_labels_and_outcomes(rates):
    joint = rates.joint_draws.mean(axis=0)
    for k, label in enumerate(rates.labels):
        found = joint[k] / joint[k].sum()
        assert_allclose(found, rates[label].rate, atol=0.05)


def test_groups_of_rates_have_joint_shares_of_groups():
    rows, labels = draw_people([0.5, 0.3, 0.2], 1000)
    groups = {"north": ["Dutch", "Irish"], "south": ["Turkish"]}
    params = {"outcome": labels == 0, "groups": groups, "random_state": 0}
    rates = estimate_rates(Known(CLASSES), rows, n_draws=100, **params)
    by_label = dict(zip(rates.labels, rates.joint_draws.swapaxes(0, 1), strict=True))
    of_groups = rates.groups.joint_draws
    assert_allclose(of_groups[:, 0], by_label["Dutch"] + by_label["Irish"])


def test_few_people_that_decide_warn(sure_shares):
    row = sure_shares.label.tolist().index("Turkish")  # of five people
    with pytest.warns(UserWarning, match="fewer than 10 people decide"):
        estimate_statistic(lambda share: share[row], sure_shares)


def test_few_people_that_do_not_decide_do_not_warn(sure_shares, recwarn):
    row = sure_shares.label.tolist().index("Dutch")
    estimate_statistic(lambda share: share[row], sure_shares)
    estimate_statistic(lambda share: 1.0, sure_shares)
    assert not recwarn


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
        ({"bounds": (1, 0)}, r"bounds \(lowest, highest\), got \(1, 0\)"),
        ({"bounds": (0,)}, r"bounds \(lowest, highest\), got \(0,\)"),
        ({"bounds": ("a", "b")}, r"bounds \(lowest, highest\), got \('a', 'b'\)"),
        ({"bounds": (0, None)}, r"bounds \(lowest, highest\), got \(0, None\)"),
        ({"bounds": (0.9, 1)}, r"bounds that hold the estimate, 0\.\d+, got 0.9 and 1"),
        ({"confidence_level": 1}, "'confidence_level' parameter of estimate_statistic"),
        ({"same_source": "yes"}, "'same_source' parameter of estimate_statistic"),
    ],
)
def test_wrong_parameter_is_an_error(params, message, shares):
    with pytest.raises(ValueError, match=message):
        estimate_statistic(simpson, shares, **params)


def test_no_results_are_an_error():
    with pytest.raises(ValueError, match="the shares of one list or more, got none"):
        estimate_statistic(simpson)


@pytest.mark.parametrize("other", [[0.5, 0.5], "rates"])
def test_result_of_another_kind_is_an_error(other, shares, rates):
    other = rates if other == "rates" else other
    with pytest.raises(TypeError, match="results of estimate_shares, or of estimate_r"):
        estimate_statistic(np.subtract, shares, other)


def test_results_that_do_not_go_together_are_an_error(shares):
    few_draws = shares_of([0.5, 0.3, 0.2], n_draws=100)
    of_others = shares_of([0.5, 0.3, 0.2], labels=["Dutch", "Irish", "Welsh"])
    for other, name in ((few_draws, "n_draws"), (of_others, "labels")):
        with pytest.raises(ValueError, match=re.escape(f"with the same {name}")):
            estimate_statistic(np.subtract, shares, other)


# ---- Recipes of the example


@pytest.fixture
def recipes():
    """The functions of the example, without what it runs."""
    path = Path(__file__).parent.parent / "examples" / "plot_questions_of_a_list.py"
    tree = ast.parse(path.read_text("utf-8"))
    tree.body = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    functions = {"np": np}
    exec(compile(tree, path, "exec"), functions)
    return functions


@pytest.fixture(scope="module")
def people():
    """600 people with a label, a field and whether they are invited."""
    rng = np.random.default_rng(0)
    label = rng.choice(3, 600, p=[0.5, 0.2, 0.3])
    field = np.where(rng.random(600) < np.array([0.7, 0.3, 0.5])[label], "arts", "law")
    chance = 0.2 + 0.3 * (field == "law") + 0.1 * label
    columns = {"label": CLASSES[label], "field": field}
    return pd.DataFrame(columns | {"is_invited": rng.random(600) < chance})


@pytest.fixture(scope="module")
def rates_by_field(people):
    """Rates whose outcomes are pairs of a field and whether a person is invited."""
    rows = sure(np.searchsorted(CLASSES, people["label"]))
    outcome = people["field"] + " " + people["is_invited"].astype(str)
    params = {"n_draws": 50, "random_state": 0}
    return estimate_rates(Known(CLASSES), rows, outcome=outcome, **params)


def test_gini_simpson_is_how_often_two_people_differ(recipes, sure_shares):
    labels = np.repeat([0, 1, 2], [120, 75, 5])
    differ = np.mean(labels[:, None] != labels)  # of all pairs
    found = estimate_statistic(recipes["simpson"], sure_shares)
    assert found.estimate == pytest.approx(differ, abs=1e-3)


def test_effective_number_of_labels_in_equal_shares_is_their_number(recipes):
    for n_people, expected in (((60, 60, 60), 3), ((60, 60, 0), 2)):
        found = estimate_statistic(recipes["simpson"], sure_shares_of(*n_people))
        n_labels = recipes["effective_number"](found.estimate)
        assert n_labels == pytest.approx(expected, abs=1e-2)


def test_difference_in_diversity_is_that_of_the_second_list(recipes, sure_shares):
    found = estimate_statistic(
        recipes["less_diverse"],
        sure_shares,
        sure_shares_of(0, 60, 60),
        same_source=True,
    )
    differ = 1 - (120**2 + 75**2 + 5**2) / 200**2
    assert found.estimate == pytest.approx(0.5 - differ, abs=1e-3)


def test_over_representation_is_people_by_people_expected(recipes, sure_shares):
    recipes["turkish"] = sure_shares.label.tolist().index("Irish")
    found = estimate_statistic(recipes["over_representation"], sure_shares)
    assert found.estimate == pytest.approx(75 / (0.04 * 200), abs=0.01)


def test_slope_is_covariance_by_variance_of_years(recipes):
    n_irish = np.array([20, 40, 30, 60])
    lists = [sure_shares_of(100 - n, n, 0) for n in n_irish]
    recipes["years"] = np.array([0, 1, 3, 4])
    recipes["row"] = lists[0].label.tolist().index("Irish")
    found = estimate_statistic(recipes["slope"], *lists, same_source=True)
    covariance = np.cov(recipes["years"], n_irish / 100)
    in_ten_years = 10 * covariance[0, 1] / covariance[0, 0]
    assert found.estimate == pytest.approx(in_ten_years, abs=1e-3)


def test_standardised_rates_have_the_fields_of_all(recipes, people, rates_by_field):
    found = estimate_statistic(recipes["standardised"], rates_by_field)
    by_field = people.groupby(["label", "field"])["is_invited"].mean().unstack()
    expected = by_field @ people["field"].value_counts(normalize=True)
    expected = expected[rates_by_field.labels]
    assert_allclose(found.estimate, expected, atol=2e-3)


def test_difference_of_standardised_rates_is_first_less_second(recipes, rates_by_field):
    of_all = estimate_statistic(recipes["standardised"], rates_by_field).estimate
    recipes["first"] = 0
    recipes["second"] = 2
    found = estimate_statistic(recipes["difference"], rates_by_field)
    assert found.estimate == pytest.approx(of_all[0] - of_all[2])


def test_ratio_of_rates_is_that_of_the_people(recipes, people, rates_by_field):
    labels = rates_by_field.labels.tolist()
    recipes["first"] = labels.index("Turkish")
    recipes["second"] = labels.index("Dutch")
    found = estimate_statistic(recipes["ratio"], rates_by_field)
    rate = people.groupby("label")["is_invited"].mean()
    assert found.estimate == pytest.approx(rate["Turkish"] / rate["Dutch"], abs=5e-3)
