"""Tests of estimate_rates: rates of an outcome by label, and their comparisons."""

import inspect

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import binomtest

from sknames import (
    GroupedClassifier,
    estimate_rates,
    estimate_shares,
)
from tests.conftest import CLASSES, Known, distinct, draw_people

pytestmark = pytest.mark.filterwarnings("ignore:The shares are rough")

MIX = [0.3, 0.4, 0.2, 0.1, 0]
RATES = np.array([0.2, 0.5, 0.8, 0.5, 0.5])


def draw(n=2000, seed=0):
    """Return calibrated probabilities, outcomes with the given rates, and labels."""
    rows, labels = draw_people(MIX, n, seed)
    outcome = np.random.default_rng(1000 + seed).random(n) < RATES[labels]
    return rows, outcome, labels


def estimate(rows, outcome, **params):
    """Estimate the rates of distinct names with these probabilities."""
    params = {"n_draws": 300, "random_state": 0} | params
    return estimate_rates(Known(), distinct(rows), outcome=outcome, **params)


def test_rates_of_label_sum_to_1_over_outcomes():
    rows, outcome, _ = draw(600)
    thirds = np.where(outcome, "yes", np.where(np.arange(600) % 2, "no", "later"))
    rates = estimate(rows, thirds)
    assert rates.outcomes.tolist() == ["later", "no", "yes"]
    assert sum(rates["Dutch"].rate) == pytest.approx(1)
    frame = rates.to_frame()
    columns = ["label", "outcome", "rate", "low", "high", "n_people"]
    assert [*frame] == columns
    assert frame["n_people"].sum() == pytest.approx(3 * 600)


def test_comparison_of_two_labels_rates_prints_all_rows():
    rows, outcome, _ = draw(600)
    rates = estimate(rows, outcome)
    found = rates.compare("Turkish")
    assert found.members is None
    assert "others:" not in repr(found)
    assert repr(found).count("Turkish") == 2
    groups = {"A": ["Danish", "Dutch"], "B": ["Irish"]}
    assert rates.sums(groups).compare("A").members == {"A": ["Danish", "Dutch"]}


def test_label_without_people_has_no_rate_and_is_not_sure():
    rows = np.eye(5)[[0] * 60 + [1] * 60]
    rates = estimate(rows, np.arange(120) % 2)
    turkish = rates["Turkish"]
    assert np.isnan(turkish.rate).all()
    assert (turkish.low, turkish.high) == ([0, 0], [1, 1])
    found = rates.compare("Turkish", "Dutch")
    row = found["Turkish"]
    assert (row.sure, row.low, row.high) == ([False, False], [-1, -1], [1, 1])
    assert "nan" not in repr(found)


def test_labels_with_fewer_than_10_people_are_neither_printed_nor_compared():
    rows = np.eye(5)[[0] * 60 + [1] * 55 + [2] * 5]
    rates = estimate(rows, np.arange(120) % 2)
    assert {*rates.compare().label} == {"Danish", "Dutch"}
    text = repr(rates)
    assert "Danish" in text
    assert "Irish" not in text
    assert "3 others: fewer than 10 estimated people each" in text
    assert "120 rows: 120 names, 0 not names" in text


def test_compare_marks_only_differing_rates_as_sure():
    rows, outcome, _ = draw(3000)
    rates = estimate(rows, outcome)
    found = rates.compare("Irish", "Danish")
    assert found.label.tolist() == ["Irish", "Irish"]
    assert_allclose(found.difference, [-0.6, 0.6], atol=0.15)
    assert found.sure.all()
    assert not rates.compare("Dutch", "Norwegian").sure.any()
    everyone = rates.compare()
    assert {"Irish", "Danish"} <= {*everyone.label[everyone.sure]}
    assert "compared with all others" in repr(everyone)
    with pytest.raises(KeyError, match="Expected one of the labels .*, got 'Elvish'"):
        rates.compare("Elvish")


def test_variance_of_rate_difference_is_sum_of_variances():
    rows = np.eye(5)[np.arange(200) % 2]
    outcome = np.arange(200) % 4 < 2  # half of each label has the outcome
    found = estimate(rows, outcome, n_draws=2000).compare("Danish", "Dutch")["Danish"]
    width = 2 * 1.96 * np.sqrt(2 * 0.25 / 100)
    assert found.high[1] - found.low[1] == pytest.approx(width, rel=0.1)
    assert found.sure == [False, False]


def test_compare_of_group_rates_uses_labels_outside_group():
    rows, outcome, _ = draw(1000)
    groups = {"A": ["Danish", "Dutch"], "B": ["Danish"], "All": [*CLASSES]}
    groups["not A"] = ["Irish", "Norwegian", "Turkish"]
    rates = estimate(rows, outcome)
    of_groups = rates.sums(groups)
    found = of_groups.compare("A")
    assert found.label.tolist() == ["A", "A"]
    assert_allclose(found.rate, of_groups["A"].rate)
    assert_allclose(found.other, of_groups["not A"].rate)
    danish = rates.compare("Danish")
    of_group = of_groups.compare("B")
    for name in ("rate", "other", "low", "high", "sure"):
        assert_allclose(getattr(of_group, name), getattr(danish, name))
    everyone = of_groups.compare()
    assert [*everyone] == [*groups]
    assert np.isnan(everyone["All"].other).all()
    pair = of_groups.compare("A", "B")
    assert_allclose(pair.other, rates["Danish"].rate)


def test_checked_label_unknown_to_model_has_rates():
    rows, outcome, labels = draw(1000)
    known = np.where(labels == 3, "American", CLASSES[labels])
    is_drawn = np.random.default_rng(1).random(1000) < 0.4
    rates = estimate(rows, outcome, checked=np.where(is_drawn, known, None))
    american = rates["American"]
    assert american.low[1] < 0.52 < american.high[1]
    assert 0.3 < american.rate[1] < 0.7


def test_rates_summed_by_empty_dict_of_groups_have_no_rows():
    rows, outcome, _ = draw(200)
    assert not [*estimate(rows, outcome).sums({})]


def test_outcomes_of_texts_that_are_not_names_are_ignored(shipped):
    names = ["Anna Müller", "Mehmet Yılmaz", "7"]
    rates = estimate_rates(shipped, names, outcome=["no", "yes", "later"])
    assert rates.outcomes.tolist() == ["no", "yes"]


def test_rates_resample_unchecked_rows_as_well_as_checked_rows():
    """Predictions are right, so that rates vary only if unchecked rows do."""
    index = np.arange(400) % 4 // 2
    checked = np.where(np.arange(400) % 8 < 4, CLASSES[index], None)
    rates = estimate(np.eye(5)[index], np.arange(400) % 2, checked=checked)
    of_outcome = rates.joint_draws[:, :, 1]
    share = of_outcome[:, 0] / of_outcome.sum(axis=1)
    assert share.std() == pytest.approx(np.sqrt(0.25 / 200), rel=0.2)


def test_draws_of_rates_do_not_depend_on_order_of_checked_rows():
    rows, outcome, labels = draw(400)
    is_drawn = np.random.default_rng(1).random(400) < 0.4
    checked = np.where(is_drawn, CLASSES[labels], None)
    names = distinct(rows)
    params = {"n_draws": 200, "random_state": 0}

    def draws_of(order):
        of_rows = {"outcome": outcome[order], "checked": checked[order]}
        rates = estimate_rates(Known(), names[order], **of_rows, **params)
        return rates.joint_draws[:, np.argsort(rates.labels)]

    order = np.random.default_rng(2).permutation(400)
    assert_allclose(draws_of(order), draws_of(np.arange(400)), atol=1e-6)


@pytest.mark.parametrize(
    "outcome, message",
    [
        ([1, 1, 1], r"Expected two or more outcomes, got \[1\]"),
        ([1, None, 0], "an outcome for each name, got None at position 1. Drop such"),
        ([1, pd.NA, 0], "an outcome for each name, got None at position 1"),
        ([1, "a", 0], "Expected outcomes that are all strings, or all numbers"),
    ],
    ids=str,
)
def test_invalid_outcomes_raise(outcome, message):
    with pytest.raises(ValueError, match=message):
        estimate(np.eye(5)[:3], outcome)


@pytest.mark.parametrize("make", [float, str])
def test_outcomes_with_more_than_20_fractional_values_raise(make):
    rows, _, _ = draw(42)
    halves = [make(k % 21 + 0.5) for k in range(42)]
    with pytest.raises(ValueError, match=r"got 21 different numbers. Bin them, as by "):
        estimate(rows, halves)
    estimate(rows[:20], halves[:20])


def test_integers_and_words_are_accepted_as_up_to_100_outcomes():
    rows, _, _ = draw(202)
    years = np.arange(202) % 21 + 2000
    teams = [f"team {year}" for year in years]
    for outcome in (years, years.astype(str), teams):
        assert len(estimate(rows, outcome, n_draws=200).outcomes) == 21
    hundred = [f"team {k % 100}" for k in range(202)]
    assert len(estimate(rows, hundred, n_draws=200).outcomes) == 100
    with pytest.raises(ValueError, match="Expected 100 outcomes at most, got 101"):
        estimate(rows, [f"team {k % 101}" for k in range(202)])


def test_outcome_with_weight_0_raises_with_its_name():
    rows, _, _ = draw(40)
    outcome = np.repeat(["yes", "no"], 20)
    message = "some name of each outcome, got none for 'no'. Leave these rows out"
    with pytest.raises(ValueError, match=message):
        estimate(rows, outcome, sample_weight=outcome == "yes")


def test_checked_label_in_group_of_model_counts_for_group():
    rows, outcome, labels = draw(500)
    benelux = GroupedClassifier(Known(), groups={"Benelux": ["Dutch"]})
    y = np.where(np.arange(500) % 2, CLASSES[labels], None)
    params = {"outcome": outcome, "n_draws": 200, "random_state": 0}
    found = estimate_rates(benelux, rows, checked=y, **params)
    y[y == "Dutch"] = "Benelux"
    expected = estimate_rates(benelux, rows, checked=y, **params)
    assert found.labels.tolist() == expected.labels.tolist()
    assert_array_equal(found.rate, expected.rate)
    assert not found.new_labels


def test_rate_that_is_equal_in_all_clusters_has_narrow_interval():
    """One of two Dutch people in each cluster has the outcome, as in any draw."""
    rows = np.eye(5)[np.repeat([0, 1], 100)]
    of_danes = np.arange(100) % 5 == 0
    outcome = np.concatenate([of_danes, np.arange(100) % 2 == 0])
    for clusters, width in [(np.arange(200) // 2, 0), (np.arange(200), 4 * 0.05)]:
        dutch = estimate(rows, outcome, clusters=clusters)["Dutch"]
        assert dutch.high[1] - dutch.low[1] == pytest.approx(width, abs=0.04)


@pytest.mark.filterwarnings("ignore:The model is unsure")
def test_interval_of_rate_in_single_label_list_uses_kish_effective_size():
    """The effective number of names (Kish) is (50 + 150)^2 / (50 + 450)."""
    rows = np.eye(5)[np.zeros(100, dtype=int)]
    weights = np.repeat([1, 3], 50)
    outcome = np.arange(100) % 4 == 0
    params = {"sample_weight": weights, "n_draws": 2000}
    row = estimate(rows, outcome, **params)["Danish"]
    share = weights[outcome].sum() / 200
    deviation = np.sqrt(share * (1 - share) / 80)
    assert row.rate[1] == pytest.approx(share, abs=1e-3)
    assert row.high[1] - row.low[1] == pytest.approx(2 * 1.96 * deviation, rel=0.1)


def test_exact_limit_of_rate_uses_kish_effective_size():
    """It is Kish's number of names of an outcome, times the share of the label."""
    rows = np.eye(5)[[0] * 100 + [1] * 20]
    outcome = np.array([*np.arange(100) % 2, *[0] * 20])
    weights = np.repeat([1, 3, 1], [50, 50, 20])
    row = estimate(rows, outcome, sample_weight=weights)["Dutch"]
    of_outcome = weights[outcome == 0]
    n_effective = of_outcome.sum() ** 2 / (of_outcome**2).sum()
    n_people = n_effective * 20 / of_outcome.sum()  # all Dutch people have outcome 0
    assert row.high[1] == pytest.approx(1 - 0.025 ** (1 / n_people), rel=0.02)


def test_n_people_of_rates_excludes_rows_with_weight_0():
    rows = np.eye(5)[[0] * 60 + [1] * 60]
    rates = estimate(rows, np.arange(120) % 2, sample_weight=np.arange(120) < 90)
    assert rates["Danish"].n_people == pytest.approx(60, abs=1e-3)
    assert rates["Dutch"].n_people == pytest.approx(30, abs=1e-3)


def test_rates_of_fully_checked_list_have_exact_intervals():
    index = np.repeat([0, 1], [148, 52])
    outcome = np.isin(np.arange(200), [3, 70, 150, 160, 170])
    rates = estimate(np.eye(5)[index], outcome, checked=CLASSES[index])
    exact = binomtest(2, 148).proportion_ci()
    danish = rates["Danish"]
    found = [danish.rate[1], danish.low[1], danish.high[1]]
    assert_allclose(found, [2 / 148, exact.low, exact.high], atol=1e-6)
    assert "200 of the names are checked: 195 of False, 5 of True" in str(rates)


@pytest.mark.parametrize("n", [0, 1])
def test_outcome_with_fewer_than_two_checked_rows_raises_with_its_name(n):
    rows, outcome, labels = draw(400)
    is_checked = ~outcome
    is_checked[np.flatnonzero(outcome)[:n]] = True
    message = f"each outcome that are checked, got {n} of True"
    with pytest.raises(ValueError, match=message):
        estimate(rows, outcome, checked=np.where(is_checked, CLASSES[labels], None))


@pytest.mark.filterwarnings("ignore:The checked rows differ")
def test_outcome_with_fewer_than_10_checked_rows_warns():
    rows, outcome, labels = draw(400)
    is_checked = np.random.default_rng(0).random(400) < 0.5
    is_checked[np.flatnonzero(outcome & is_checked)[10:]] = False
    checked = np.where(is_checked, CLASSES[labels], None)
    estimate(rows, outcome, checked=checked)  # a warning is an error
    checked[np.flatnonzero(outcome & is_checked)[9:]] = None
    with pytest.warns(UserWarning, match="Only 9 rows of the outcome True are checked"):
        estimate(rows, outcome, checked=checked)


@pytest.mark.filterwarnings("default:The shares are rough")
def test_warnings_of_rates_state_their_outcome():
    rows, _ = draw_people(MIX, 250)
    with pytest.warns(UserWarning) as caught:
        estimate(rows, np.where(np.arange(250) < 60, "invited", "not"))
    (warning,) = caught
    text = "at least 100 distinct names of the outcome 'invited', got 60."
    assert text in str(warning.message)
    clusters = np.repeat([0, 1, 2], [120, 65, 65])
    with pytest.raises(ValueError, match="clusters of the outcome False, got one"):
        estimate(rows, np.arange(250) >= 120, clusters=clusters)


def test_outcomes_with_identical_names_have_independent_draws():
    """With equal draws, sampling errors would cancel: .43 to .57, not .4 to .6."""
    rows = np.eye(5)[np.arange(100) % 2]
    danish = estimate(rows, np.repeat([0, 1], 50), n_draws=2000)["Danish"]
    width = danish.high[1] - danish.low[1]
    assert width == pytest.approx(2 * 1.96 * np.sqrt(0.25 / 50), rel=0.1)


def test_estimate_rates_has_and_validates_parameters_of_estimate_shares():
    keywords = [*inspect.signature(estimate_shares).parameters.values()]
    of_rates = [*inspect.signature(estimate_rates).parameters.values()]
    assert of_rates.pop(2).name == "outcome"
    assert of_rates == keywords
    wrong = {"sample_weight": [-1, 1, 1], "counts": [0.5] * 3, "checked": ["Irish"]}
    wrong |= {"clusters": [1, 1, 1], "assumed_prior": "even"}
    wrong |= {"confidence_level": 2, "n_draws": 1, "random_state": "x", "by": [1]}
    assert {*wrong} == {keyword.name for keyword in keywords[2:]}
    for name, value in wrong.items():
        with pytest.raises(ValueError):
            estimate_rates(Known(), np.eye(5)[:3], outcome=[1, 0, 1], **{name: value})


@pytest.mark.parametrize("by", [None, np.arange(120) % 2])
@pytest.mark.parametrize(
    ("outcome", "message"),
    [
        ([0, 1] * 59, r"an outcome for each of 120 names, got shape \(118,\)"),
        ([0, 1] * 61, r"an outcome for each of 120 names, got shape \(122,\)"),
        ("invited", "got 'invited'. Give the column itself, as outcome=df"),
    ],
)
def test_outcome_column_of_wrong_length_raises(outcome, message, by):
    rows, _ = draw_people(MIX, 120)
    with pytest.raises(ValueError, match=message):
        estimate_rates(Known(), rows, outcome=outcome, by=by, n_draws=200)


def test_rates_of_grouped_classifier_equal_rates_of_model_of_its_groups():
    rows, outcome, _ = draw(400)
    groups = {"Benelux": ["Dutch"], "others": ["Danish", "Irish", "Norwegian"]}
    grouped = GroupedClassifier(Known(), groups=groups | {"South": ["Turkish"]})
    prior = {"Benelux": 0.5, "South": 0.2, "others": 0.3}
    params = {"outcome": outcome, "assumed_prior": prior, "n_draws": 200}
    params["random_state"] = 0
    found = estimate_rates(grouped, rows, **params)
    summed = grouped.predict_proba(rows)
    expected = estimate_rates(Known(grouped.classes_), summed, **params)
    assert_array_equal(found.label, expected.label)
    assert_allclose(found.rate, expected.rate, atol=1e-6)
