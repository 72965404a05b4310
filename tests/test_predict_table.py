"""predict_table: a table with the columns of `sknames predict`."""

import sys

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.datasets import make_blobs
from sklearn.dummy import DummyClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.frozen import FrozenEstimator
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline

from sknames import (
    SelectiveClassifier,
    load_pretrained,
    predict_names,
    predict_table,
)

NAMES = ["Mehmet Yılmaz", None, "a@b.org", "123", "Lee"]
WHY = ["", "missing name", "address", "no known letter", ""]


def test_predict_table_keeps_index_and_columns_of_pandas_frame(shipped):
    people = pd.DataFrame({"Name": NAMES, "age": range(5)}, index=[7, 7, "x", None, 2])
    found = predict_table(shipped, people, column="Name", top=2)
    pd.testing.assert_frame_equal(found[["Name", "age"]], people)
    assert found.columns.tolist()[2:] == [
        "predicted", "probability", "predicted_2", "probability_2", "reason",
    ]  # fmt: skip
    assert found["reason"].tolist() == WHY
    answers = found[["predicted", "probability", "predicted_2", "probability_2"]]
    assert answers.isna().all(axis=1).tolist() == [why != "" for why in WHY]
    proba = np.sort(shipped.predict_proba(["Lee"])[0])
    assert answers.iloc[-1, [1, 3]].tolist() == proba[[-1, -2]].tolist()
    alone = predict_table(shipped, people["Name"])
    assert alone.columns.tolist()[:2] == ["Name", "predicted"]


@pytest.mark.parametrize("library", [pd.DataFrame, pl.DataFrame])
def test_predict_table_finds_column_in_any_case_and_prefers_exact_case(
    shipped, library
):
    people = library({"ID": ["Kim"], "NAME": ["Kowalski"], "Family": ["Papadopoulos"]})
    both = library({"name": ["Kim"], "NAME": ["Kowalski"]})
    for table, column, expected in [
        (people, None, "Polish"),
        (people, "family", "Greek"),
        (people, ["id", "family"], "Greek"),
        (both, None, "Korean"),
    ]:
        found = predict_table(shipped, table, column=column)
        assert found["predicted"][0] == expected


def test_predict_table_accepts_numbers_and_tuples_as_column_names(shipped):
    people = pd.DataFrame([["Mehmet", "Yılmaz", 3]])
    levels = [("who", "given"), ("who", "family"), ("age", "")]
    nested = people.set_axis(pd.MultiIndex.from_tuples(levels), axis=1)
    for table, column in [
        (people, 0),
        (people, (0, 1)),
        (nested, levels[1]),
        (nested, levels[:2]),
    ]:
        # pandas does not warn of so many added columns.
        found = predict_table(shipped, table, column=column, top=74)
        assert found.iloc[0, 3] == "Turkish"


def test_predict_table_returns_polars_frame_with_nulls_for_polars_frame(
    shipped, monkeypatch
):
    monkeypatch.setattr("sknames._models.predict_table.CHUNK_NAMES", 2)
    people = pl.DataFrame({"name": NAMES, "age": range(5)})
    found = predict_table(shipped, people)
    assert isinstance(found, pl.DataFrame)
    assert found[["name", "age"]].equals(people)
    assert found["reason"].to_list() == WHY
    assert found["predicted"].null_count() == found["probability"].null_count() == 3
    assert predict_table(shipped, people["name"]).equals(found.drop("age"))


@pytest.mark.parametrize(
    "labels, kind",
    [
        (["a", "b"], pl.String),
        ([1, 2], pl.Int64),
        ([False, True], pl.Boolean),
        (np.array([0.5, 1]), pl.Float64),
    ],
)
@pytest.mark.parametrize("names", [["Kim", None, "Lee"], [None, "7"]])
def test_polars_columns_of_predictions_have_dtype_of_labels(
    labels, kind, names, monkeypatch
):
    if "Kim" not in names:  # and no name has a prediction
        kind = pl.String
    model = FrozenEstimator(DummyClassifier().fit(["Kim", "Lee"], labels))
    added = predict_table(model, pl.DataFrame({"name": names}), top=2, prefix="x_")
    monkeypatch.setitem(sys.modules, "pandas", None)
    for frame in (added, predict_names(model, names, top=2).to_frame(prefix="x_")):
        assert frame.schema["x_predicted"] == frame.schema["x_predicted_2"] == kind
        assert frame.schema["x_reason"] == pl.String
        expected = [labels[0] if name in ("Kim", "Lee") else None for name in names]
        assert frame["x_predicted"].to_list() == expected


def test_polars_column_mixing_numeric_labels_and_text_groups_is_text(monkeypatch):
    X, y = make_blobs([60, 60, 60], random_state=0)
    model = SelectiveClassifier(
        GaussianNB(), threshold=0.9, fallback=[{0: "few", 2: "few", 1: "one"}]
    )
    found = predict_names(model.fit(X, y), X)
    monkeypatch.setitem(sys.modules, "pandas", None)
    frame = found.to_frame()
    assert frame.schema["predicted"] == frame.schema["level"] == pl.String
    assert {*frame["predicted"]} == {"0", "1", "2", "few", None}


@pytest.mark.parametrize("container", [list, iter, np.array])
def test_predict_table_of_list_has_name_column(shipped, container):
    found = predict_table(shipped, container(["Kim", None, "Papadopoulos"]))
    assert found["name"].tolist() == ["Kim", "", "Papadopoulos"]
    assert found["predicted"].tolist()[::2] == ["Korean", "Greek"]


@pytest.mark.parametrize("library", [pd, pl])
def test_predict_table_of_empty_table_has_prediction_columns(shipped, library):
    full = library.DataFrame({"name": ["Kim"], "family": ["Lee"], "age": [7]})
    for column in (None, ["name", "family"]):
        options = {"column": column, "top": 2}
        found = predict_table(shipped, full[:0], **options)
        expected = predict_table(shipped, full, **options)
        assert len(found) == 0
        assert list(found.columns) == list(expected.columns)
        assert library.concat([found, expected])["predicted"].to_list() == ["Korean"]
    assert len(predict_table(shipped, full["name"][:0])) == 0
    assert len(predict_table(shipped, [])) == 0


@pytest.mark.parametrize("X, options, message", [
    (pd.DataFrame({"a": ["x"], "b": ["y"]}), {},
     r"column 'name', got \['a', 'b'\]\. Give the co"),
    (pd.DataFrame({"name": ["x"], "reason": [1]}), {}, "'reason' already: rename it"),
    (["x"], {"top": 3}, r"top=3: the model has 2 labels\. Lower top"),
    (pd.DataFrame([["x", "y"]], columns=["name"] * 2), {},
     r"one column 'name', got \['name', 'n"),
])  # fmt: skip
def test_predict_table_with_invalid_columns_or_top_raises_with_hint(
    X, options, message
):
    model = DummyClassifier().fit(["x", "y"], ["one", "two"])
    with pytest.raises(ValueError, match=message):
        predict_table(model, X, **options)


# ---- What predict_names returns


@pytest.fixture(scope="module")
def found():
    model = load_pretrained("country", abstain=True, fallback=["subregion", "region"])
    return predict_names(model, ["Iker Casillas", "Hansen", None], top=3)


def test_printed_predictions_have_aligned_columns(found):
    header, *rows = repr(found).splitlines()
    assert header.split()[:4] == ["name", "predicted", "probability", "level"]
    assert rows[0].split() == ["Iker", "Casillas", "unsure"]
    probability = f"{found.top_proba[1, 0]:.2f}"
    assert rows[1].split()[:4] == ["Hansen", "Northern", "Europe", probability]
    assert rows[1].index("subregion") == header.index("level")
    assert rows[2].split() == ["missing", "name"]


def test_printed_predictions_of_many_names_show_first_ten(shipped):
    lines = repr(predict_names(shipped, ["Kim"] * 1_234)).splitlines()
    assert len(lines) == 12
    assert lines[-1] == "... 1,234 names, which to_frame() shows"
    assert repr(predict_names(shipped, [])) == "name  predicted  probability  reason"


def test_columns_without_prediction_have_none_and_nan(found):
    columns = found.columns(2, "x_", proba=True)
    best = ["predicted", "probability", "level", "predicted_2", "probability_2"]
    labels = [f"probability_{label}" for label in found.classes]
    names = [*best, *labels, "reason"]
    assert [*columns] == [f"x_{name}" for name in names]
    assert all(pd.isna(columns[f"x_{name}"][2]) for name in [*best, *labels])
    assert columns["x_predicted"][1] == "Northern Europe"
    assert columns["x_level"][1] == "subregion"
    assert columns["x_probability_2"][1] == found.top_proba[1, 1]
    assert columns[f"x_{labels[5]}"][:2].tolist() == found.proba[:2, 5].tolist()
    assert [*found.columns()][-2] == "probability_3"


def test_unsure_predictions_keep_probabilities_of_all_labels():
    found = predict_names(load_pretrained(threshold=0.9), ["Lee", "1"])
    columns = found.columns(proba=True)
    assert columns["predicted"].tolist() == [None, None]
    assert np.isnan(columns["probability_Korean"]).tolist() == [False, True]


def test_to_frame_uses_polars_if_pandas_is_not_installed(found, monkeypatch):
    columns = found.columns(1, "x_")
    for library in (pd, pl):
        frame = found.to_frame(1, "x_")
        assert isinstance(frame, library.DataFrame)
        assert [*frame.columns] == [*columns]
        assert frame["x_predicted"].to_list()[1] == "Northern Europe"
        monkeypatch.setitem(sys.modules, "pandas", None)
    assert frame["x_probability"].null_count() == np.sum(found.reasons != "")
    monkeypatch.setitem(sys.modules, "polars", None)
    with pytest.raises(ImportError, match="Expected pandas or polars .* Install one"):
        found.to_frame()


def array_of_a_column(names):
    return np.array([*names.values()], dtype=object).T


@pytest.mark.parametrize("blank", ["", None])
@pytest.mark.parametrize(
    "make, column",
    [(pd.DataFrame, "name"), (pl.DataFrame, "name"), (array_of_a_column, 0)],
)
def test_predict_names_passes_table_to_model_fitted_on_table(make, column, blank):
    """The model does not receive missing names, which it may not accept."""
    ngrams = ColumnTransformer([("name", TfidfVectorizer(analyzer="char"), column)])
    ngrams.set_params(sparse_threshold=0)
    X = make({"name": ["Anna", "Bob", blank]})
    model = make_pipeline(ngrams, GaussianNB()).fit(X[:2], [0, 1])
    found = predict_names(model, X)
    assert found.labels[:2].ravel().tolist() == [0, 1]
    assert found.reasons.tolist() == ["", "", "missing name"]
    assert found.names == ["Anna", "Bob", ""]


def test_predict_table_of_lazy_dask_frame_raises_with_hint(shipped):
    dataframe = pytest.importorskip("dask.dataframe")
    lazy = dataframe.from_pandas(pd.DataFrame({"name": ["Anna"]}), npartitions=1)
    for X in (lazy, lazy["name"]):
        with pytest.raises(TypeError, match=r"which is lazy\. Pass X\.compute\(\)"):
            predict_table(shipped, X)
