import csv
import gzip
import unicodedata
from collections import Counter
from importlib.resources import files

import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from sklearn.utils import Bunch

from sknames import spelling_groups
from sknames.datasets import load_names, load_nationalities

NATIVE = (
    "Arabic Armenian Bengali Bulgarian Chinese Georgian Greek Hebrew Indian Japanese "
    "Kazakh Korean Macedonian Nepali Persian Russian Serbian Sinhalese Thai Ukrainian"
).split()
N_NAMES = {"Latn": 80_479, "native": 23_175, "all": 103_654}
JOINERS = "\u200c\u200d"  # Persian and Sinhala spelling need them


def data_file(name):
    return files("sknames.datasets").joinpath("data", name)


def rows_of(name):
    return list(
        csv.DictReader(data_file(name).read_text(encoding="utf-8").splitlines())
    )


NATIONALITIES = [row["nationality"] for row in rows_of("name_orders.csv")]


@pytest.fixture(scope="module")
def latin():
    return load_names()


def test_load_names_gives_columns_of_strings(latin):
    names = latin
    assert isinstance(names, Bunch)
    assert set(names) == {
        "data", "target", "frame", "target_names", "groups", "part", "script", "DESCR"
    }  # fmt: skip
    for column in (names.data, names.target, names.part, names.script):
        assert column.shape == names.data.shape
        assert column.dtype == object
        assert {type(item) for item in column} == {str}
    assert_array_equal(names.groups, spelling_groups(names.data), strict=True)
    assert names.target_names.tolist() == NATIONALITIES
    assert names.target_names.dtype == object
    assert names.frame is None
    assert Counter(names.part)["both"] == 2_060


@pytest.mark.parametrize("script", N_NAMES)
def test_load_names_of_a_script_gives_its_rows(script, all_names):
    names = load_names(script=script)
    assert len(names.data) == N_NAMES[script]
    assert names.target_names.tolist() == (
        NATIVE if script == "native" else NATIONALITIES
    )
    is_latin = all_names.script == "Latn"
    chosen = {"Latn": is_latin, "native": ~is_latin, "all": is_latin | True}[script]
    for column in ("data", "target", "part", "script"):
        assert_array_equal(names[column], all_names[column][chosen])


def test_load_names_by_code_gives_one_script(all_names):
    greek = load_names(script="Grek", return_X_y=True)
    assert {unicodedata.name(name[0]).split()[0] for name in greek[0]} == {"GREEK"}
    assert {*greek[1]} == {"Greek"}
    known = {*all_names.script} | {
        "Hans",
        "Hant",
        "Ethi",
        "Khmr",
        "Mong",
        "Mymr",
        "Tibt",
    }
    assert {
        code for codes in load_nationalities().scripts for code in codes.split()
    } <= known


def test_names_are_clean(all_names):
    names = all_names
    assert len(set(zip(names.data, names.target, strict=True))) == len(names.data)
    for name, script in zip(names.data, names.script, strict=True):
        assert unicodedata.is_normalized("NFC", name), name
        assert name == " ".join(name.split())
        assert "  " not in name
        assert len(name) >= 2 or script != "Latn", name
        assert name.strip(" -" + JOINERS) == name, ascii(name)
        latin = {"LATIN" in unicodedata.name(c) for c in name if c.isalpha()}
        assert latin == {script == "Latn"}, name
        if script == "Latn":
            assert all(c.isalpha() or c in " '-" for c in name), name
            assert name[-1].isalpha(), name
            assert name[0].isalpha() or name.startswith("'s "), name
        else:
            known = {"Lo", "Lu", "Ll", "Lm", "Mn", "Mc"}
            for c in name:
                assert unicodedata.category(c) in known or c in " '-" + JOINERS, ascii(
                    name
                )


def test_file_is_in_order_and_small():
    rows = rows_of("names.csv")
    keys = []
    for row in rows:
        is_native = row["script"] != "Latn"
        keys.append((row["nationality"], is_native, row["part"], row["name"]))
    assert keys == sorted(set(keys))
    content = data_file("names.csv").read_bytes()
    assert b"\r" not in content
    assert len(gzip.compress(content)) < 450_000


def test_description_counts_what_is_there(latin, all_names):
    rows = rows_of("names.csv")
    counts = Counter()
    for row in rows:
        is_native = row["script"] != "Latn"
        kind = "native" if is_native else row["part"]
        counts[row["nationality"], kind] += 1
    shared = {}
    for group, nationality in zip(latin.groups, latin.target, strict=True):
        shared.setdefault(group, set()).add(nationality)
    n_rows = f"{len(rows):,} rows, {len(latin.data):,} distinct"
    n_native = sum(row["script"] != "Latn" for row in rows)
    n_shared = sum(len(several) > 1 for several in shared.values())
    text = " ".join(latin.DESCR.split())
    assert f"{len(NATIONALITIES)} nationalities, {n_rows}" in text
    assert f"{n_native:,} rows in a native script" in text
    assert f"{n_shared:,} of the {len(shared):,} names" in text
    for nationality in NATIONALITIES:
        n_surnames = counts[nationality, "surname"]
        n_given = counts[nationality, "given"]
        n_native = counts[nationality, "native"]
        assert f"{nationality} {n_surnames} {n_given} {n_native}" in text
    assert text == " ".join(all_names.DESCR.split())
    doc = " ".join(load_names.__doc__.split())
    n_native = len(all_names.data) - len(latin.data)
    n_names = f"{len(latin.data):,} surnames and given names"
    assert f"{n_names} of {len(NATIONALITIES)} nationalities" in doc
    assert f"{n_native:,} more in a native script, of {len(NATIVE)} of these" in doc


def test_as_frame_gives_the_same_in_pandas(latin):
    names = load_names(as_frame=True)
    plain = latin
    assert list(names.frame.columns) == ["name", "nationality"]
    pd.testing.assert_series_equal(names.data, names.frame["name"])
    pd.testing.assert_series_equal(names.target, names.frame["nationality"])
    assert names.data.tolist() == plain.data.tolist()
    assert names.target.tolist() == plain.target.tolist()
    assert_array_equal(names.groups, plain.groups)


def test_unknown_script_raises():
    with pytest.raises(ValueError, match="'script' parameter of load_names"):
        load_names(script="Latin")
