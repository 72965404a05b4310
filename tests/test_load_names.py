import subprocess
import sys
import unicodedata
from collections import Counter

import numpy as np
import pytest
from anyascii import anyascii
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.utils import Bunch

from sknames.datasets import load_names

NATIONALITIES = (
    "Arabic Chinese Czech Dutch English French German Greek Irish Italian Japanese Korean Polish "
    "Portuguese Russian Scottish Spanish Turkish Vietnamese"
).split()


def test_bunch():
    names = load_names()
    assert isinstance(names, Bunch)
    assert set(names) == {"data", "target", "frame", "target_names", "groups", "part", "DESCR"}
    for column in (names.data, names.target, names.part):
        assert column.shape == names.data.shape and column.dtype == object
        assert {type(item) for item in column} == {str}
    assert names.groups.shape == names.data.shape and names.groups.dtype.kind == "i"
    assert names.target_names.tolist() == NATIONALITIES
    assert names.frame is None


def test_names_are_clean():
    names = load_names()
    counts = Counter(zip(names.target, names.part, strict=True))
    assert set(counts) == {(n, part) for n in NATIONALITIES for part in ("given", "surname")}
    assert min(Counter(names.target).values()) >= 90
    assert min(counts.values()) >= 30

    rows = list(zip(names.target, names.part, names.data, strict=True))
    assert rows == sorted(rows)
    assert len({(nationality, name) for nationality, _, name in rows}) == len(rows)
    for name in names.data:
        assert unicodedata.is_normalized("NFC", name)
        assert all("LATIN" in unicodedata.name(c) or c in " '-" for c in name), name
        assert name == " ".join(name.split()) and name[0].isalpha() and name[-1].isalpha()


@pytest.mark.parametrize(
    "name, nationality",
    [
        ("Dvořák", "Czech"),
        ("Muhammad", "Arabic"),
        ("Müller", "German"),
        ("Nguyễn", "Vietnamese"),
        ("Papadopoulos", "Greek"),
        ("Yılmaz", "Turkish"),
    ],
)
def test_diacritics_survive(name, nationality):
    names = load_names()
    assert nationality in names.target[names.data == name]


def test_description_counts_what_is_there():
    names = load_names()
    n_given = np.count_nonzero(names.part == "given")
    shared = [set(names.target[names.groups == group]) for group in range(names.groups.max() + 1)]
    sizes = Counter(names.target).values()
    for fact in (
        f"{len(names.data):,} ({len(names.data) - n_given:,} surnames, {n_given} given names)",
        f"{len(NATIONALITIES)}, with {min(sizes)} to {max(sizes)} names each",
        f"{len(set(names.data)):,}; {len(set(names.groups)):,} in plain ASCII letters",
        f"{sum(len(nationalities) > 1 for nationalities in shared)} names, in plain ASCII letters",
    ):
        assert fact in " ".join(names.DESCR.split())
    assert f"{len(names.data):,} surnames and given names" in load_names.__doc__


def test_groups_are_spellings():
    names = load_names()
    spellings = [anyascii(name).casefold() for name in names.data]
    pairs = set(zip(spellings, names.groups, strict=True))
    assert len(pairs) == len(set(spellings)) == len(set(names.groups))
    by_name = dict(zip(names.data, names.groups, strict=True))
    assert by_name["Dũng"] == by_name["Dung"] != by_name["Dương"]


def test_groups_split_without_a_leak():
    names = load_names()
    spellings = np.array([anyascii(name).casefold() for name in names.data])
    splits = StratifiedGroupKFold(5, shuffle=True, random_state=0).split(
        names.data, names.target, names.groups
    )
    for train, test in splits:
        assert not set(spellings[train]) & set(spellings[test])
        assert set(names.target[test]) == set(NATIONALITIES)


def test_return_X_y():
    names = load_names()
    X, y = load_names(return_X_y=True)
    np.testing.assert_array_equal(X, names.data)
    np.testing.assert_array_equal(y, names.target)


def test_as_frame():
    pd = pytest.importorskip("pandas")
    names, plain = load_names(as_frame=True), load_names()
    assert list(names.frame.columns) == ["name", "nationality"]
    pd.testing.assert_series_equal(names.data, names.frame["name"])
    pd.testing.assert_series_equal(names.target, names.frame["nationality"])
    assert names.data.tolist() == plain.data.tolist()
    assert names.target.tolist() == plain.target.tolist()
    np.testing.assert_array_equal(names.groups, plain.groups)

    X, y = load_names(return_X_y=True, as_frame=True)
    pd.testing.assert_series_equal(X, names.data)
    pd.testing.assert_series_equal(y, names.target)


def test_each_call_has_its_own_arrays():
    load_names().data[:] = ""
    assert "" not in load_names().data


def test_needs_neither_pandas_nor_torch():
    # pandas is blocked, not looked for: scikit-learn imports it itself where it finds it
    code = (
        "import sys; sys.modules['pandas'] = None;"
        "from sknames.datasets import load_names; load_names();"
        "print({'skorch', 'torch'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "set()", done.stderr
