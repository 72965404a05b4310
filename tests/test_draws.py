"""What must hold of any list: a question maps its draws, and loses nothing."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from sknames import estimate_rates, estimate_shares
from tests.conftest import CLASSES, Known, draw_people

pytestmark = pytest.mark.filterwarnings("ignore:The shares are rough")

LABELS = CLASSES.tolist()
GROUPS = {"pair": ["Danish", "Irish"], "all": LABELS}
SETS_OF_LABELS = st.sets(st.sampled_from(LABELS), min_size=1, max_size=4)
PARTS = st.lists(st.integers(0, 9), min_size=5, max_size=5).filter(any)
MIX = [0.3, 0.3, 0.02, 0.38, 0]
FEW = settings(deadline=None, derandomize=True, max_examples=12)


def estimate(n=300, seed=0, *, is_checked=False, **params):
    rows, labels = draw_people(MIX, n, seed)
    if is_checked:
        is_drawn = np.random.default_rng(seed + 1).random(n) < 0.5
        params["y"] = np.where(is_drawn, CLASSES[labels], None)
    return estimate_shares(Known(), rows, n_draws=100, random_state=0, **params)


@FEW
@given(seed=st.integers(0, 99), is_checked=st.booleans(), members=SETS_OF_LABELS)
def test_groups_have_the_sums_of_the_draws_of_their_labels(seed, is_checked, members):
    others = [label for label in LABELS if label != "Irish"]
    groups = {"Irish": ["Irish"], "others": others, "group": [*members], "all": LABELS}
    shares = estimate(seed=seed, is_checked=is_checked, groups=groups)
    found = shares.groups
    for k, labels in enumerate(groups.values()):
        is_member = np.isin(shares.label, labels)
        assert found.share[k] == pytest.approx(shares.share[is_member].sum())
        assert_allclose(found.draws[:, k], shares.draws[:, is_member].sum(axis=1))
    assert vars(found["Irish"]) == pytest.approx(vars(shares["Irish"]))
    assert_allclose(found.low[0], 1 - found.high[1])
    assert_allclose(found.high[0], 1 - found.low[1])
    ends = (found["all"].low, found["all"].high)
    assert ends == pytest.approx((1 - shares.floor, 1))


def parts_of(drawn):
    """Return the arrays of `Draws` that questions map, one below the other."""
    arrays = [drawn.estimate, *drawn.draws]
    if drawn.checked is not None:
        arrays += [drawn.checked.without, drawn.checked.mean_prediction]
    return np.array(arrays)


@FEW
@given(order=st.permutations(LABELS), members=SETS_OF_LABELS, is_checked=st.booleans())
def test_sums_and_orders_of_draws_commute(order, members, is_checked):
    drawn = estimate(is_checked=is_checked)._draws
    moved = drawn.at(np.array(order))
    assert moved.labels.tolist() == order
    assert_array_equal(parts_of(moved.at(drawn.labels)), parts_of(drawn))
    groups = {"group": members, "others": {*LABELS} - members}
    summed = moved.sums(groups)
    assert_allclose(parts_of(summed), parts_of(drawn.sums(groups)))
    of_all = drawn.sums({"all": LABELS})
    assert_allclose(parts_of(summed.sums({"all": groups})), parts_of(of_all))


@FEW
@given(parts=PARTS, named=SETS_OF_LABELS, is_checked=st.booleans())
def test_known_mix_moves_the_intervals_of_a_list(parts, named, is_checked):
    mix = {label: part / sum(parts) for label, part in zip(LABELS, parts, strict=True)}
    others = [label for label in LABELS if label not in named]
    known = {label: mix[label] for label in named}
    known["others"] = sum(mix[label] for label in others)
    params = {"is_checked": is_checked, "confidence_level": 0.99}
    shares = estimate(**params, groups={"others": others})
    found = shares.compare(known)
    assert {*found.label} == {*known}
    for label in known:
        row = shares.groups[label] if label == "others" else shares[label]
        expected = [row.share, row.low, row.high] - np.full(3, known[label])
        difference = found[label]
        ends = [difference.difference, difference.low, difference.high]
        assert ends == pytest.approx(expected.tolist())


@pytest.mark.parametrize("is_checked", [False, True])
def test_list_does_not_differ_from_itself(is_checked):
    shares = estimate(is_checked=is_checked, groups=GROUPS)
    found = shares.compare(shares, same_source=True)
    for table in (found, found.groups):
        assert not table.difference.any()
        assert not table.sure.any()
        assert (table.low <= 0).all()
        assert (table.high >= 0).all()
        assert_allclose(table.p_value, 1)


def test_joint_shares_sum_to_the_share_of_the_outcome():
    rows, labels = draw_people(MIX, 400)
    outcome = np.random.default_rng(1).random(400) < np.where(labels == 0, 0.8, 0.3)
    params = {"outcome": outcome, "n_draws": 100, "random_state": 0}
    rates = estimate_rates(Known(), rows, groups=GROUPS, **params)
    rate = rates.rate.reshape(-1, 2)[:, 1]
    n_people = rates.n_people.reshape(-1, 2)[:, 1]
    is_known = ~np.isnan(rate)
    joint = (rate * n_people)[is_known].sum() / 400
    assert joint == pytest.approx(outcome.mean(), abs=1e-3)
    everyone = rates.groups["all"]
    assert everyone.rate[1] == pytest.approx(outcome.mean())
    assert everyone.n_people == pytest.approx(400)
