"""JoinNames: parts of names in several columns."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from numpy.testing import assert_array_equal
from sklearn import clone
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline, make_union

from sknames import JoinNames, NameEncoder, NameFeatures, load_pretrained

PEOPLE = {
    "given": ["Mehmet", None, " Anna ", "", None],
    "middle": ["Can", "  ", None, "", None],
    "family": ["Yılmaz", "Nowak", "", "", None],
    "age": [31, 45, 7, 60, 12],
}
COLUMNS = ["given", "middle", "family"]
JOINED = ["Mehmet Can Yılmaz", "Nowak", "Anna", "", None]


@pytest.mark.parametrize("library", [pd.DataFrame, pl.DataFrame, pa.table])
def test_transform_table_leaves_missing_parts_out(library):
    table = library({name: PEOPLE[name] for name in COLUMNS})
    assert JoinNames().transform(table).tolist() == JOINED  # a warning is an error
    fitted = JoinNames().fit(table)
    assert fitted.transform(table).tolist() == JOINED
    assert fitted.feature_names_in_.tolist() == COLUMNS
    assert (
        JoinNames().transform(np.array([["Ana", pd.NA], [np.nan, "Lima"]], object))[1]
        == "Lima"
    )


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_set_output_gives_a_table_that_models_take(shipped, library):
    people = pd.DataFrame(PEOPLE)[COLUMNS][:3].set_axis([7, 8, 9])
    model = make_pipeline(JoinNames(), shipped)
    joins = JoinNames().set_output(transform=library)
    for X in (people, JOINED[:3]):
        found = joins.transform(X)
        assert [*found.columns] == ["name"]
        assert found["name"].to_list() == JOINED[:3]
        assert shipped.predict(found).tolist() == model.predict(people).tolist()
        found = NameFeatures([("one", NameEncoder(shipped))]).fit_transform(found)
        assert_array_equal(found, NameEncoder(shipped).fit_transform(JOINED[:3]))
    if library == "pandas":
        assert joins.transform(people).index.tolist() == [7, 8, 9]


def test_features_without_parts_raise():
    with pytest.raises(
        ValueError, match="at least one part in transformer_list and got none"
    ):
        NameFeatures([]).fit(["Anna"])


def test_pipeline_of_join_names_and_model_predicts_tables(shipped):
    table = pd.DataFrame(PEOPLE)[:3]
    model = make_pipeline(JoinNames(), shipped)
    assert (
        model.predict(table[COLUMNS]).tolist() == shipped.predict(JOINED[:3]).tolist()
    )
    features = make_union(NameEncoder(), TfidfVectorizer(analyzer="char"))
    own = make_pipeline(JoinNames(), features, LogisticRegression()).fit(
        table[COLUMNS], [0, 1, 0]
    )
    with pytest.raises(ValueError, match="same order"):
        own.predict(table[COLUMNS[::-1]])
    assert clone(own[0]).fit(table[COLUMNS[:2]]).n_features_in_ == 2


def test_fit_of_a_list_takes_names_that_are_joined(shipped):
    names = JOINED[:3]
    table = pd.DataFrame(PEOPLE)[COLUMNS][:3]
    model = make_pipeline(JoinNames(), shipped).fit(names)
    for X in (names, table, table[COLUMNS[::-1]]):
        assert len(model.predict(X)) == len(X)
    assert not hasattr(JoinNames().fit(table).fit(names), "n_features_in_")


PLACEHOLDERS = {
    ("n/a", "n/a"): "n/a",
    ("NULL", "NULL"): "NULL",
    ("-", "N/A."): "-",
    ("Anna", "n/a"): "Anna",
    ("unknown", " Nowak"): "Nowak",
    ("Anna", "NaN"): "Anna",
    ("(null)", "Nan"): "Nan",
    ("Nan", "Goldin"): "Nan Goldin",
    ("Gary", "Null"): "Gary Null",
    ("", r"\N"): r"\N",
    ("Zack", "Test"): "Zack Test",
}


def test_placeholder_is_a_missing_part():
    assert JoinNames().transform([*PLACEHOLDERS]).tolist() == [*PLACEHOLDERS.values()]


def test_id_among_the_columns_says_which_columns_to_pass():
    with pytest.raises(
        TypeError, match=r"got \['Mehmet', .*31\] in row 0\. Pass only columns of"
    ):
        JoinNames().transform(pd.DataFrame(PEOPLE))
    with pytest.raises(
        ValueError, match=r"join several: JoinNames\(\)\.transform\(df\[\['given'"
    ):
        load_pretrained().predict(pd.DataFrame(PEOPLE)[COLUMNS])


@pytest.mark.parametrize("method", ["fit", "transform"])
def test_lazy_table_raises(method):
    lazy = pl.LazyFrame({"given": ["Anna"], "family": ["Kim"]})
    with pytest.raises(TypeError, match=r"which is lazy\. Pass X\.collect\(\)"):
        getattr(JoinNames(), method)(lazy)
