"""Names: what is asked about texts, each found out once."""

import pickle
from unittest.mock import Mock

import numpy as np
import pytest
from sklearn.pipeline import make_pipeline

from sknames import CharEncoder, JoinNames, estimate_shares, predict_names
from sknames._text import names as module
from sknames._text.names import Names, ReadingRules, read_names
from sknames.inspection import prefix_proba

TYPED = ["Dr. Anna Kim", "Anna Kim", "", "123", "Müller GmbH"]
TABLE = np.array([["Anna", "Kim"], ["Bo", "Lee"]], dtype=object)
ASKED = {
    "predict_names": lambda model: predict_names(model, TYPED, known_words=True),
    "two columns": lambda model: predict_names(
        make_pipeline(JoinNames(), model), TABLE
    ),
    "estimate_shares": lambda model: estimate_shares(model, TYPED, n_draws=2),
    "an explanation": lambda model: prefix_proba(model, "Dr. Anna Kim"),
    "fit_transform": lambda model: CharEncoder().fit_transform(TYPED),
}


@pytest.mark.filterwarnings("ignore:The shares are rough")
@pytest.mark.parametrize("ask", ASKED.values(), ids=ASKED)
def test_names_are_read_and_judged_at_most_once(shipped, monkeypatch, ask):
    counted = {
        name: Mock(wraps=getattr(module, name))
        for name in ("clean", "tidy", "why_not_names")
    }
    for name, function in counted.items():
        monkeypatch.setattr(module, name, function)
    ask(shipped)
    assert counted["clean"].call_count == counted["tidy"].call_count == 1
    assert counted["why_not_names"].call_count <= 1


def test_names_say_how_they_are_read(shipped):
    names = read_names([*TYPED, None], "empty")
    assert names == [*TYPED, ""]
    assert read_names(names) is names
    assert names.tidy[:2] == ["Anna Kim", "Anna Kim"]
    assert names.ids.tolist() == [
        0,
        0,
        1,
        2,
        3,
        1,
    ]
    assert names.reasons.tolist()[1:3] == ["", "missing name"]
    as_typed = CharEncoder(tidy=False).fit(["Anna"])
    assert names.read_by(ReadingRules()) is names
    rules = as_typed._rules
    assert names.read_by(rules).ids.tolist()[:2] == [0, 1]
    assert names.read_by(rules).read_by(as_typed._rules).rules is rules
    assert CharEncoder().fit(["x"]).transform(names.read_by(rules)).any(axis=1)[0]
    by_other = as_typed.transform(names.read_by(shipped[0]._rules))  # read anew
    np.testing.assert_array_equal(by_other, as_typed.transform([*names]))
    copied = pickle.loads(pickle.dumps(names.read_by(rules)))
    assert type(copied) is Names
    assert vars(copied) == {"rules": ReadingRules()}


def test_fit_reads_names_anew_that_it_has_read_before():
    encoder = CharEncoder(tidy=False).fit(["Dr. Anna Kim"])
    names = Names(["Dr. Anna Kim"], encoder._rules)
    assert names.tidy == ["Dr. Anna Kim"]
    assert encoder.set_params(tidy=True).fit(names).alphabet_ == " aikmn"
