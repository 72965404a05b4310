"""Tests of groups of names that are spellings of the same name."""

import unicodedata

import numpy as np

from sknames import CharEncoder, spelling_groups
from sknames.datasets import load_names
from tests.test_tidy import LIKE


def test_spelling_groups_join_variants_and_are_numbered_in_sorted_order():
    names = ["Dvořák", "Ōe", "DVORAK", " dvorak\n", '"Dvorak"', "Dvoraková", "O’Neill"]
    names += ["O'Neill", "王", "Wang", "Ana–Eva", "Ana-Eva"]
    groups = spelling_groups(iter(names))
    assert groups.tolist() == [1, 4, 1, 1, 1, 2, 3, 3, 5, 5, 0, 0]
    assert groups.dtype == np.intp


def test_names_share_spelling_group_exactly_if_their_codes_are_equal():
    names = "عامر عمر احمد حمد がく йод ﾔﾏﾀﾞ ヤマダ Yamada".split()
    names += [*load_names(script="all").data[::7]]
    names += [f"\t“{name.upper()}” " for name in names]
    names += [unicodedata.normalize("NFD", name) for name in names]
    names += [*LIKE, *LIKE.values()]
    codes = CharEncoder(transliterate=True).fit_transform(names)
    groups = spelling_groups(names)
    with_codes = np.column_stack([codes, groups])
    n_groups = groups.max() + 1
    assert len(np.unique(codes, axis=0)) == n_groups
    assert len(np.unique(with_codes, axis=0)) == n_groups
