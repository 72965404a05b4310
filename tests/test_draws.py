"""Properties of draws of any list: groups, rates, comparisons and statistics."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from sknames import estimate_rates, estimate_shares, estimate_statistic
from sknames._draws.draws import Draws
from tests.conftest import CLASSES, Known, draw_people

pytestmark = pytest.mark.filterwarnings(
    "ignore:The shares are rough",
    "ignore:Only .. rows are checked",
    "ignore:The checked rows differ",
)

LABELS = CLASSES.tolist()
GROUPS = {"pair": ["Danish", "Irish"], "all": LABELS}
SETS_OF_LABELS = st.sets(st.sampled_from(LABELS), min_size=1, max_size=4)
PARTS = st.lists(st.integers(0, 9), min_size=5, max_size=5).filter(any)
LINEAR = st.lists(st.integers(-3, 3), min_size=5, max_size=5)
MIX = [0.3, 0.3, 0.02, 0.38, 0]
FEW = settings(deadline=None, derandomize=True, max_examples=12)
MIXES = st.lists(st.floats(0, 1), min_size=5, max_size=5).map(
    lambda values: (np.array(values) + 0.01) / np.sum(np.array(values) + 0.01)
)
ROUNDING = 1e-9  # errors of sums of floats, whose order depends on the processor


def params_of(seed=0, n=300, *, is_checked=False):
    """Return probabilities, labels and parameters of a random list."""
    rows, labels = draw_people(MIX, n, seed)
    params = {"n_draws": 200, "random_state": 0}
    if is_checked:
        is_drawn = np.random.default_rng(seed + 1).random(n) < 0.5
        params["checked"] = np.where(is_drawn, CLASSES[labels], None)
    return rows, labels, params


def estimate(n=300, seed=0, *, is_checked=False, **more):
    rows, _, params = params_of(seed, n, is_checked=is_checked)
    return estimate_shares(Known(), rows, **params | more)


def estimate_outcome(seed=0, *, is_checked=False, **more):
    """Return the rates of an outcome that Danish people have more often."""
    rows, labels, params = params_of(seed, is_checked=is_checked)
    chance = np.where(labels == 0, 0.6, 0.4)
    outcome = np.random.default_rng(seed + 2).random(len(rows)) < chance
    return estimate_rates(Known(), rows, outcome=outcome, **params | more)


@FEW
@given(seed=st.integers(0, 99), is_checked=st.booleans(), members=SETS_OF_LABELS)
def test_shares_and_draws_of_group_are_sums_over_its_labels(seed, is_checked, members):
    others = [label for label in LABELS if label != "Irish"]
    groups = {"Irish": ["Irish"], "others": others, "group": [*members], "all": LABELS}
    shares = estimate(seed=seed, is_checked=is_checked)
    found = shares.sums(groups)
    for k, labels in enumerate(groups.values()):
        is_member = np.isin(shares.label, labels)
        share = shares.share[is_member].sum()
        assert found.share[k] == pytest.approx(share, abs=ROUNDING)
        summed = shares.draws[:, is_member].sum(axis=1)
        assert_allclose(found.draws[:, k], summed, atol=ROUNDING)
    irish = shares["Irish"]
    ends = np.column_stack([found.low, found.high])
    assert_allclose(ends[0], [irish.low, irish.high], atol=ROUNDING)
    assert_allclose(ends[1], [1 - irish.high, 1 - irish.low], atol=ROUNDING)
    assert ends[3].tolist() == [1, 1]


@pytest.mark.parametrize("kind", ["names", "some checked", "all checked"])
def test_group_of_all_labels_has_share_1_and_difference_0(kind):
    rows, labels = draw_people([0.2] * 5, 300)
    y = np.where(np.arange(300) % 2 > 0, None, CLASSES[labels])
    checked = {"names": None, "some checked": y, "all checked": CLASSES[labels]}[kind]
    groups = {"all": LABELS, "one": LABELS[:1]}
    params = {"n_draws": 200, "random_state": 0}
    shares = estimate_shares(Known(), rows, checked=checked, **params).sums(groups)
    everyone = shares["all"]
    assert (everyone.share, everyone.low, everyone.high) == (1, 1, 1)
    other = estimate_shares(Known(), rows[:200], **params).sums(groups)
    found = shares.compare(other)["all"]
    assert (found.difference, found.low, found.high, found.sure) == (0, 0, 0, False)


@FEW
@given(members=SETS_OF_LABELS, seed=st.integers(0, 99), is_checked=st.booleans())
def test_share_of_group_is_exactly_within_its_interval(members, seed, is_checked):
    groups = {"group": members, "all": LABELS}
    table = estimate(seed=seed, is_checked=is_checked).sums(groups)
    assert (table.low <= table.share).all()
    assert (table.share <= table.high).all()


@FEW
@given(seed=st.integers(0, 99), is_checked=st.booleans(), level=st.floats(0.1, 0.95))
def test_intervals_lie_between_0_and_1_and_contain_estimate(seed, is_checked, level):
    params = {"is_checked": is_checked, "confidence_level": level}
    shares = estimate(seed=seed, **params)
    rates = estimate_outcome(seed, **params)
    for table in (shares, shares.sums(GROUPS), rates, rates.sums(GROUPS)):
        value = getattr(table, "share", getattr(table, "rate", None))
        assert ((table.low >= 0) & (table.high <= 1)).all()
        is_known = ~np.isnan(value)
        assert (table.low <= value + ROUNDING)[is_known].all()
        assert (table.high >= value - ROUNDING)[is_known].all()
    other = estimate(200, seed + 100, **params)
    of_groups = shares.sums(GROUPS).compare(other.sums(GROUPS))
    for table in (shares.compare(other), of_groups, rates.compare()):
        assert ((table.low >= -1) & (table.high <= 1)).all()
        assert not (table.sure & (table.low < 0) & (table.high > 0)).any()


@FEW
@given(seed=st.integers(0, 99), is_checked=st.booleans())
@example(seed=0, is_checked=True)
def test_rates_of_draws_are_joint_shares_divided_by_share_of_label(seed, is_checked):
    rates = estimate_outcome(seed, is_checked=is_checked)
    of_groups = rates.sums(GROUPS)
    for table in (rates, of_groups):
        joint = table.joint_draws
        of_label = joint.sum(axis=2, keepdims=True)
        of_draws = joint / np.where(of_label > 0, of_label, 1)
        low = table.low.reshape(-1, 2)
        high = table.high.reshape(-1, 2)
        assert_allclose(low[:, 0], 1 - high[:, 1], atol=ROUNDING)
        inside = (of_draws >= low - ROUNDING) & (of_draws <= high + ROUNDING)
        inside |= of_label == 0  # a draw without the label has no rate
        is_known = table.n_people.reshape(-1, 2) > 10
        assert (inside.mean(axis=0) >= 0.94)[is_known].all()
    rate = rates.rate.reshape(-1, 2)
    assert_allclose(np.nansum(rate, axis=1)[~np.isnan(rate[:, 0])], 1, atol=ROUNDING)
    everyone = of_groups["all"]
    assert everyone.n_people == pytest.approx(300)
    of_all = rates.joint_draws.sum(axis=1)
    assert_allclose(of_groups.joint_draws[:, 1], of_all, atol=ROUNDING)


@FEW
@given(parts=PARTS, named=SETS_OF_LABELS, is_checked=st.booleans())
def test_comparison_with_known_shares_shifts_intervals_by_known_shares(
    parts, named, is_checked
):
    mix = {label: part / sum(parts) for label, part in zip(LABELS, parts, strict=True)}
    others = [label for label in LABELS if label not in named]
    known = {label: mix[label] for label in named}
    known["others"] = sum(mix[label] for label in others)
    params = {"is_checked": is_checked, "confidence_level": 0.9}
    shares = estimate(**params)
    of_others = shares.sums({"others": others})
    found = shares.compare(known)
    assert {*found.label} == {*known}
    for label in known:
        row = of_others[label] if label == "others" else shares[label]
        expected = [row.share, row.low, row.high] - np.full(3, known[label])
        difference = found[label]
        ends = [difference.difference, difference.low, difference.high]
        assert_allclose(ends, expected, atol=ROUNDING)


@pytest.mark.parametrize("is_checked", [False, True])
def test_comparison_of_list_with_itself_has_no_differences(is_checked):
    shares = estimate(is_checked=is_checked)
    for table in (shares, shares.sums(GROUPS)):
        table = table.compare(table, same_source=True)
        assert not table.difference.any()
        assert not table.sure.any()
        assert (table.low <= 0).all()
        assert (table.high >= 0).all()
        assert_allclose(table.p_value, 1)


def test_rate_of_group_of_all_labels_is_share_of_outcome():
    rows, labels, params = params_of(n=400)
    outcome = labels == 0
    rates = estimate_rates(Known(), rows, outcome=outcome, **params)
    assert rates.sums(GROUPS)["all"].rate[1] == pytest.approx(outcome.mean())


@FEW
@given(first=MIXES, second=MIXES, weight=st.floats(0.01, 0.99))
def test_subtracting_draws_of_a_part_leaves_draws_of_remaining_rows(
    first, second, weight
):
    def drawn(mix, n_effective):
        return Draws(
            labels=CLASSES,
            estimate=mix,
            draws=np.array([mix, mix[::-1]]),
            n_effective=n_effective,
            of_sparse=mix / 2,
        )

    whole = weight * first + (1 - weight) * second
    n_effective = 1 / (weight**2 / 40 + (1 - weight) ** 2 / 70)
    rest = drawn(whole, n_effective).less(drawn(first, 40), weight)
    assert_allclose(rest.estimate, second, atol=ROUNDING)
    assert_allclose(rest.draws, [second, second[::-1]], atol=ROUNDING)
    assert_allclose(rest.of_sparse, second / 2, atol=ROUNDING)
    assert rest.n_effective == pytest.approx(70, abs=1e-3)


# ---- Statistics


def ends_of(statistic, *results, **params):
    found = estimate_statistic(statistic, *results, **params)
    return np.array([found.low, found.high])


@FEW
@given(seed=st.integers(0, 99), is_checked=st.booleans(), row=st.integers(0, 4))
def test_statistic_of_single_share_has_interval_of_that_share(seed, is_checked, row):
    shares = estimate(seed=seed, is_checked=is_checked)
    expected = [shares.low[row], shares.high[row]]
    label = shares.label[[row]]
    found = ends_of(lambda share: share[0], shares, labels=label)
    assert_allclose(found, expected, atol=ROUNDING)
    mirror = ends_of(lambda share: 1 - share[0], shares, labels=label)
    assert_allclose(1 - mirror[::-1], expected, atol=ROUNDING)


@FEW
@given(
    seed=st.integers(0, 99), is_checked=st.booleans(), rows=st.sets(st.integers(0, 4))
)
def test_statistic_of_sum_equals_1_minus_sum_of_remaining_shares(
    seed, is_checked, rows
):
    shares = estimate(seed=seed, is_checked=is_checked)
    is_in = np.isin(np.arange(5), [*rows])
    found = ends_of(lambda share: share[is_in].sum(), shares)
    spelled = ends_of(lambda share: 1 - share[~is_in].sum(), shares)
    assert_allclose(found, spelled, atol=ROUNDING)


@FEW
@given(seed=st.integers(0, 99), slope=st.floats(-5, 5), weights=LINEAR)
def test_interval_of_linearly_transformed_statistic_is_transformed_alike(
    seed, slope, weights
):
    shares = estimate(seed=seed)

    def statistic(share):
        return share @ weights + (share**2).sum()

    found = ends_of(statistic, shares)
    moved = ends_of(lambda share: slope * statistic(share) + 3, shares)
    expected = slope * found + 3
    assert_allclose(moved, np.sort(expected), atol=ROUNDING)


@FEW
@given(seed=st.integers(0, 99), is_checked=st.booleans(), same_source=st.booleans())
@example(seed=26, is_checked=True, same_source=True)
def test_statistic_of_difference_has_interval_of_comparison(
    seed, is_checked, same_source
):
    here = estimate(seed=seed, is_checked=is_checked)
    there = estimate(200, seed + 100, is_checked=is_checked)
    compared = here.compare(there, same_source=same_source)
    low, high = ends_of(np.subtract, here, there, same_source=same_source)
    rows = [compared[label] for label in CLASSES]
    assert_allclose(low, [row.low for row in rows], atol=ROUNDING)
    assert_allclose(high, [row.high for row in rows], atol=ROUNDING)


def test_statistic_that_fails_only_at_interval_ends_has_interval_of_draws():
    """Interval ends may be 0, where a ratio is infinite and a logarithm fails."""
    shares = estimate()

    def ratio(share):
        if share[0] <= 0 or share[1] <= 0:
            raise ZeroDivisionError
        return share[0] / share[1]

    low, high = ends_of(ratio, shares, labels=shares.label)
    of_draws = shares.draws[:, 0] / shares.draws[:, 1]
    assert low <= np.quantile(of_draws, 0.025) + ROUNDING
    assert np.quantile(of_draws, 0.975) - ROUNDING <= high < np.inf


def test_difference_whose_interval_includes_0_is_not_sure():
    """Three percent of the draws are outliers, which hardly change the deviation."""
    draws = 0.6 + np.where(np.arange(1000) < 30, -0.25, 0)
    drawn = Draws(
        labels=CLASSES[:2],
        estimate=np.array([0.6, 0.4]),
        draws=np.column_stack([draws, 1 - draws]),
        n_effective=np.inf,
    )
    known = Draws.known(dict(zip(LABELS[:2], [0.4, 0.6], strict=True)), 1000)
    columns = drawn.minus(known, 0.95)
    assert_allclose(columns["low"], [-0.05, -0.2])
    assert_allclose(columns["high"], [0.2, 0.05])
    assert (columns["p_value"] > 0.05).all()


def test_small_difference_between_few_checked_rows_without_errors_is_not_sure():
    """No draw varies, but 50 rows do not rule out errors in 7 % of rows."""

    def checked(share):
        estimate = np.array([share, 1 - share])
        return Draws(
            labels=CLASSES[:2],
            estimate=estimate,
            draws=np.tile(estimate, (200, 1)),
            n_effective=50.0,
            predicted=np.array([0.5, 0.5]),
        )

    columns = checked(0.54).minus(checked(0.46), 0.95)
    assert (columns["p_value"] > 0.05).all()
    columns = checked(0.59).minus(checked(0.41), 0.95)
    assert (columns["p_value"] < 0.05).all()


def test_outlying_draws_of_checked_rows_do_not_prevent_sure_difference():
    """One percent are outliers, as in a t distribution of few degrees of freedom."""
    moves = np.zeros(1000)
    moves[:5] = -0.5
    moves[5:10] = 0.4
    draws = 0.55 + moves
    drawn = Draws(
        labels=CLASSES[:2],
        estimate=np.array([0.55, 0.45]),
        draws=np.column_stack([draws, 1 - draws]),
        n_effective=1000.0,
        predicted=np.array([0.5, 0.5]),
    )
    known = Draws.known(dict.fromkeys(LABELS[:2], 0.5), 1000)
    assert (drawn.minus(known, 0.95)["p_value"] < 0.05).all()


@pytest.mark.parametrize("n_of_label, is_known", [(0.4, False), (0.6, True)])
def test_rate_within_label_of_less_than_half_a_person_is_unknown(n_of_label, is_known):
    """Half a person is also the least number on which an interval is based."""
    estimate = np.array([[n_of_label, 100 - n_of_label], [0, 100]]).T / 200
    joint = Draws(
        labels=CLASSES[:2],
        outcomes=np.array([0, 1]),
        estimate=estimate,
        draws=np.tile(estimate, (200, 1, 1)),
        n_effective=np.full((2, 2), 200.0),
    )
    rates = joint.within_labels()
    assert np.isnan(rates.estimate[0]).all() != is_known
    assert_allclose(rates.estimate[1], [0.5, 0.5], atol=0.01)
    assert_allclose(rates.n_effective[0], max(n_of_label, 0.5))


def test_difference_is_tested_only_if_both_lists_have_enough_names():
    def drawn(n_effective):
        estimate = np.array([0.6, 0.4])
        draws = np.tile(estimate, (200, 1))
        return Draws(
            labels=CLASSES[:2], estimate=estimate, draws=draws, n_effective=n_effective
        )

    for first, second, is_tested in [(30, 30, True), (29, 30, False), (30, 29, False)]:
        p_value = drawn(first).minus(drawn(second), 0.95)["p_value"]
        assert_array_equal(np.isfinite(p_value), is_tested)
