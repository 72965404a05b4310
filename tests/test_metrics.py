"""Compare the scorecard with scikit-learn and with figures computed by hand."""

from collections import Counter

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import binomtest
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import (
    accuracy_score,
    f1_score,
    log_loss,
    precision_score,
    recall_score,
)
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC

from sknames import (
    CharEncoder,
    GroupedClassifier,
    NameEncoder,
    NameNationalityClassifier,
    SelectiveClassifier,
)
from sknames.datasets import load_names
from sknames.metrics import _scorecard, scorecard
from tests.conftest import TINY, assert_prints

UNDEFINED = {"zero_division": np.nan}


@pytest.fixture(scope="module")
def model(small_names):
    ngrams = CountVectorizer(analyzer="char", ngram_range=(1, 2))
    names, labels = small_names
    return make_pipeline(ngrams, MultinomialNB()).fit(names[::2], labels[::2])


@pytest.fixture(scope="module")
def rows(small_names):
    """Names that are not in the training data, and labels, some unknown to the model.

    The first label has a tiny probability.
    """
    names, labels = (column[1::2].copy() for column in small_names)
    names[0] = "Yamamoto" * 4
    labels[0] = "Turkish"
    labels[-9::2] = "Korean"
    labels[1] = "Vietnamese"
    return names, labels


# Equal and unequal weights; the label of the second name has a weight of 0.
WEIGHTS = [np.ones(100), np.array([3, 0, 2, 1, 0] * 20)]


@pytest.fixture(scope="module", params=WEIGHTS, ids=["names", "weights"])
def weights(request):
    return request.param


@pytest.fixture(scope="module")
def card(model, rows, weights):
    return scorecard(model, *rows, sample_weight=weights)


@pytest.fixture(scope="module")
def predicted(model, rows):
    return model.predict(rows[0])


def test_scorecard_figures_equal_scikit_learn_metrics(
    model, rows, predicted, weights, card
):
    names, labels = rows
    proba = model.predict_proba(names)
    of_weights = {"sample_weight": weights}
    assert card.n == len(names)
    assert_array_equal(card.is_right, labels == predicted)
    accuracy = accuracy_score(labels, predicted, **of_weights)
    assert card.accuracy == pytest.approx(accuracy)
    macro_f1 = f1_score(labels, predicted, average="macro", **UNDEFINED, **of_weights)
    assert card.macro_f1 == pytest.approx(macro_f1)
    first_three = model.classes_[np.argsort(-proba)[:, :3]]
    is_among = (first_three == labels[:, None]).any(axis=1)
    assert card.top_3 == pytest.approx(np.average(is_among, weights=weights))
    known = np.isin(labels, model.classes_)
    loss = log_loss(labels[known], proba[known], sample_weight=weights[known])
    assert card.log_loss == pytest.approx(loss)
    assert proba[0, -1] < 1e-5
    confidence = proba.max(axis=1)
    error, _ = _scorecard.calibration_error(card.is_right, confidence, weights)
    assert card.calibration_error == pytest.approx(error)
    assert card.unknown_labels == {"Korean": 5, "Vietnamese": 1}
    assert "(Korean, Vietnamese)" in repr(card)


def test_scorecard_figures_by_class_equal_scikit_learn_metrics(
    rows, predicted, weights, card
):
    labels = rows[1]
    columns = card.by_class
    assert columns["label"].tolist() == sorted({*labels, *predicted})
    params = {"labels": columns["label"], "average": None, "sample_weight": weights}
    for figure, score, of_rows in [
        ("recall", recall_score, labels),
        ("precision", precision_score, predicted),
    ]:
        expected = score(labels, predicted, **params, **UNDEFINED)
        assert_allclose(columns[figure], expected)
        for k, label in enumerate(columns["label"]):
            of_label = weights[of_rows == label]
            if of_label.any():
                n = of_label.sum() ** 2 / (of_label**2).sum()
                interval = _scorecard.wilson_interval(expected[k], n)
                found = columns[f"{figure}_low"][k], columns[f"{figure}_high"][k]
                assert found == pytest.approx(interval)
    for column, of_rows in (("n", labels), ("n_predicted", predicted)):
        counts = Counter(of_rows.tolist())
        expected = [counts[label] for label in columns["label"]]
        assert columns[column].tolist() == expected


def test_scorecard_intervals_use_effective_number_of_names(weights, card):
    n = weights.sum() ** 2 / (weights**2).sum()
    for figure in ("accuracy", "top_3"):
        expected = _scorecard.wilson_interval(getattr(card, figure), n)
        assert getattr(card, f"{figure}_interval") == pytest.approx(expected)


@pytest.mark.parametrize("n_hits", [0, 1, 5, 9])
def test_wilson_interval_equals_scipy(n_hits):
    expected = binomtest(n_hits, 9).proportion_ci(method="wilson")
    found = _scorecard.wilson_interval(n_hits / 9, 9)
    assert_allclose(found, [expected.low, expected.high], rtol=0, atol=1e-12)
    low, high = _scorecard.wilson_interval(n_hits / 9, np.arange(1, 200))
    assert low.min() >= 0
    assert high.max() <= 1


def test_scorecard_confusions_are_sorted_by_frequency(rows, predicted, card):
    pairs = Counter(zip(rows[1].tolist(), predicted.tolist(), strict=True))
    expected = {pair: n for pair, n in pairs.items() if len({*pair}) == 2}
    assert {(true, found): n for true, found, n in card.confusions} == expected
    counts = [n for *_, n in card.confusions]
    assert counts == sorted(counts, reverse=True)


def test_best_accuracy_is_limited_by_names_with_several_labels(model):
    names = ["Ali"] * 5 + ["Alí"] * 2 + ["Kim"]
    labels = "Turkish Greek Greek Greek Polish Greek Polish Greek".split()
    card = scorecard(model, names, labels)
    # At best, 3 of "Ali", 1 of "Alí", which a model may distinguish, and "Kim".
    assert card.best_accuracy == 5 / 8
    assert card.n_ambiguous == 2
    # "Ali" is rather Turkish if the first name counts four times.
    card = scorecard(model, names, labels, sample_weight=[4, *[1] * 7])
    assert card.best_accuracy == (4 + 1 + 1) / 11
    assert "several labels" not in repr(scorecard(model, ["Kim"], ["Greek"]))


@pytest.mark.parametrize("weights", [np.ones(150), np.array([1, 3, 0.5] * 50)])
def test_macro_f1_interval_matches_bootstrap(weights):
    # Class 3 is only predicted, and class 2 is rarely predicted.
    rng = np.random.default_rng(0)
    true = rng.choice([0, 0, 1, 2], 150)
    answer = rng.choice([0, 1, 3], 150)
    answer[::3] = true[::3]
    card = _scorecard.figures(true, answer, weights)
    n = round(weights.sum() ** 2 / (weights**2).sum())
    drawn = rng.choice(150, (2000, n), p=weights / weights.sum())
    scores = np.zeros(2000)
    for label in range(4):
        is_true = true[drawn] == label
        is_answer = answer[drawn] == label
        n_hits = (is_true & is_answer).sum(axis=1)
        scores += 2 * n_hits / (is_true.sum(axis=1) + is_answer.sum(axis=1)) / 4
    expected = np.quantile(scores, [0.025, 0.975])
    assert_allclose(card["macro_f1_interval"], expected, atol=0.01)


def test_macro_f1_interval_with_predicted_only_labels_contains_estimate():
    labels = ["a", "b"] * 60
    predicted = [*labels[:90], *"cdefghijklmnopqrstuvwxyzABCDEF"]
    card = _scorecard.figures(labels, predicted, np.ones(len(labels)))
    low, high = card["macro_f1_interval"]
    assert low < card["macro_f1"] < high < 0.1


def test_top_3_ranks_equal_probabilities_in_order_of_classes():
    classes = np.array([*"abcde"])
    labels = np.array([*"aabde"])
    proba = np.full((5, 5), 0.2)
    card = _scorecard.scorecard_from([*"vwxyz"], labels, ["a"] * 5, proba, classes)
    assert card.top_3 == 3 / 5
    assert card.calibration_error == pytest.approx(2 / 5 - 0.2)


def test_scorecard_accepts_mixed_numeric_and_text_labels():
    answers = np.array(["unknown", 1, 1, 0], dtype=object)
    labels = np.array([0, 1, 0, 0])
    card = _scorecard.scorecard_from([*"abcd"], labels, answers, None, np.array([0, 1]))
    assert card.by_class["label"].tolist() == [0, 1, "unknown"]
    assert card.by_class["n"].tolist() == [3, 1, 0]
    assert card.accuracy == 0.5


class CountingNet(NameNationalityClassifier):
    """Count the rows of codes that are sent through the net."""

    n_rows = 0

    def predict_proba(self, X):
        type(self).n_rows += len(X)
        return super().predict_proba(X)


def test_scorecard_predicts_each_name_once(small_names):
    inner = make_pipeline(CharEncoder(), CountingNet(**TINY)).fit(*small_names)
    for model in (
        inner,
        GroupedClassifier(inner, groups="subregion"),
        SelectiveClassifier(inner, threshold=0.8),
    ):
        CountingNet.n_rows = 0
        card = scorecard(model, *small_names)
        assert CountingNet.n_rows == len(small_names[0])
        assert card.accuracy == model.score(*small_names)


class CountingEncoder(NameEncoder):
    """Count the names that are encoded."""

    n_names = 0

    def transform(self, X):
        type(self).n_names += len(X)
        return super().transform(X)


def test_scorecard_encodes_each_name_once(small_names):
    names, labels = small_names
    model = make_pipeline(CountingEncoder(), LogisticRegression()).fit(names, labels)
    expected = model.score(names, labels)
    CountingEncoder.n_names = 0
    assert scorecard(model, names, labels).accuracy == expected
    assert CountingEncoder.n_names == len(names)


class Contrary(MultinomialNB):
    """Predict the first label, whatever the probabilities are."""

    def predict(self, X):
        return np.full(X.shape[0], self.classes_[0])


def test_scorecard_uses_predict_instead_of_most_probable_label(small_names):
    names, labels = small_names
    model = make_pipeline(CountVectorizer(analyzer="char"), Contrary())
    card = scorecard(model.fit(names, labels), names, labels)
    assert card.accuracy == np.mean(labels == model.classes_[0])


# ---- Text


SHOWN = """\
accuracy  0.3000 (95 % 0.1078 to 0.6032)
macro-F1  0.1333 (95 % 0.0000 to 0.3667)
top-3     0.5000 (95 % 0.2366 to 0.7634)
log loss  1.0549
ECE       0.5000 (0.1009 by chance)
10 rows; best accuracy possible 0.8000 (names with several labels: 1); rows with labels that the model lacks: 5 (Zulu, Thai, Kurd, ...)

label       rows  recall (95 %)           precision (95 %)        predicted
Polish         3  0.667 (0.208 to 0.939)  0.286 (0.082 to 0.641)          7
Greek          2  0.500 (0.095 to 0.905)  0.333 (0.061 to 0.792)          3
Zulu           2  0.000 (0.000 to 0.658)  -                               0
3 others: see by_class

Greek taken for Polish           1
Polish taken for Greek           1
Thai taken for Polish            1
Kurd taken for Polish            1
Zulu taken for Polish            1"""  # noqa: E501


def test_scorecard_text_shows_all_figures():
    words = "Greek Greek Polish Polish Polish Thai Kurd Zulu Zulu Nigerian"
    labels = np.array(words.split())
    answers = np.where(np.arange(10) % 4, "Polish", "Greek")
    classes = np.array(["Greek", "Irish", "Polish"])
    proba = 0.1 + 0.7 * (answers[:, None] == classes)
    card = _scorecard.scorecard_from(
        ["Ali"] * 4 + [*"bcdefg"], labels, answers, proba, classes
    )
    assert_prints(card.to_text(n_classes=3), SHOWN)
    assert "\n1 other: see by_class\n" in card.to_text(n_classes=5)
    # All labels are in the order of by_class.
    in_order = [line.split()[0] for line in card.to_text().splitlines()[8:14]]
    assert in_order == card.by_class["label"].tolist() == sorted({*labels, *answers})


def test_scorecard_text_of_many_nationalities_has_at_most_40_lines():
    names, labels = (column[::7] for column in load_names(return_X_y=True))
    classes = np.unique(labels)
    card = _scorecard.scorecard_from(names, labels, np.roll(labels, 9), None, classes)
    lines = repr(card).splitlines()
    assert len(lines) <= 40
    assert max(map(len, lines)) <= 100
    n_left = len(classes) - 20
    assert f"{n_left} others: see by_class" in lines
    assert len(card.to_text().splitlines()) == len(lines) + n_left - 1
    assert sum(" taken for " in line for line in lines) == 5


def test_scorecard_of_model_without_predict_proba_omits_probability_figures(
    small_names,
):
    svm = make_pipeline(CountVectorizer(analyzer="char"), LinearSVC(random_state=0))
    card = scorecard(svm.fit(*small_names), *small_names)
    assert card.accuracy > 0.5
    for name in ("log_loss", "top_3", "calibration_error", "calibration_by_chance"):
        assert getattr(card, name) is None
    text = repr(card)
    assert "log loss, top-3 and ECE need predict_proba, which the model lacks" in text
    assert "log loss  " not in text


def test_scorecard_to_frame_equals_by_class(model):
    card = scorecard(model, ["Jan Kowalski"], ["Polish"])
    expected = {name: column.tolist() for name, column in card.by_class.items()}
    assert card.to_frame().to_dict("list") == expected


# ---- Calibration


def test_calibration_error_is_weighted_mean_gap_over_bins():
    # The last bins end at 0.8667, 0.9333 and 1.
    confidence = np.array([0.87, 0.93, 0.5, 0.95, 1.0])
    is_right = np.array([True, False, True, True, False])
    error, _ = _scorecard.calibration_error(is_right, confidence, np.ones(5))
    assert error == pytest.approx((0.87 + 0.93 - 1 + 0.5 + 0.95 + 1 - 1) / 5)
    weights = np.array([1, 0, 0.5, 0, 2])
    error, _ = _scorecard.calibration_error(is_right, confidence, weights)
    assert error == pytest.approx((0.13 + 0.5 * 0.5 + 2) / 3.5)


def test_calibration_error_by_chance_equals_mean_of_normal_gaps():
    hits = np.array([True, False])
    _, by_chance = _scorecard.calibration_error(
        hits, np.array([0.8, 0.9]), np.array([1.0, 3.0])
    )
    deviations = np.sqrt([1 * 0.8 * 0.2, 9 * 0.9 * 0.1])  # two of 15 bins have names
    expected = np.sqrt(2 / np.pi) * deviations.sum() / 4
    assert by_chance == pytest.approx(expected)
    _, by_chance = _scorecard.calibration_error(hits, np.ones(2), np.ones(2))
    assert by_chance == 0


# ---- Errors


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"y": ["greek"] * 3}, "expected some of .'Greek', .* got .'greek'"),
        ({"y": ["Greek", "Greek", None]}, "missing label"),
        ({"X": ["a", "b", None]}, "missing name"),
        ({"sample_weight": np.zeros(3)}, "a positive one; got 0 at"),
    ],
)
def test_scorecard_with_invalid_arguments_raises(model, changes, message):
    data = {"X": ["a", "b", "c"], "y": ["Greek"] * 3} | changes
    with pytest.raises(ValueError, match=message):
        scorecard(model, **data)
