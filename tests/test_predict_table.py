"""predict_table: a table with the columns of `sknames predict`."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.pipeline import make_pipeline

from sknames import JoinNames, load_pretrained, predict_names, predict_table
from sknames._answers.predict_names import _top_classes
from tests.conftest import tiny_pipeline

NAMES = ["Mehmet Yılmaz", None, "a@b.org", "123", "Lee"]
WHY = ["", "missing name", "address", "no known letter", ""]


def test_pandas_in_keeps_index_and_columns(shipped):
    people = pd.DataFrame({"Name": NAMES, "age": range(5)}, index=[7, 7, "x", None, 2])
    found = predict_table(shipped, people, column="Name", top=2)
    pd.testing.assert_frame_equal(found[["Name", "age"]], people)
    assert found.columns.tolist()[2:] == [
        "predicted", "probability", "predicted_2", "probability_2", "reason",
    ]  # fmt: skip
    assert found["reason"].tolist() == WHY
    assert found.drop(columns=["Name", "age", "reason"]).isna().all(axis=1).tolist() == [
        bool(why) for why in WHY
    ]
    proba = np.sort(shipped.predict_proba(["Lee"])[0])
    assert found.iloc[-1][["probability", "probability_2"]].tolist() == proba[[-1, -2]].tolist()
    assert predict_table(shipped, people["Name"]).columns.tolist()[:2] == ["Name", "predicted"]


@pytest.mark.parametrize("library", [pd.DataFrame, pl.DataFrame])
def test_column_name_is_found_in_any_case_and_its_own_case_first(shipped, library):
    people = library({"ID": ["Kim"], "NAME": ["Kowalski"], "Family": ["Papadopoulos"]})
    assert predict_table(shipped, people)["predicted"][0] == "Polish"
    assert predict_table(shipped, people, column="family")["predicted"][0] == "Greek"
    assert predict_table(shipped, people, column=["id", "family"])["predicted"][0] == "Greek"
    both = library({"name": ["Kim"], "NAME": ["Kowalski"]})
    assert predict_table(shipped, both)["predicted"][0] == "Korean"


def test_names_of_columns_may_be_numbers_or_tuples(shipped):
    rows = [["Mehmet", "Yılmaz", 3]]
    assert predict_table(shipped, pd.DataFrame(rows), column=0)["predicted"][0] == "Turkish"
    levels = [("who", "given"), ("who", "family"), ("age", "")]
    people = pd.DataFrame(rows, columns=pd.MultiIndex.from_tuples(levels))
    for column in (levels[1], levels[:2]):
        assert predict_table(shipped, people, column=column).iloc[0, 3] == "Turkish"


def test_all_labels_of_two_columns_in_a_tuple_come_without_a_warning(shipped):
    people = pd.DataFrame({"given": ["Mehmet", "Wei"], "family": ["Yılmaz", "Wang"]}, [1, 1])
    found = predict_table(shipped, people, column=("given", "family"), top=74)
    assert found["predicted"].tolist() == ["Turkish", "Chinese"]
    assert found.shape == (2, 2 + 2 * 74 + 1) and found.index.tolist() == [1, 1]


def test_known_words_of_quotation_marks_that_an_encoder_keeps_are_none():
    model = tiny_pipeline().set_params(encode__clean=False)
    model.fit(['" Anna', '" Anna', "Bo", "Cleo Bo"] * 5, ["x", "x", "y", "y"] * 5)
    assert predict_table(model, ['"', "Bo"], known_words=True)["known_words"].tolist() == [0, 1]


def test_known_words_are_those_of_training(shipped, monkeypatch):
    monkeypatch.setattr("sknames._answers.predict_names.BLOCK", 2)
    names = ["Novak Djokovic", "Djokovic Brzqovic", "Zilvan Quortz", '" Иван Петров "', None]
    found = predict_table(shipped, names, known_words=True)
    assert found["known_words"].tolist() == [2, 1, 0, 2, 0]
    model = DummyClassifier().fit(NAMES, [0, 0, 0, 0, 1])
    with pytest.raises(ValueError, match="expects a model with a table of words.*got DummyClass"):
        predict_table(model, names, known_words=True)


def test_polars_in_gives_polars_with_nulls(shipped, monkeypatch):
    monkeypatch.setattr("sknames._answers.predict_table.CHUNK_NAMES", 2)
    people = pl.DataFrame({"name": NAMES, "age": range(5)})
    found = predict_table(shipped, people)
    assert isinstance(found, pl.DataFrame) and found[["name", "age"]].equals(people)
    assert found["reason"].to_list() == WHY
    assert found["predicted"].null_count() == found["probability"].null_count() == 3
    assert predict_table(shipped, people["name"]).equals(found.drop("age"))


@pytest.mark.parametrize("container", [list, iter, np.array])
def test_names_alone_give_a_table_of_pandas(shipped, container):
    found = predict_table(shipped, container(["Kim", "Papadopoulos"]))
    assert found["name"].tolist() == ["Kim", "Papadopoulos"]
    assert found["predicted"].tolist() == ["Korean", "Greek"]


@pytest.mark.parametrize("library", [pd, pl])
def test_empty_table_gets_the_new_columns(shipped, library):
    full = library.DataFrame({"name": ["Kim"], "family": ["Lee"], "age": [7]})
    for column in (None, ["name", "family"]):
        options = {"column": column, "top": 2, "known_words": True}
        found = predict_table(shipped, full[:0], **options)
        expected = predict_table(shipped, full, **options)
        assert len(found) == 0 and list(found.columns) == list(expected.columns)
        assert library.concat([found, expected])["predicted"].to_list() == ["Korean"]
    assert len(predict_table(shipped, full["name"][:0])) == 0
    with pytest.raises(ValueError, match="0 sample"):
        predict_table(shipped, [])


def test_pipeline_with_join_names_predicts_columns(shipped):
    people = pd.DataFrame({"given": ["Mehmet", None], "family": ["Yılmaz", "Nowak"]})
    for joins in (JoinNames(), JoinNames().fit(people)):
        found = predict_table(make_pipeline(joins, shipped), people, column=[*people])
        assert found["predicted"].tolist() == ["Turkish", "Polish"]


def test_model_that_abstains_withholds_unsure_answers():
    found = predict_table(load_pretrained(abstain=True), NAMES)
    assert found["reason"].tolist() == [*WHY[:-1], "unsure"]
    assert found["predicted"].isna().tolist() == [False, True, True, True, True]


def test_model_with_a_fallback_says_the_level():
    model = load_pretrained("country", abstain=True, fallback=["subregion", "region"])
    names = ["Iker Casillas", "Aoife Byrne", "Lee", "Juan Perez", "7"]
    found, answers = predict_table(model, names, top=2), predict_names(model, names, top=2)
    is_answered = answers.reasons == ""
    assert [*found.columns[1:4]] == ["predicted", "probability", "level"]
    assert found["predicted"][is_answered].tolist() == answers.labels[is_answered, 0].tolist()
    assert found["level"].isna().tolist() == (~is_answered).tolist()
    assert found["level"][is_answered].tolist() == answers.levels[is_answered].tolist()
    assert len({*answers.levels}) > 1


@pytest.mark.parametrize("X, options, message", [
    (pd.DataFrame({"a": ["x"], "b": ["y"]}), {}, r"column 'name', got \['a', 'b'\]\. Give the co"),
    (pd.DataFrame({"name": ["x"], "reason": [1]}), {}, "'reason' already: rename it"),
    (["x"], {"top": 3}, r"top=3: the model has 2 labels\. Lower top"),
    (pd.DataFrame([["x", "y"]], columns=["name"] * 2), {}, r"one column 'name', got \['name', 'n"),
])  # fmt: skip
def test_what_does_not_fit_says_the_next_step(X, options, message):
    model = DummyClassifier().fit(["x", "y"], ["one", "two"])
    with pytest.raises(ValueError, match=message):
        predict_table(model, X, **options)


def test_top_may_be_all_classes_and_repeats_none():
    """Also of probability 0, as with a prior of 0."""
    model = DummyClassifier(strategy="most_frequent").fit(["x", "y", "z"], ["b", "a", "b"])
    found = predict_table(model, ["Ana"], top=2)
    assert found.loc[0, ["predicted", "predicted_2"]].tolist() == ["b", "a"]
    assert _top_classes(np.array([[0.0, 1.0, 0.0]]), 3).tolist() == [[1, 0, 2]]
