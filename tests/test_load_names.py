import gzip
import re
import unicodedata
from importlib.resources import files

import pandas as pd
import pytest
from numpy.testing import assert_array_equal

from sknames import spelling_groups
from sknames.datasets import load_names, load_nationalities

DATA = files("sknames.datasets").joinpath("data")
ROWS = pd.read_csv(DATA.joinpath("names.csv"), keep_default_na=False)
IS_NATIVE = ROWS.script != "Latn"
COLUMNS = ["data", "target", "part", "script"]
JOINERS = "\u200c\u200d"  # Persian and Sinhala spelling need them


@pytest.fixture(scope="module")
def latin():
    return load_names()


def test_load_names_gives_columns_of_strings(latin):
    for name in COLUMNS:
        assert latin[name].shape == latin.data.shape
        assert latin[name].dtype == object
        assert {type(item) for item in latin[name]} == {str}
    assert_array_equal(latin.groups, spelling_groups(latin.data), strict=True)
    assert latin.target_names.dtype == object
    assert latin.frame is None
    assert {*latin} == {*COLUMNS, "target_names", "groups", "frame", "DESCR"}


def test_name_listed_as_given_name_and_surname_has_part_both(all_names):
    frame = pd.DataFrame({name: all_names[name] for name in COLUMNS})
    parts = ROWS.groupby(["name", "nationality"]).part.agg(" ".join)
    parts = parts.str.replace("given surname", "both")
    assert parts.value_counts()["both"] > 2_000
    assert frame.set_index(["data", "target"]).part.to_dict() == parts.to_dict()


@pytest.mark.parametrize("script", ["Latn", "native", "Grek"])
def test_load_names_with_script_returns_matching_rows(script, all_names):
    names = load_names(script=script)
    is_chosen = all_names.script == script
    if script == "native":
        is_chosen = all_names.script != "Latn"
    for column in COLUMNS:
        assert_array_equal(names[column], all_names[column][is_chosen])
    assert names.target_names.tolist() == sorted({*names.target})


def test_shipped_names_cover_scripts_of_nationalities(all_names):
    without_names = {"Hans", "Hant", "Ethi", "Khmr", "Mong", "Mymr", "Tibt"}
    scripts = {*" ".join(load_nationalities().scripts).split()}
    assert scripts <= {*all_names.script} | without_names


def test_shipped_names_are_clean(all_names):
    for name, script in zip(all_names.data, all_names.script, strict=True):
        letters = re.sub(f"[ '{JOINERS}-]", "", name)
        assert unicodedata.is_normalized("NFC", name), name
        assert name == " ".join(name.split()).strip(" -" + JOINERS), ascii(name)
        are_latin = {"LATIN" in unicodedata.name(letter) for letter in letters}
        assert are_latin == {script == "Latn"}, name
        if script == "Latn":
            assert len(name) > 1, name
            assert letters.isalpha(), name
            assert name.removeprefix("'s ")[0].isalpha(), name
            assert name[-1].isalpha(), name
        else:
            categories = {*map(unicodedata.category, letters)}
            assert categories <= {"Lo", "Lu", "Ll", "Lm", "Mn", "Mc"}, ascii(name)


def test_shipped_names_file_is_sorted_and_small():
    keys = [*zip(ROWS.nationality, IS_NATIVE, ROWS.part, ROWS.name, strict=True)]
    assert keys == sorted(set(keys))
    content = DATA.joinpath("names.csv").read_bytes()
    assert b"\r" not in content
    assert len(gzip.compress(content)) < 450_000


def test_description_of_shipped_names_has_correct_counts(latin, all_names):
    n_latin = len(latin.data)
    n_nationalities = len(latin.target_names)
    n_native_nationalities = ROWS.nationality[IS_NATIVE].nunique()
    nationalities_of_name = pd.Series(latin.target).groupby(latin.groups).nunique()
    n_shared = sum(nationalities_of_name > 1)
    text = " ".join(all_names.DESCR.split())
    assert text == " ".join(latin.DESCR.split())
    assert f"{n_nationalities} nationalities, {len(ROWS):,} rows, {n_latin:,}" in text
    assert f"{sum(IS_NATIVE):,} rows in a native script" in text
    assert f"{n_shared:,} of the {len(nationalities_of_name):,} names" in text
    kinds = ROWS.part.mask(IS_NATIVE, "native")
    for nationality, counts in pd.crosstab(ROWS.nationality, kinds).iterrows():
        assert f"{nationality} {counts.surname} {counts.given} {counts.native}" in text
    doc = " ".join(load_names.__doc__.split())
    n_native = len(all_names.data) - n_latin
    assert f"Load the shipped names of {n_nationalities} nationalities" in doc
    assert f"{n_latin:,} surnames and given names in Latin" in doc
    assert (
        f"{n_native:,} names in native scripts for {n_native_nationalities} of" in doc
    )


def test_load_names_as_frame_returns_same_data_in_pandas(latin):
    names = load_names(as_frame=True)
    assert [*names.frame.columns] == ["name", "nationality"]
    pd.testing.assert_series_equal(names.data, names.frame["name"])
    pd.testing.assert_series_equal(names.target, names.frame["nationality"])
    assert_array_equal(names.data, latin.data)
    assert_array_equal(names.target, latin.target)
    X, y = load_names(return_X_y=True)
    assert_array_equal(X, latin.data)
    assert_array_equal(y, latin.target)


def test_load_names_with_unknown_script_raises():
    with pytest.raises(ValueError, match="'script' parameter of load_names"):
        load_names(script="Latin")
