"""Tests of JoinNames, which joins parts of names in several columns."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from numpy.testing import assert_array_equal
from sklearn.pipeline import make_pipeline

from sknames import JoinNames, NameFeatures, load_pretrained

PEOPLE = {
    "given": ["Mehmet", None, " Anna ", "", None],
    "middle": ["Can", "  ", None, "", None],
    "family": ["Yılmaz", "Nowak", "", "", None],
    "age": [31, 45, 7, 60, 12],
}
COLUMNS = ["given", "middle", "family"]
JOINED = ["Mehmet Can Yılmaz", "Nowak", "Anna", "", None]


@pytest.mark.parametrize("library", [pd.DataFrame, pl.DataFrame, pa.table])
def test_join_names_skips_missing_parts_of_names(library):
    table = library({name: PEOPLE[name] for name in COLUMNS})
    joins = JoinNames()
    assert joins.transform(table).tolist() == JOINED  # a warning is an error
    assert joins.fit(table).transform(table).tolist() == JOINED
    assert joins.feature_names_in_.tolist() == COLUMNS


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_pipeline_of_join_names_and_model_predicts_tables_and_lists(shipped, library):
    joins = JoinNames().set_output(transform=library)
    model = make_pipeline(joins, shipped)
    expected = shipped.predict(JOINED[:3])
    for X in (pd.DataFrame(PEOPLE)[COLUMNS][:3], JOINED[:3]):
        assert_array_equal(model.predict(X), expected)
        assert [*joins.transform(X).columns] == ["name"]


def test_join_names_raises_if_columns_differ_from_last_fit():
    table = pd.DataFrame(PEOPLE)[COLUMNS]
    in_other_order = table[COLUMNS[::-1]]
    joins = JoinNames().fit(table)
    with pytest.raises(ValueError, match="same order"):
        joins.transform(in_other_order)
    assert joins.fit(table[COLUMNS[:2]]).n_features_in_ == 2
    joins.fit(JOINED)
    assert vars(joins) == {}
    assert joins.transform(in_other_order)[0] == "Yılmaz Can Mehmet"


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
    ("Ana", pd.NA): "Ana",
    (np.nan, "Lima"): "Lima",
    ("Zack", "Test"): "Zack Test",
}


def test_join_names_skips_placeholders_of_missing_parts():
    assert JoinNames().transform([*PLACEHOLDERS]).tolist() == [*PLACEHOLDERS.values()]


def lazy_table():
    return pl.LazyFrame({"given": ["Anna"], "family": ["Kim"]})


@pytest.mark.parametrize(
    "call, error, message",
    [
        (
            lambda: JoinNames().transform(pd.DataFrame(PEOPLE)),
            TypeError,
            r"got \['Mehmet', .*31\] in row 0\. Pass only columns of",
        ),
        (
            lambda: load_pretrained().predict(pd.DataFrame(PEOPLE)[COLUMNS]),
            ValueError,
            r"join several: JoinNames\(\)\.transform\(df\[\['given'",
        ),
        (lambda: JoinNames().fit(lazy_table()), TypeError, r"Pass X\.collect\(\)"),
        (lambda: JoinNames().transform(lazy_table()), TypeError, "which is lazy"),
        (lambda: NameFeatures([]).fit(["Anna"]), ValueError, "at least one part"),
    ],
    ids=[
        "number in a row",
        "table for a model of names",
        "lazy table in fit",
        "lazy table in transform",
        "no parts",
    ],
)
def test_join_names_with_invalid_table_raises_with_hint(call, error, message):
    with pytest.raises(error, match=message):
        call()
