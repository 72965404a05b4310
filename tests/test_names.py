"""Tests of Names, which compute each property of texts once."""

import pickle
from unittest.mock import Mock

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.pipeline import make_pipeline

from sknames import CharEncoder, JoinNames, estimate_shares, predict_names
from sknames._text import names as module
from sknames._text.names import Names, ReadingRules, read_names
from sknames.inspection import prefix_proba

TYPED = ["Dr. Anna Kim", "Anna Kim", "", "123", "Müller GmbH"]
TABLE = np.array([["Anna", "Kim"], ["Bo", "Lee"]], dtype=object)
ASKED = {
    "predict_names": lambda model: predict_names(model, TYPED),
    "two columns": lambda model: predict_names(
        make_pipeline(JoinNames(), model), TABLE
    ),
    "estimate_shares": lambda model: estimate_shares(model, TYPED, n_draws=200),
    "an explanation": lambda model: prefix_proba(model, "Dr. Anna Kim"),
    "fit_transform": lambda model: CharEncoder().fit_transform(TYPED),
}


@pytest.mark.filterwarnings("ignore:The shares are rough")
@pytest.mark.parametrize("ask", ASKED.values(), ids=ASKED)
def test_each_call_tidies_and_checks_names_at_most_once(shipped, monkeypatch, ask):
    counted = {
        name: Mock(wraps=getattr(module, name))
        for name in ("clean", "tidy", "why_not_names")
    }
    for name, function in counted.items():
        monkeypatch.setattr(module, name, function)
    ask(shipped)
    assert counted["clean"].call_count == counted["tidy"].call_count == 1
    assert counted["why_not_names"].call_count <= 1


def test_read_names_returns_tidy_texts_ids_and_reasons():
    names = read_names([*TYPED, None], "empty")
    assert names == [*TYPED, ""]
    assert read_names(names) is names
    assert names.tidy[:2] == ["Anna Kim", "Anna Kim"]
    assert names.reasons.tolist()[1:3] == ["", "missing name"]


def test_cached_names_are_tidied_again_only_for_different_rules():
    encoder = CharEncoder(tidy=False).fit(["Dr. Anna Kim"])
    names = Names(TYPED)
    as_typed = names.read_by(encoder._rules)
    assert names.read_by(ReadingRules()) is names
    assert as_typed.read_by(encoder._rules) is as_typed
    assert as_typed.tidy[0] == "Dr. Anna Kim"
    assert_array_equal(encoder.transform(names), encoder.transform(TYPED))
    assert encoder.set_params(tidy=True).fit(as_typed).alphabet_ == " 123abeghiklmnru"
    copied = pickle.loads(pickle.dumps(as_typed))
    assert type(copied) is Names
    assert vars(copied) == {"rules": ReadingRules()}
