"""The benchmark on public test sets: labels of models, and tables in pages."""

import numpy as np
import pytest
from bench_public import LABELS, shares_of

from sknames import load_pretrained


@pytest.mark.parametrize("labels", LABELS.values(), ids=LABELS)
def test_labels_of_rivals_stand_for_at_most_one_label(labels):
    classes = ["German", "Austrian", "Indian", "ger", "unheard"]
    shares = shares_of("name2nat", classes, list(labels))
    assert set(shares.sum(axis=1)[[0, 3]]) == {1} and not shares[4].any()
    assert np.isin(shares, [0, 1]).all()


def test_shipped_nationality_of_several_countries_is_shared_by_their_people():
    classes, countries = load_pretrained().classes_, list(LABELS["arczi21"])
    shares = shares_of("shipped", classes, countries)
    german = dict(zip(countries, shares[list(classes).index("German")], strict=True))
    assert german["DE"] > german["AT"] > 0 and sum(german.values()) == pytest.approx(1)
    assert shares[list(classes).index("Greek"), countries.index("GK")] == 1
