"""Tables of results: columns are attributes, rows are found by label."""

import pickle
import sys

import numpy as np
import pytest

import sknames
from sknames import estimate_rates, estimate_shares
from tests.conftest import Known, run_process

pytestmark = pytest.mark.filterwarnings("ignore:The shares are rough")


@pytest.fixture(scope="module")
def results():
    """One of each kind, by name."""
    rows = np.eye(15)[np.arange(200) % 3] * 0.999 + 0.001 / 15
    groups = {"first": ["label 0", "label 1"], "nobody": ["label 14"]}
    params = {"n_draws": 20, "random_state": 0, "groups": groups}
    y = np.where(np.arange(200) % 2, "label 0", None)
    model = Known([f"label {k}" for k in range(15)])
    shares = estimate_shares(model, rows, checked=y, **params)
    outcome = np.arange(200) % 2
    rates = estimate_rates(model, rows, outcome=outcome, **params)
    plain = estimate_shares(model, rows, **params)
    return {
        "Shares": shares,
        "Comparison": plain.compare(plain),
        "Rates": rates,
        "Comparison of rates": rates.compare(),
    }


KINDS = pytest.mark.parametrize(
    "kind", ["Shares", "Comparison", "Rates", "Comparison of rates"]
)


@KINDS
def test_iteration_in_and_get_are_about_labels(results, kind):
    table = results[kind]
    labels = [*table]
    assert labels == [*dict.fromkeys(table.label.tolist())]
    assert len(table) == len(labels)
    assert all(label in table for label in labels)
    assert "label" not in table
    assert 0 not in table
    assert table.get("Elvish") is None
    assert table.get(labels[0]) == table[labels[0]]
    assert [row.label for row in table.values()] == labels


@KINDS
def test_row_has_the_columns_as_attributes_of_python(results, kind):
    table = results[kind]
    row = table[table.label[0].item()]
    assert isinstance(row, sknames.Row)
    assert [*vars(row)] == [*table.to_frame().columns]
    for value in vars(row).values():
        values = value if isinstance(value, list) else [value]
        assert {type(value) for value in values} <= {str, int, float, bool}


def test_row_of_rates_has_a_value_for_each_outcome(results):
    row = results["Rates"]["label 0"]
    assert (row.label, row.outcome) == ("label 0", [0, 1])
    assert row.rate == pytest.approx([0.5, 0.5], abs=0.02)
    assert row.n_people == pytest.approx(67, abs=2)
    difference = results["Comparison of rates"]["label 0"]
    assert difference.outcome == [0, 1]
    assert len(difference.sure) == 2


@KINDS
def test_table_equals_itself_only_and_is_read_only(results, kind):
    table = results[kind]
    assert table == table
    assert table != pickle.loads(pickle.dumps(table))
    assert len({table, table}) == 1
    with pytest.raises(ValueError, match="read-only"):
        table.low[0] = 0.5


@KINDS
def test_columns_are_completed_by_shells(results, kind):
    table = results[kind]
    assert {*table.to_frame().columns} < {*dir(table)}


@KINDS
def test_wrong_labels_raise_and_say_which_there_are(results, kind):
    table = results[kind]
    with pytest.raises(KeyError, match="Expected a label, got 'low': take .low."):
        table["low"]
    with pytest.raises(KeyError, match=r"labels label \d+, .*, got 'Elvish'"):
        table["Elvish"]


def test_long_list_of_labels_is_cut_between_labels(results):
    table = results["Shares"]
    first = ", ".join(table.label[:10])
    with pytest.raises(KeyError, match=f"labels {first} and 5 more, got 'Elvish'"):
        table["Elvish"]


@KINDS
def test_what_frames_and_displays_do_is_said(results, kind):
    table = results[kind]
    with pytest.raises(AttributeError, match="SharesDisplay.from_shares"):
        table.plot  # noqa: B018
    with pytest.raises(AttributeError, match=r"to_frame\(\).to_csv"):
        table.to_csv("shares.csv")
    assert not hasattr(table, "elvish")
    with pytest.raises(AttributeError):
        table.label = None


def test_file_of_results_is_read_in_another_process(results, tmp_path):
    path = tmp_path / "tables.pkl"
    path.write_bytes(pickle.dumps(results))
    assert b"_shares" not in path.read_bytes()  # which would tie files to rooms
    for kind, table in results.items():
        assert type(table) is getattr(sknames, kind.split()[0])
    code = f"import pickle, pathlib; data = pathlib.Path({str(path)!r}).read_bytes()\n"
    code += "for table in pickle.loads(data).values(): print(table), table.to_frame()"
    printed = "".join([f"{table}\n" for table in results.values()])
    assert run_process(sys.executable, "-c", code).stdout == printed


def test_group_without_people_has_no_interval_in_print(results):
    lines = str(results["Rates"].groups).splitlines()
    (of_nobody, _) = [line for line in lines if line.startswith("nobody")]
    assert of_nobody.split() == ["nobody", "0", "-", "0.0", "estimated", "people"]
