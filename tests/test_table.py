"""Tests of result tables: columns are attributes, rows are looked up by label."""

import io
import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import sknames
from sknames import estimate_rates, estimate_shares
from sknames._results.table import counts_of_rows, listing
from tests.conftest import Known

pytestmark = pytest.mark.filterwarnings("ignore:The shares are rough")


@pytest.fixture(scope="module")
def results():
    """A result of each kind, by name."""
    rows = np.eye(15)[np.arange(200) % 3] * 0.999 + 0.001 / 15
    params = {"n_draws": 200, "random_state": 0}
    is_odd = np.arange(200) % 2
    model = Known([f"label {k}" for k in range(15)])
    rates = estimate_rates(model, rows, outcome=is_odd, **params)
    plain = estimate_shares(model, rows, **params)
    return {
        "Shares": estimate_shares(
            model, rows, checked=np.where(is_odd, "label 0", None), **params
        ),
        "Comparison": plain.compare(plain),
        "Rates": rates,
        "Comparison of rates": rates.compare(),
    }


KINDS = pytest.mark.parametrize(
    "kind", ["Shares", "Comparison", "Rates", "Comparison of rates"]
)


@KINDS
def test_result_table_iterates_and_looks_up_labels(results, kind):
    table = results[kind]
    labels = [*table]
    assert labels == [*dict.fromkeys(table.label.tolist())]
    assert len(table) == len(labels)
    assert all(label in table for label in labels)
    assert "label" not in table
    assert table.get("Elvish") is None
    assert [row.label for row in table.values()] == labels


@KINDS
def test_result_row_has_columns_as_python_attributes(results, kind):
    table = results[kind]
    row = table[table.label[0].item()]
    assert isinstance(row, sknames.Row)
    assert [*vars(row)] == [*table.to_frame().columns]
    assert {*vars(row)} < {*dir(table)}  # so that shells complete them
    for value in vars(row).values():
        values = value if isinstance(value, list) else [value]
        assert {type(value) for value in values} <= {str, int, float, bool}


def test_row_of_rates_has_one_value_per_outcome(results):
    row = results["Rates"]["label 0"]
    assert (row.label, row.outcome) == ("label 0", [0, 1])
    assert row.rate == pytest.approx([0.5, 0.5], abs=0.02)
    assert row.n_people == pytest.approx(67, abs=2)


@KINDS
def test_result_table_equals_only_itself_and_is_read_only(results, kind):
    table = results[kind]
    assert table == table
    assert table != pickle.loads(pickle.dumps(table))
    assert len({table, table}) == 1
    with pytest.raises(ValueError, match="read-only"):
        table.low[0] = 0.5


@KINDS
def test_unknown_label_of_result_table_raises_with_known_labels(results, kind):
    table = results[kind]
    with pytest.raises(KeyError, match="Expected a label, got 'low': take .low."):
        table["low"]
    labels = ", ".join([*table][:10])
    with pytest.raises(KeyError, match=f"of the labels {labels}.*, got 'Elvish'"):
        table["Elvish"]


class Recorder(pickle.Unpickler):
    """Read a pickle, and keep the names of what it imports."""

    def __init__(self, file):
        super().__init__(file)
        self.names = set()

    def find_class(self, module, name):
        self.names.add(f"{module}.{name}")
        return super().find_class(module, name)


@KINDS
def test_pickled_result_keeps_values_and_names_no_private_class(results, kind):
    table = results[kind]
    file = Recorder(io.BytesIO(pickle.dumps(table)))
    again = file.load()
    assert type(again) is type(table) is getattr(sknames, kind.split()[0])
    assert str(again) == str(table)
    for column in table.to_frame():
        assert_array_equal(getattr(again, column), getattr(table, column))
    public = {f"sknames.{kind.split()[0]}", "builtins.getattr"}
    assert {name for name in file.names if not name.startswith("numpy")} == public


def test_unpickled_shares_compare_like_original(results):
    shares = results["Shares"]
    again = pickle.loads(pickle.dumps(shares))
    assert_allclose(again.draws, shares.draws, atol=1e-7)
    known = {"label 0": 0.4, "others": 0.6}
    assert str(again.compare(known)) == str(shares.compare(known))
    assert not again.compare(shares, same_source=True).sure.any()


def test_pickled_result_of_unknown_format_raises_with_hint(results):
    read, (version, plain) = results["Rates"].__reduce__()
    assert version == 1
    with pytest.raises(ValueError, match="results in format 1, got format 2. Estimate"):
        read(2, plain)


@KINDS
def test_columns_and_counts_of_results_have_docstrings(results, kind):
    table = results[kind]
    names = [*table.to_frame().columns, "n_names", "confidence_level", "new_labels"]
    for name in names:
        attribute = getattr(type(table), name)
        assert attribute.__doc__.endswith(".")
    assert table.n_names == 200


def test_comparison_of_shares_has_no_rate_and_of_rates_no_share(results):
    for kind, name in (("Comparison", "rate"), ("Comparison of rates", "share")):
        assert not hasattr(results[kind], name)


@KINDS
def test_result_table_raises_for_unknown_attribute_or_assignment(results, kind):
    table = results[kind]
    with pytest.raises(
        AttributeError, match=f"'{kind.split()[0]}' object has no attribute 'p"
    ):
        table.plot  # noqa: B018
    assert not hasattr(table, "elvish")
    with pytest.raises(AttributeError):
        table.label = None


def test_printed_rates_of_group_without_people_omit_interval(results):
    lines = str(results["Rates"].sums({"nobody": ["label 14"]})).splitlines()
    (of_nobody, _) = [line for line in lines if line.startswith("nobody")]
    assert of_nobody.split() == ["nobody", "0", "-", "0.0", "estimated", "people"]


def test_listing_of_ten_texts_is_complete_and_of_more_is_shortened():
    assert listing(range(10)) == "0, 1, 2, 3, 4, 5, 6, 7, 8, 9"
    assert listing(range(11)) == "0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 1 more"


def test_printed_counts_of_one_are_in_the_singular():
    params = {"n_draws": 200, "random_state": 0}
    model = Known(["Dutch", "Turkish"])
    one = estimate_shares(model, np.eye(2)[:1], **params)
    assert "\n1 other: 0.0% together\n" in str(one)
    assert str(one).endswith("\n1 row: 1 name (1 distinct), 0 not names")
    assert str(one.compare(one)).endswith("\n1 name against 1")
    assert "\n1 name against known shares: " in str(one.compare({"Dutch": 0.5}))


@pytest.mark.parametrize(
    ("n_names", "n_not_names", "expected"),
    [
        (1, 0, "1 row: 1 name, 0 not names"),
        (0, 1, "1 row: 0 names, 1 not a name"),
        (1000, 1, "1,001 rows: 1,000 names, 1 not a name"),
        (0, 2000, "2,000 rows: 0 names, 2,000 not names"),
    ],
)
def test_counts_of_rows_are_in_the_singular_only_for_one(
    n_names, n_not_names, expected
):
    assert counts_of_rows(n_names, n_not_names) == expected
