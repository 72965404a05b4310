"""Which names are spellings of one name, and how that keeps a split from leaking."""

import unicodedata

import numpy as np
import pandas as pd

from sknames import CharEncoder, spelling_groups
from sknames.datasets import load_names


def test_spelling_groups():
    names = [
        "Dvořák",
        "Ōe",
        "DVORAK",
        " dvorak\n",
        '"Dvorak"',
        "Dvoraková",
        "O’Neill",
        "O'Neill",
    ]
    groups = spelling_groups(iter(names))
    assert groups.tolist() == [0, 3, 0, 0, 0, 1, 2, 2]
    assert groups.dtype == np.intp
    np.testing.assert_array_equal(
        spelling_groups(pd.DataFrame({"name": names})), groups
    )


def test_spellings_in_other_scripts_and_with_other_hyphens():
    assert spelling_groups(["王", "Wang", "Ana–Eva", "Ana-Eva"]).tolist() == [
        1,
        1,
        0,
        0,
    ]


def test_groups_are_names_of_equal_codes():
    names = list(load_names(script="all").data[::7]) + [
        "عامر",
        "عمر",
        "احمد",
        "حمد",
        "がく",
        "йод",
    ]
    names += [f"\t“{name.upper()}” " for name in names]
    names += [unicodedata.normalize("NFD", name) for name in names]
    encoder = CharEncoder(transliterate=True)
    codes = [code.tobytes() for code in encoder.fit_transform(names)]
    groups = spelling_groups(names).tolist()
    assert (
        len(set(groups)) == len(set(codes)) == len(set(zip(groups, codes, strict=True)))
    )
