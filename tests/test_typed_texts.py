"""Texts as people type them get the same answers everywhere.

They are in tests/data/typed_texts.csv; `test_javascript_rules.py` reads them, too.
"""

import pytest
from numpy.testing import assert_array_equal

from sknames import JoinNames, estimate_shares, load_pretrained, predict_names
from sknames.datasets import make_names
from tests.test_tidy import LIKE

TYPED = [*LIKE]
NAMES = [*LIKE.values()]
OTHERS = list(make_names(150, random_state=0)[0])  # enough for shares


@pytest.mark.parametrize("target", ["nationality", "country"])
def test_typed_texts_and_tidy_names_have_identical_probabilities(target):
    model = load_pretrained(target)
    typed = predict_names(model, TYPED)
    names = predict_names(model, NAMES)
    assert_array_equal(typed.proba, names.proba)


def test_load_pretrained_with_tidy_false_reads_titles():
    for abstain in (False, True):
        model = load_pretrained(abstain=abstain, tidy=False)
        typed, left = model.predict_proba(["Dr. Anna Müller", "Anna Müller"])
        assert (typed != left).any()
    with pytest.raises(ValueError, match="'tidy' parameter of load_pretrained must be"):
        load_pretrained(tidy="no")


def test_joined_columns_predict_like_tidy_names():
    columns = [["황", "희찬"], ["Dr. Anna", "Müller, PhD"], ["Müller", "Dr. Anna"]]
    assert JoinNames().transform(columns).tolist() == [" ".join(row) for row in columns]
    names = ["황희찬", "Anna Müller", "Müller Anna"]
    model = load_pretrained()
    found = model.predict_proba(JoinNames().transform(columns))
    assert_array_equal(found, model.predict_proba(names))


def test_typed_texts_and_tidy_names_count_as_same_distinct_names():
    shares = estimate_shares(load_pretrained(), [*TYPED, *NAMES, *OTHERS])
    assert shares.n_names == 2 * len(NAMES) + len(OTHERS)
    assert shares.n_distinct == len({*NAMES, *OTHERS})
