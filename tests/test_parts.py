"""Tests of parts: estimates with `by`, and comparisons of parts."""

import pickle
import warnings
from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from sknames import SharesDisplay, estimate_rates, estimate_shares, estimate_statistic
from tests.conftest import CLASSES, Known, distinct, draw_people

pytestmark = pytest.mark.filterwarnings("ignore:.*The shares are rough")

MIX = [0.3, 0.3, 0.02, 0.38, 0]
PARAMS = {"n_draws": 200, "random_state": 0}
YEARS = 2000 + np.arange(300) % 3
GROUPS = {"west": ["Dutch", "Irish"]}
FEW = settings(deadline=None, derandomize=True, max_examples=10)


def people(n=300, seed=0, mix=MIX):
    """Return distinct names, as rows of probabilities, and their labels."""
    rows, labels = draw_people(mix, n, seed)
    return distinct(rows), labels


def estimate(by, names=None, **more):
    if names is None:
        names, _ = people()
    return estimate_shares(Known(), names, by=by, **PARAMS | more)


@pytest.fixture(scope="module")
def parts():
    return estimate(YEARS)


@FEW
@given(
    seed=st.integers(0, 99),
    by=st.lists(st.sampled_from("abc"), min_size=120, max_size=120),
    kind=st.sampled_from(["", "sample_weight", "counts", "checked"]),
)
@pytest.mark.filterwarnings("ignore:.*rows are checked", "ignore:.*The checked rows")
def test_shares_of_part_equal_shares_of_its_rows_alone(seed, by, kind):
    names, labels = people(120, seed)
    rng = np.random.default_rng(seed)
    by = np.array(by)
    given = {
        "sample_weight": rng.integers(1, 4, 120),
        "counts": rng.integers(1, 4, 120),
    }
    given["checked"] = np.where(rng.random(120) < 0.5, CLASSES[labels], None)
    row_values = {kind: given[kind]} if kind else {}
    parts = estimate(by, names, **row_values)
    for key, part in parts.items():
        rows = by == key
        if part is None or (kind == "checked" and part.n_checked is None):
            continue
        of_rows = {name: values[rows] for name, values in row_values.items()}
        alone = estimate_shares(Known(), names[rows], **PARAMS, **of_rows)
        for column in ("label", "share", "low", "high", "draws"):
            assert_array_equal(getattr(part, column), getattr(alone, column))
        assert part.n_names == alone.n_names


@pytest.mark.parametrize(
    "make",
    [
        lambda table: table["year"],
        lambda table: table["year"].tolist(),
        lambda table: table["year"].to_numpy(),
        lambda table: np.array([*table["year"].to_numpy()], dtype=object),
        lambda table: pl.Series("year", table["year"]),
        lambda table: pa.array(table["year"]),
        lambda table: table[["year"]],
        lambda table: pa.table({"year": table["year"]}),
        lambda table: {"year": table["year"].tolist()},
    ],
    ids=[
        "Series",
        "list",
        "array of integers",
        "array of objects",
        "polars Series",
        "pyarrow array",
        "DataFrame",
        "pyarrow table",
        "dict",
    ],
)
def test_by_column_in_any_container_gives_python_int_keys(make, parts):
    found = estimate(make(pd.DataFrame({"year": YEARS})))
    assert [*found] == [2000, 2001, 2002]
    assert {type(key) for key in found} == {int}
    assert str(found[2001]) == str(parts[2001])


def test_several_by_columns_give_tuple_keys_with_none_for_missing_values():
    half = np.where(np.arange(300) < 150, "first", None)
    table = pl.DataFrame({"half": half.tolist(), "year": YEARS})
    keys = [(half, year) for half in (None, "first") for year in (2000, 2001, 2002)]
    for by in (table, table.to_pandas(), table.to_arrow(), table.to_dict()):
        found = estimate(by, n_draws=200)
        assert found.names == ["half", "year"]
        assert [*found] == keys
    assert repr(found).startswith("half: (blank), year: 2000\nlabel")


@pytest.mark.parametrize("unit", ["D", "M", "s", "ns"])
def test_numpy_datetimes_in_by_become_python_dates(unit):
    by = np.resize(np.array(["2020-01-01", "2021-01-01"], f"M8[{unit}]"), 300)
    assert [key.year for key in estimate(by, n_draws=200)] == [2020, 2021]


@pytest.mark.parametrize(
    "make",
    [
        lambda values, order: pd.Categorical(values, order, ordered=True),
        lambda values, order: pd.Series(pd.Categorical(values, order, ordered=True)),
        lambda values, order: pl.Series(values, dtype=pl.Enum(order)),
    ],
    ids=["Categorical", "Series", "polars Enum"],
)
def test_ordered_categories_in_by_keep_category_order(make):
    by = make(["low", "high", "mid"] * 100, ["low", "mid", "high", "none"])
    assert [*estimate(by, n_draws=200)] == ["low", "mid", "high"]


@pytest.mark.parametrize(
    "values", [[2**70, 2**70 + 1], [2**63, 1], [1, "1"], [None, 1]]
)
def test_by_values_that_numpy_would_merge_stay_distinct_in_frame(values):
    column = estimate(np.array(values * 150, dtype=object), n_draws=200).to_frame()[
        "by"
    ]
    found = [*dict.fromkeys(column.tolist())]
    assert sorted(found, key=str) == sorted(values, key=str)
    assert {type(value) for value in found} == {type(value) for value in values}


def test_missing_by_values_of_any_kind_form_one_part():
    by = np.array([None, np.nan, pd.NA, Decimal("NaN"), "", "x"] * 50, dtype=object)
    parts = estimate(by, n_draws=200)
    assert [*parts] == [None, "", "x"]
    assert parts[None].n_names == 200
    for missing in (np.nan, pd.NA, float("nan"), Decimal("NaN")):
        assert parts[missing] is parts[None]
    assert "by: ''" in repr(parts).splitlines()
    of_two = estimate({"a": by, "b": by}, n_draws=200)
    assert of_two[np.nan, np.nan] is of_two[None, None]


def test_more_than_2000_parts_raise():
    names = distinct(np.full((2001, 5), 0.2))
    with pytest.raises(ValueError, match="2,000 parts at most, got 2,001 values of by"):
        estimate(np.arange(2001), names)


def test_unsortable_part_keys_keep_order_of_appearance():
    by = np.array(["b", 2, "a"] * 100, dtype=object)
    assert [*estimate(by)] == ["b", 2, "a"]


def test_frame_of_parts_has_by_column_first(parts):
    frame = parts.to_frame()
    columns = ["by", "label", "share", "low", "high", "names", "not_names"]
    assert [*frame.columns] == columns
    assert frame["by"].tolist() == [2000] * 5 + [2001] * 5 + [2002] * 5
    assert frame["names"].unique().tolist() == [100]
    of_2001 = frame[frame["by"] == 2001]
    assert of_2001["share"].tolist() == parts[2001].share.tolist()


def test_part_without_names_is_none_and_null_in_frame(shipped):
    names = [*["Jan de Vries", "Ayşe Yılmaz", "Piet Bakker"] * 50, "123", "7"]
    parts = estimate_shares(shipped, names, by=[1] * 150 + [2] * 2, **PARAMS)
    assert parts[2] is None
    assert parts[1].n_names == 150
    last = parts.to_frame().iloc[-1]
    assert (last["by"], last["names"], last["not_names"]) == (2, 0, 2)
    assert last[["label", "share", "low", "high"]].isna().all()
    assert repr(parts).endswith("by: 2\nno name; 2 not names")
    assert [*parts.compare()] == [1, 2]
    assert parts.compare()[1] is None


@pytest.mark.filterwarnings("ignore:.*rows are checked")
def test_part_without_estimate_is_none_and_warns_with_reason():
    names, labels = people()
    checked = np.where(YEARS == 2000, CLASSES[labels], None)
    checked[1] = "Dutch"  # a name of 2001
    with pytest.warns(UserWarning, match="by: 2001: no estimate: Expected two or more"):
        parts = estimate(YEARS, names, checked=checked)
    assert parts[2001] is None
    assert "by: 2001\nno estimate; 100 names" in repr(parts)
    note = "no row is checked: these shares are estimated from names alone"
    assert repr(parts).endswith(note)
    assert parts[2002].n_checked is None


def test_estimate_shares_without_any_estimable_part_raises():
    weights = np.append(1, np.zeros(299))
    checked = np.resize(["Dutch", "Irish"], 300)
    with pytest.raises(ValueError, match="a part with an estimate, got none; by: a: "):
        estimate(["a"] * 300, sample_weight=weights, checked=checked)


def test_warnings_of_many_parts_are_merged_by_kind():
    with pytest.warns(UserWarning) as caught:
        estimate(np.arange(300) % 30, clusters=np.arange(300) // 60, n_draws=200)
    few_names, few_clusters = [str(warning.message) for warning in caught]
    assert few_names.startswith("30 parts alike; the first (by: 0): The shares are r")
    assert few_clusters.startswith("30 parts alike; the first (by: 0): There are 5 cl")


@pytest.mark.parametrize(
    ("params", "error", "message"),
    [
        ({"by": [1, 2]}, ValueError, r"a value of by for each of 300 names, got .*2,"),
        ({"by": {"x": np.zeros((300, 2))}}, ValueError, r"got shape \(300, 2\)"),
        ({"by": "dep"}, ValueError, r"got 'dep'. Give the .* by=df\[.dep.\]"),
        ({"by": 3}, ValueError, r"got 3. Give the column itself, as by=df\[.dep.\]"),
        ({"by": {}}, ValueError, r"columns in by, as by=df\[.dep.\], got none"),
        ({"by": pd.DataFrame([[1, 2]] * 300, columns=["x", "x"])}, ValueError, "'x'"),
        ({"by": [("a", 1)] * 300}, TypeError, r"as a table, as by=df\[\[.dep., .ye"),
        (
            {"by": pd.MultiIndex.from_tuples([("a", 1)] * 300)},
            TypeError,
            r"got \('a', 1\). Give several columns as a table",
        ),
        ({"by": {"share": YEARS}}, ValueError, "by that is not called 'share', as one"),
        ({"by": [[1]] * 300}, TypeError, "that are texts or numbers, got unhashable"),
    ],
)
def test_invalid_by_columns_raise(params, error, message):
    with pytest.raises(error, match=message):
        estimate(**params)


# ---- Comparisons


@pytest.mark.parametrize("weight", [0.04, 0.6, 0.9])
@pytest.mark.parametrize("kind", ["", "clusters", "checked", "sample_weight"])
def test_variance_of_difference_from_remaining_rows_sums_both_variances(weight, kind):
    """If the part were counted twice, large parts would vary too much."""
    n = round(1000 * weight)
    by = np.repeat(["part", "second", "third"], [n, 500 - n // 2, 500 - n // 2])
    labels = np.arange(1000) % 2
    given = {
        "clusters": np.arange(1000),
        "checked": CLASSES[labels],
        "sample_weight": np.where(by == "part", 1, 3),
    }
    params = {kind: given[kind]} if kind else {}
    names = distinct(np.eye(5)[labels])
    row = estimate(by, names, n_draws=2000, **params).compare()["part"][CLASSES[0]]
    assert row.difference == pytest.approx(0, abs=0.01)
    deviation = np.sqrt(0.25 / n + 0.25 / (1000 - n))
    assert row.high - row.low == pytest.approx(2 * 1.96 * deviation, rel=0.1)


@pytest.mark.parametrize("n_of_part", [40, 600])
def test_part_is_compared_with_shares_of_remaining_rows(n_of_part):
    names, _ = people(1000)
    by = np.minimum(np.arange(1000) // n_of_part, 2)
    parts = estimate(by, names)
    found = parts.compare()[0]
    others = estimate_shares(Known(), names[n_of_part:], **PARAMS)
    for label in CLASSES:
        assert found[label].other == pytest.approx(others[label].share, abs=0.02)
    assert found.n_names_of_other == 1000 - n_of_part
    of_groups = parts.sums(GROUPS).compare()[0]
    assert of_groups.label.tolist() == ["west"]
    labels = GROUPS["west"]
    assert of_groups["west"].other == pytest.approx(sum(found[x].other for x in labels))
    with pytest.raises(TypeError, match=r"as parts.sums\(groups\).compare\(\)"):
        parts.compare().sums(GROUPS)


def test_sums_of_parts_equal_sums_of_each_part(parts):
    found = parts.sums(GROUPS)
    assert [*found] == [*parts]
    for key, part in parts.items():
        assert repr(found[key]) == repr(part.sums(GROUPS))
    assert {*found.to_frame()["label"]} == {*GROUPS}


def test_compare_of_two_parts_compares_them_with_each_other():
    parts = estimate(np.repeat(["a", "b"], [100, 200]))
    found = parts.compare()
    for key, other in (("a", "b"), ("b", "a")):
        expected = parts[key].compare(parts[other], same_source=True)
        assert repr(found[key]) == repr(expected)
        assert_array_equal(found[key].low, expected.low)


@pytest.mark.parametrize(
    ("kind", "n_others", "is_compared"),
    [("", 29, False), ("", 30, True), ("clusters", 36, False), ("clusters", 40, True)],
)
def test_part_is_compared_only_with_30_other_names_or_10_other_clusters(
    kind, n_others, is_compared
):
    names, _ = people(600 + n_others)
    by = np.repeat(["part", "x", "y"], [600, n_others // 2, n_others - n_others // 2])
    params = {kind: np.arange(len(by)) // 4} if kind else {}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        compared = estimate(by, names, **params).compare()
    assert (compared["part"] is not None) == is_compared
    message = f"not by: part: no estimate: Expected {10 if kind else 30} other names or"
    is_said = any(message in str(warning.message) for warning in caught)
    assert is_said != is_compared


@pytest.mark.filterwarnings("ignore:by. silent. no estimate")
def test_uninformative_part_is_not_compared_and_excluded_from_remaining_rows():
    names = distinct(np.eye(5)[np.append(np.arange(200) % 4, np.full(40, 4))])
    by = np.repeat(["a", "b", "silent"], [100, 100, 40])
    prior = [0.25, 0.25, 0.25, 0.25, 0]
    compared = estimate(by, names, assumed_prior=prior).compare()
    assert compared["silent"] is None
    assert compared["a"].difference == pytest.approx(0, abs=0.02)


@pytest.mark.filterwarnings("ignore:by. no weight. no estimate")
@pytest.mark.parametrize(("n", "varies"), [(29, True), (30, False)])
def test_parts_with_fewer_than_30_names_are_resampled_together(n, varies):
    """Resampled alone, a part does not vary if all its names have the same label."""
    sizes = [50, 50, n, n, 9]
    names = distinct(np.eye(5)[np.repeat([0, 1, 0, 1, 0], sizes)])
    by = np.repeat(["half", "half", "Danes", "Dutch", "no weight"], sizes)
    params = {"sample_weight": by != "no weight", "n_draws": 2000}
    row = estimate(by, names, **params).compare()["half"]["Danish"]
    deviation = np.sqrt(0.25 / 100 + varies * 0.25 / (2 * n))
    assert row.high - row.low == pytest.approx(2 * 1.96 * deviation, rel=0.1)


@pytest.mark.parametrize(("n", "is_sure"), [(29, False), (30, True)])
def test_difference_of_part_with_fewer_than_30_names_is_not_sure(n, is_sure):
    names = distinct(np.eye(5)[np.repeat([4, 0], [n, 200])])
    found = estimate(np.repeat(["few", "many"], [n, 200]), names).compare("many")
    assert [*found] == ["few"]
    assert found["few"].sure.any() == is_sure


DUTCH = {"Dutch": ["Dutch"]}


@pytest.mark.parametrize(
    ("n_dutch", "groups", "factors"),
    [
        ({"clear": 150, "more": 94, "much": 120}, DUTCH, [3, 1, 2]),
        ({"clear": 150, "more": 94, "much": 120}, DUTCH | {"0": ["Irish"]}, [3, 3, 3]),
        ({"again": 94, "equal": 75, "more": 94}, DUTCH, [3, 3, 3]),
    ],
)
def test_p_values_of_compared_parts_are_holm_adjusted(n_dutch, groups, factors):
    """The factor decreases only after a part of which all groups differ for sure."""
    n_of_labels = [(150 - n, n) for n in [75, *n_dutch.values()]]
    rows = np.eye(5)[np.tile([0, 1], 4).repeat(np.ravel(n_of_labels))]
    names = distinct(np.concatenate([rows, rows[:29]]))
    by = [*np.repeat(["half", *n_dutch], 150), *["too few to test"] * 29]
    parts = estimate(by, names, n_draws=500).sums(groups)
    compared = parts.compare("half")
    for key, factor in zip(n_dutch, factors, strict=True):
        alone = parts[key].compare(parts["half"], same_source=True)["Dutch"].p_value
        p_value = compared[key]["Dutch"].p_value
        assert p_value == pytest.approx(min(factor * alone, 1))
    frame = compared.to_frame()
    assert_array_equal(frame["sure"], frame["p_value"] < 0.05)


def test_parts_are_compared_with_chosen_part_or_known_shares(parts):
    found = parts.compare(2000)
    assert [*found] == [2001, 2002]
    expected = parts[2001].compare(parts[2000], same_source=True)
    assert_array_equal(found[2001].low, expected.low)
    mix = {"Dutch": 0.3, "others": 0.7}
    known = parts.compare(mix)
    assert [*known] == [2000, 2001, 2002]
    assert known[2001]["Dutch"].other == 0.3
    assert [*known.to_frame().columns][:4] == ["by", "label", "share", "other"]
    assert repr(parts.compare(pd.Series(mix))) == repr(known)


def test_comparison_of_parts_with_none_uses_part_of_missing_values():
    by = np.where(YEARS == 2000, None, YEARS)
    names, _ = people()
    names[YEARS == 2001, :5] = 0  # uninformative, so that there is no estimate
    with pytest.warns(UserWarning, match="by: 2001: no estimate"):
        parts = estimate(by, names)
    compared = parts.compare(None)
    assert [*compared] == [*parts.compare(np.nan)] == [2001, 2002]
    assert compared[2001] is None
    assert repr(compared[2002]) == repr(
        parts[2002].compare(parts[None], same_source=True)
    )


def test_parts_are_compared_with_another_list_as_independent_source(parts):
    names, _ = people(200, seed=1)
    other = estimate_shares(Known(), names, **PARAMS)
    found = parts.compare(other)
    assert [*found] == [*parts]
    for key, table in parts.items():
        expected = table.compare(other)
        assert_array_equal(found[key].low, expected.low)
        assert_array_equal(found[key].high, expected.high)
    assert repr(parts.compare(parts[2000])) == repr(parts.compare(2000))
    rates = estimate_rates(Known(), names, outcome=np.arange(200) % 2, **PARAMS)
    with pytest.raises(TypeError, match="Expected the Shares of another list, or a di"):
        parts.compare(rates)


@pytest.mark.filterwarnings("ignore:.*rows are checked", "ignore:.*checked rows")
def test_comparisons_of_parts_use_checked_rows_of_all_parts():
    names, labels = people()
    checked = np.where(YEARS == 2000, CLASSES[labels], None)
    compared = estimate(YEARS, names, checked=checked).compare()
    assert compared[2000].has_checked
    note = "with checked rows: sure of these lists, not of a larger population"
    assert note in repr(compared[2001])


@pytest.mark.parametrize(
    ("by", "against", "error", "message"),
    [
        (np.zeros(300), "others", ValueError, "parts to compare, got only 0"),
        (YEARS, 1999, KeyError, "one of the parts 2000, 2001, 2002, got 1999"),
        (["others", "x", "x"] * 100, "others", ValueError, "no part called"),
    ],
)
def test_compare_of_parts_with_invalid_argument_raises(by, against, error, message):
    with pytest.raises(error, match=message):
        estimate(by, n_draws=200).compare(against)


@pytest.mark.filterwarnings("ignore:.*rows are checked")
@pytest.mark.parametrize("is_checked", [False, True])
def test_draws_of_part_do_not_depend_on_row_order_or_other_parts(is_checked):
    names, labels = people()
    y = np.where(np.arange(300) % 2, CLASSES[labels], None)

    def draws_of_2001(order):
        params = {"checked": y[order]} if is_checked else {}
        shares = estimate(YEARS[order], names[order], **params)[2001]
        return shares.draws[:, np.argsort(shares.label)]

    expected = draws_of_2001(np.arange(300))
    order = np.random.default_rng(1).permutation(300)
    assert_allclose(draws_of_2001(order), expected, atol=1e-9)
    assert_allclose(draws_of_2001(order[YEARS[order] > 2000]), expected, atol=1e-9)


@pytest.mark.filterwarnings("ignore:.*checked rows")
def test_rates_of_parts_have_independent_draws():
    """With one seed for all parts, 95 % intervals of differences would cover 18 %."""
    names, _ = people()
    outcome = np.arange(300) % 2
    parts = estimate_rates(Known(), names, outcome=outcome, by=YEARS, **PARAMS)
    one, other = (parts[year].joint_draws.sum(axis=1)[:, 1] for year in (2000, 2001))
    assert abs(np.corrcoef(one, other)[0, 1]) < 0.3
    difference = (one - other).std()
    assert difference == pytest.approx(np.sqrt(2 * 0.25 / 100), rel=0.2)


def test_checked_rows_with_different_outcomes_have_independent_draws():
    """Each row is a cluster. Numbered from 0 in each outcome, they would draw alike."""
    names, labels = people()
    order = np.argsort(labels, kind="stable")
    outcome = np.arange(300) % 2
    checked = CLASSES[labels[order]]
    checked[::3] = None
    params = {"outcome": outcome, "checked": checked, "n_draws": 1000}
    rates = estimate_rates(Known(), names[order], random_state=0, **params)
    joint = rates.joint_draws
    shares = joint / joint.sum(axis=1, keepdims=True)  # within each outcome
    of_danish = shares[:, rates.labels.tolist().index("Danish")]
    assert abs(np.corrcoef(of_danish.T)[0, 1]) < 0.15


def test_lists_with_equal_shares_have_independent_draws():
    """If seeds depended on estimates, the difference would be from 0 to 0."""
    names = distinct(np.eye(5).repeat([120, 90, 60, 30, 0], axis=0))
    one, other = (
        estimate_shares(Known(), of_list, n_draws=500, random_state=0)
        for of_list in (names[::2], names[1::2])
    )
    row = one.compare(other, same_source=True)["Danish"]
    assert row.difference == pytest.approx(0, abs=1e-9)
    width = 2 * 1.96 * np.sqrt(2 * 0.4 * 0.6 / 150)
    assert row.high - row.low == pytest.approx(width, rel=0.15)


def test_invalid_outcomes_in_one_part_raise():
    """The error must not be taken for a part without an estimate."""
    names, _ = people()
    thirds = np.arange(300) // 3
    outcome = np.where(YEARS == 2001, thirds % 21 + 0.5, thirds % 2)
    with pytest.raises(ValueError, match="got 21 different numbers. Bin them"):
        estimate_rates(Known(), names, outcome=outcome, by=YEARS, **PARAMS)


def test_part_with_one_outcome_has_no_estimate():
    names, _ = people()
    outcome = np.where(YEARS == 2001, 1, np.arange(300) % 2)
    with pytest.warns(UserWarning, match="no estimate: Expected two or more outcomes"):
        parts = estimate_rates(Known(), names, outcome=outcome, by=YEARS, **PARAMS)
    assert parts[2001] is None
    assert parts[2000] is not None


def test_compare_of_shares_with_parts_raises_with_hint(parts):
    with pytest.raises(
        TypeError, match=r"got Parts. Of parts, take one, as parts\[key"
    ):
        parts[2000].compare(parts)


def test_parts_with_identical_names_have_independent_draws():
    """With equal draws, sampling errors would cancel in the difference."""
    names = np.tile(distinct(np.eye(5)[np.arange(100) % 2]), (2, 1))
    parts = estimate(np.repeat([1, 2], 100), names, n_draws=1000)
    row = parts.compare(1)[2]["Danish"]
    assert row.difference == 0
    assert row.high - row.low == pytest.approx(2 * 1.96 * np.sqrt(0.5 / 100), rel=0.15)


@pytest.mark.filterwarnings("ignore:.*There are")
def test_clusters_have_same_draws_in_all_parts():
    """Each household has the same label in both years, so its counts cancel."""
    household = np.arange(120) % 60
    names = distinct(np.eye(5)[household % 2])
    widths = []
    for clusters in (household, np.arange(120)):
        params = {"clusters": clusters, "n_draws": 500}
        parts = estimate(np.repeat([1, 2], 60), names, **params)
        row = parts.compare(1)[2]["Danish"]
        widths.append(row.high - row.low)
    assert widths[0] < 0.15
    assert widths[1] > 0.3


def test_unpickled_parts_print_and_compare_identically(parts):
    again = pickle.loads(pickle.dumps(parts))
    assert repr(again) == repr(parts)
    assert repr(again.compare()) == repr(parts.compare())
    assert b"_shares" not in pickle.dumps(parts)


def test_pickle_size_of_parts_does_not_depend_on_number_of_names():
    """With names, the file would grow by 74 probabilities per name."""
    sizes = []
    for n in (300, 3000):
        names, _ = people(n)
        parts = estimate(np.arange(n) % 3, names)
        sizes.append(len(pickle.dumps(parts)))
    of_draws = 4 * PARAMS["n_draws"] * len(CLASSES) * np.dtype(np.float32).itemsize
    assert of_draws < max(sizes) < of_draws + 10_000
    assert abs(sizes[1] - sizes[0]) < 100


# ---- What takes parts


def test_statistic_receives_parts_as_one_array(parts):
    def slope(share):
        return (share[2] - share[0]) / 2

    found = estimate_statistic(slope, parts)
    shares = [[part[label].share for label in CLASSES] for part in parts.values()]
    assert_allclose(found.estimate, slope(np.array(shares)))
    of_tables = estimate_statistic(
        lambda *shares: slope(np.array(shares)), *parts.values(), same_source=True
    )
    assert_allclose(found.low, of_tables.low)
    with pytest.raises(ValueError, match="one result of parts, which are of one"):
        estimate_statistic(slope, parts, same_source=False)


def test_rates_of_part_equal_rates_of_its_rows_alone():
    names, labels = people()
    outcome = np.random.default_rng(0).random(300) < 0.4 + 0.2 * (labels == 0)
    parts = estimate_rates(Known(), names, outcome=outcome, by=YEARS, **PARAMS)
    rows = YEARS == 2001
    alone = estimate_rates(Known(), names[rows], outcome=outcome[rows], **PARAMS)
    assert_array_equal(parts[2001].rate, alone.rate)
    assert [*parts.to_frame().columns][:3] == ["by", "label", "outcome"]
    with pytest.raises(TypeError, match="rates of one part with its compare"):
        parts.compare()
    found = estimate_statistic(lambda joint: joint.sum(axis=1), parts)
    assert found.estimate.shape == (3, 2)


def test_shares_display_of_parts_names_each_part_in_legend(parts):
    display = SharesDisplay.from_shares(parts)
    legend = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert legend == [f"{year} ({parts[year].n_names} names)" for year in parts]


@pytest.mark.parametrize(("n_parts", "n_messages"), [(3, 3), (4, 1)])
def test_warnings_of_more_than_three_parts_are_summarized(n_parts, n_messages):
    by = np.minimum(np.arange(240) // 50, n_parts - 1)
    by = np.append(by, np.arange(n_parts))  # each with another number of names
    names, _ = people(len(by))
    with pytest.warns(UserWarning) as caught:
        estimate(by, names, clusters=np.arange(len(by)) // 20 * n_parts + by)
    texts = [str(warning.message) for warning in caught]
    few_clusters = [text for text in texts if "There are" in text]
    assert len(few_clusters) == n_messages


def test_shares_of_frame_are_floats_if_a_part_has_no_estimate(shipped):
    names = ["Jan de Vries", "Piet Bakker", "123"]
    parts = estimate_shares(shipped, names, by=[1, 1, 2], **PARAMS)
    assert parts.to_frame()["share"].dtype == np.float64


def test_rates_in_clusters_do_not_depend_on_unit_of_weights():
    names, _ = people()
    clusters = np.arange(300) ** 2 // 900  # of unequal sizes
    params = PARAMS | {"outcome": np.arange(300) % 2, "clusters": clusters}
    rates = estimate_rates(Known(), names, **params)
    weighted = estimate_rates(Known(), names, sample_weight=np.full(300, 3), **params)
    assert_allclose(weighted.low, rates.low, atol=1e-6)
    assert_allclose(weighted.high, rates.high, atol=1e-6)
    assert "compared with Irish" in repr(rates.compare("Dutch", "Irish"))
