"""estimate_rates: the rate of an outcome in each label, and how rates differ."""

import inspect

import numpy as np
import pandas as pd
import pytest

from sknames import GroupedClassifier, estimate_rates, estimate_shares
from tests.conftest import CLASSES, Known, draw_people

pytestmark = pytest.mark.filterwarnings("ignore:The shares are rough")

MIX = [0.3, 0.4, 0.2, 0.1, 0]
RATES = np.array([0.2, 0.5, 0.8, 0.5, 0.5])


def draw(n=2000, seed=0, rates=RATES):
    """Probabilities that are right, and outcomes of labels."""
    rows, labels = draw_people(MIX, n, seed)
    outcome = np.random.default_rng(1000 + seed).random(n) < rates[labels]
    return rows, outcome, labels


def estimate(rows, outcome, **params):
    """Estimate the rates of distinct names with these probabilities."""
    params = {"n_draws": 300, "random_state": 0} | params
    names = np.column_stack([rows, np.arange(len(rows))])
    return estimate_rates(Known(), names, outcome=outcome, **params)


def test_intervals_of_rates_cover():
    covered = []
    for seed in range(40):
        rows, outcome, _ = draw(500, seed)
        rates = estimate(rows, outcome)
        for label, true in zip(CLASSES[:4], RATES[:4], strict=True):
            row = rates[label]
            covered.append(row.low[1] <= true <= row.high[1])
    assert np.mean(covered) > 0.9


def test_rates_of_a_label_sum_to_1_over_three_outcomes():
    rows, outcome, _ = draw(600)
    thirds = np.where(outcome, "yes", np.where(np.arange(600) % 2, "no", "later"))
    rates = estimate(rows, thirds)
    assert rates.outcomes.tolist() == ["later", "no", "yes"]
    assert sum(rates["Dutch"].rate) == pytest.approx(1)
    assert len(rates.label) == 15
    frame = rates.to_frame()
    columns = ["label", "outcome", "rate", "low", "high", "n_people"]
    assert list(frame.columns) == columns
    assert frame["n_people"].sum() == pytest.approx(3 * 600)


def test_label_without_people_has_no_rate_and_is_never_sure():
    rows = np.eye(5)[[0] * 60 + [1] * 60]
    outcome = np.arange(120) % 2
    rates = estimate(rows, outcome)
    turkish = rates["Turkish"]
    assert np.isnan(turkish.rate).all()
    assert (turkish.low, turkish.high) == ([0, 0], [1, 1])
    found = rates.compare("Turkish", "Dutch")
    assert not found.sure.any()
    assert (found.low.tolist(), found.high.tolist()) == ([-1, -1], [1, 1])
    assert "nan" not in repr(found)


def test_labels_with_few_people_are_neither_printed_nor_compared():
    rows = np.eye(5)[[0] * 60 + [1] * 55 + [2] * 5]
    rates = estimate(rows, np.arange(120) % 2)
    assert {*rates.compare().label} == {"Danish", "Dutch"}
    text = repr(rates)
    assert "Danish" in text
    assert "Irish" not in text
    assert "3 others: fewer than 10 estimated people each" in text
    assert "120 rows: 120 names, 0 not names" in text


def test_compare_finds_rates_that_differ_and_only_these():
    rows, outcome, _ = draw(3000)
    rates = estimate(rows, outcome)
    found = rates.compare("Irish", "Danish")
    assert found.label.tolist() == ["Irish", "Irish"]
    assert found.difference[1] == pytest.approx(0.6, abs=0.15)
    assert found.sure.all()
    assert found.difference.sum() == pytest.approx(0)
    assert not rates.compare("Dutch", "Norwegian").sure.any()
    everyone = rates.compare()
    sure = everyone.label[everyone.sure].tolist()
    assert {"Irish", "Danish"} <= {*sure}
    assert "compared with all others" in repr(everyone)
    with pytest.raises(KeyError, match="Expected one of the labels .*, got 'Elvish'"):
        rates.compare("Elvish")


def test_equal_rates_are_rarely_sure():
    n_sure = 0
    for seed in range(40):
        rows, outcome, _ = draw(400, seed, np.full(5, 0.4))
        n_sure += estimate(rows, outcome).compare().sure.any()
    assert n_sure <= 5


def test_compare_of_a_group_takes_the_labels_outside_it():
    rows, outcome, _ = draw(1000)
    groups = {"A": ["Danish", "Dutch"], "B": ["Danish"], "All": [*CLASSES]}
    rates = estimate(rows, outcome, groups=groups)
    inverse = estimate(rows, outcome, groups={"others": ["Irish", *CLASSES[3:]]})
    found = rates.groups.compare("A")
    assert found.label.tolist() == ["A", "A"]
    assert found.rate == pytest.approx(rates.groups["A"].rate)
    assert found.other == pytest.approx(inverse.groups["others"].rate)
    assert (found.low > -1).all()
    assert "compared with all others" in repr(found)
    danish = rates.compare("Danish")
    of_group = rates.groups.compare("B")
    for name in ("rate", "other", "low", "high", "sure"):
        assert getattr(of_group, name) == pytest.approx(getattr(danish, name))
    assert "of groups:" in repr(rates)
    everyone = rates.groups.compare()
    assert everyone.label.tolist() == ["A", "A", "B", "B", "All", "All"]
    assert np.isnan(rates.groups.compare("All").other).all()
    pair = rates.groups.compare("A", "B")
    assert pair.other == pytest.approx(rates["Danish"].rate)


def test_checked_rows_give_rates_of_labels_that_the_model_lacks():
    rows, outcome, labels = draw(1000)
    known = CLASSES[labels].astype(object)
    known[labels == 3] = "American"
    drawn = np.random.default_rng(1).random(1000) < 0.4
    rates = estimate(rows, outcome, y=np.where(drawn, known, None))
    american = rates["American"]
    assert american.low[1] < 0.52 < american.high[1]
    assert 0.3 < american.rate[1] < 0.7


@pytest.mark.parametrize(
    "outcome, message",
    [
        ([1, 0], r"an outcome for each of 3 names, got shape \(2,\)"),
        ([1, 1, 1], r"Expected two or more outcomes, got \[1\]"),
        ([1, None, 0], "an outcome for each name, got None at position 1. Drop such"),
        ([1, pd.NA, 0], "an outcome for each name, got <NA> at position 1"),
        ([1, "a", 0], "Expected outcomes that are all strings, or all numbers"),
    ],
    ids=str,
)
def test_wrong_outcomes_raise(outcome, message):
    with pytest.raises(ValueError, match=message):
        estimate(np.eye(5)[:3], outcome)


@pytest.mark.parametrize("make", [float, str], ids=["floats", "texts"])
def test_outcomes_that_are_measurements_raise(make):
    rows, _, _ = draw(42)
    with pytest.raises(ValueError, match=r"got 21 different numbers. Bin them, as by "):
        estimate(rows, [make(k % 21 + 0.5) for k in range(42)])
    estimate(rows, [make(k % 20 + 0.5) for k in range(40)] + [make(0.5)] * 2)


def test_whole_numbers_and_words_are_outcomes_however_many():
    rows, _, _ = draw(42)
    years = np.arange(42) % 21 + 2000
    teams = [f"team {year}" for year in years]
    for outcome in (years, years.astype(str), teams):
        assert len(estimate(rows, outcome, n_draws=2).outcomes) == 21


def test_outcome_without_weight_is_named():
    rows, _, _ = draw(40)
    outcome = np.repeat(["yes", "no"], 20)
    message = "some name of each outcome, got none for 'no'. Leave these rows out"
    with pytest.raises(ValueError, match=message):
        estimate(rows, outcome, sample_weight=outcome == "yes")


def test_labels_in_a_group_of_the_model_count_for_the_group():
    rows, outcome, labels = draw(500)
    benelux = GroupedClassifier(Known(), groups={"Benelux": ["Dutch"]})
    y = np.where(np.arange(500) % 2, CLASSES[labels], None)
    params = {"outcome": outcome, "n_draws": 2, "random_state": 0}
    found = estimate_rates(benelux, rows, y=y, **params)
    as_group = np.where(y == "Dutch", "Benelux", y)
    expected = estimate_rates(benelux, rows, y=as_group, **params)
    assert found.labels.tolist() == expected.labels.tolist()
    np.testing.assert_array_equal(found.rate, expected.rate)
    assert "Dutch" not in found.labels
    assert not found.new_labels


def test_outcomes_of_the_same_clusters_are_drawn_together():
    """Of two Dutch people in each, one has the outcome: so has half in any draw."""
    rows = np.eye(5)[np.repeat([0, 1], 100)]
    of_danes = np.arange(100) % 5 == 0
    outcome = np.concatenate([of_danes, np.arange(100) % 2 == 0])
    clusters = np.arange(200) // 2
    together = estimate(rows, outcome, clusters=clusters)["Dutch"]
    assert together.high[1] - together.low[1] < 0.01
    apart = estimate(rows, outcome, clusters=np.arange(200))["Dutch"]
    assert apart.high[1] - apart.low[1] == pytest.approx(2 * 1.96 * 0.05, rel=0.2)


@pytest.mark.filterwarnings("ignore:The model is unsure")
def test_rate_of_a_list_of_one_label_varies_as_its_outcome():
    """As a share of so many names of equal weight (Kish): (50 + 150)^2 / (50 + 450)."""
    rows = np.eye(5)[np.zeros(100, dtype=int)]
    weights = np.repeat([1, 3], 50)
    outcome = np.arange(100) % 4 == 0
    params = {"sample_weight": weights, "n_draws": 2000}
    row = estimate(rows, outcome, **params)["Danish"]
    share = weights[outcome].sum() / 200
    deviation = np.sqrt(share * (1 - share) / 80)
    assert row.rate[1] == pytest.approx(share, abs=1e-3)
    assert row.high[1] - row.low[1] == pytest.approx(2 * 1.96 * deviation, rel=0.1)


def test_exact_limit_of_a_rate_counts_names_of_equal_weight():
    """Kish's number of each outcome, summed, times the share of the label."""
    rows = np.eye(5)[[0] * 100 + [1] * 20]
    outcome = np.array([*np.arange(100) % 2, *[0] * 20])
    weights = np.array([*np.repeat([1, 3], 50), *[1] * 20])
    row = estimate(rows, outcome, sample_weight=weights)["Dutch"]
    n_effective = 0
    for k in (0, 1):
        of_outcome = weights[outcome == k]
        n_effective += of_outcome.sum() ** 2 / (of_outcome**2).sum()
    n_people = n_effective * 20 / 220
    assert row.high[1] == pytest.approx(1 - 0.025 ** (1 / n_people), rel=0.02)


def test_wrong_keywords_raise_as_in_estimate_shares():
    for name in ("cluster", "model_error", "has_common_draws", "caller"):
        message = rf"^estimate_rates\(\): got an unexpected keyword argument '{name}'"
        with pytest.raises(TypeError, match=message):
            estimate(np.eye(5)[:3], [1, 0, 1], **{name: 1})
    with pytest.raises(ValueError, match="'n_draws' parameter of estimate_rates"):
        estimate(np.eye(5)[:3], [1, 0, 1], n_draws=1)


def test_keywords_are_those_of_estimate_shares():
    keywords = [*inspect.signature(estimate_shares).parameters.values()]
    of_rates = [*inspect.signature(estimate_rates).parameters.values()]
    outcome = of_rates.pop(2)
    assert (outcome.name, of_rates) == ("outcome", keywords)
    given = {"sample_weight": [-1, 1, 1], "counts": [0.5] * 3, "y": ["Irish"]}
    given |= {"clusters": [1, 1, 1], "assumed_prior": "even", "groups": {"A": ["x"]}}
    given |= {"confidence_level": 2, "n_draws": 1, "random_state": "x"}
    given |= {"checked_weight": [1, 1, 1]}
    assert {*given} == {keyword.name for keyword in keywords[2:]}
    for name, value in given.items():
        with pytest.raises(ValueError):
            estimate_rates(Known(), np.eye(5)[:3], outcome=[1, 0, 1], **{name: value})
