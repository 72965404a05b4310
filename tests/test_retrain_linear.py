"""A linear layer on a trained network, and the same folded into its weights."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.pipeline import make_pipeline

from sknames import CharEncoder, NameNationalityClassifier
from sknames._network.forward import Forward, softmax
from sknames._network.head import make_forward
from sknames.datasets import make_names
from tools.retrain import linear, recipe


@pytest.fixture(scope="module")
def base():
    """A model of three nationalities, and names that it has not learned."""
    params = {"hidden_size": 8, "max_epochs": 3, "min_df": 2, "random_state": 0}
    model = make_pipeline(CharEncoder(), NameNationalityClassifier(**params))
    model.steps = [("encode", model[0]), ("classify", model[1])]
    kinds = ["Spanish", "French", "Polish"]
    names, labels = make_names(900, nationalities=kinds, random_state=0)
    more = make_names(1_500, nationalities=kinds, random_state=1)
    return model.fit(names, labels), more


@pytest.fixture(scope="module")
def network(base):
    network = replace(base[0]["classify"].network_, words=None)
    return network.with_priors(np.array([0.6, 0.3, 0.1]))


@pytest.fixture(scope="module")
def layer(base, network):
    model, (names, labels) = base
    codes = network.to_codes(model["encode"].transform(names))
    index = np.searchsorted(model.classes_, labels)
    return codes, linear.fit_linear(network, codes, index, 3)


@pytest.mark.parametrize("share", [0, 0.25, 1])
def test_folded_gives_the_mean_of_both_logits(network, layer, share):
    codes, head = layer
    own = Forward(network, "float64").logits(codes) - np.log(network.class_prior)
    of_head = replace(network, weights=network.weights | head)
    of_head = make_forward(of_head, "float64").logits(codes)
    folded = linear.folded(network, head, share)
    assert "head.bias" not in folded.weights and np.allclose(folded.class_prior, 1 / 3)
    found = softmax(Forward(folded, "float64").logits(codes))
    np.testing.assert_allclose(found, softmax(share * own + (1 - share) * of_head), atol=1e-5)


def test_fit_linear_n_grams_of_rare_classes_can_count_more(base, network, monkeypatch):
    model, (names, labels) = base
    polish = np.flatnonzero(labels == "Polish")[:20]
    rows = np.append(np.flatnonzero(labels != "Polish"), polish)
    codes = network.to_codes(model["encode"].transform(names[rows]))
    index = np.searchsorted(model.classes_, labels[rows])
    of_polish = {*network.ngrams.of_rows(codes[-20:])[0].tolist()}
    n_polish = []
    for power in (0, 1):
        monkeypatch.setattr(linear, "RARE_COUNT", power)
        head = linear.fit_linear(network, codes, index, 3, n_ngrams=200)
        assert len(head["head.ngrams"]) == 200
        n_polish.append(len(of_polish.intersection(head["head.ngrams"].tolist())))
    assert n_polish[1] > n_polish[0]


def test_fit_more_learns_people_and_rounds(base, monkeypatch):
    model, more = base
    monkeypatch.setattr(recipe, "SHARE_OF_TRUNK", 0.5)
    second = recipe.fit_more(model, *more)
    network = second["classify"].network_
    assert second.score(*more) > model.score(*more)
    assert network.weights["ngram_weight"].levels.max() == 15 and "head.bias" not in network.weights
    assert len(network.words.keys) > 100
    assert second["encode"].alphabet_ == model["encode"].alphabet_


def test_fit_words_leaves_out_those_of_another_script_that_one_name_has():
    names = np.array(["anna li", "иван петр", "иван", "li яна"], dtype=object)
    encoder = CharEncoder(transliterate=False).fit(names)
    X, labels = encoder.transform(names), np.array([0, 1, 1, 0])
    network = (
        NameNationalityClassifier(hidden_size=2, max_epochs=1, min_df=1).fit(X, labels).network_
    )
    words = linear.fit_words(network, names, network.to_codes(X), labels, 2, 1.0)
    known = {
        name: words.count(
            network.to_codes(encoder.transform([name])), network.separator, np.ones(1, int)
        )[0]
        for name in ("anna", "li", "иван", "петр", "яна")
    }
    assert known == {"anna": 1, "li": 1, "иван": 1, "петр": 0, "яна": 0}
