"""scorecard and calibration error give scikit-learn's figures, or those by hand."""

import sys

import numpy as np
import polars as pl
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import binomtest
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.metrics import (
    accuracy_score,
    f1_score,
    log_loss,
    precision_score,
    recall_score,
    top_k_accuracy_score,
)
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC

from sknames.datasets import load_names
from sknames.metrics import (
    _calibration,
    _scorecard,
    _top_label,
    expected_calibration_error,
    scorecard,
)


def bayes():
    return make_pipeline(
        CountVectorizer(analyzer="char", ngram_range=(1, 2)), MultinomialNB()
    )


def wilson(n_hits, n):
    interval = binomtest(n_hits, n).proportion_ci(method="wilson")
    return interval.low, interval.high


@pytest.fixture(scope="module")
def parts(small_names):
    """Names and labels to learn, and others to test on."""
    names, labels = small_names
    return (names[::2], labels[::2]), (names[1::2], labels[1::2])


@pytest.fixture(scope="module")
def model(parts):
    return bayes().fit(*parts[0])


@pytest.fixture(scope="module")
def card(model, parts):
    return scorecard(model, *parts[1])


@pytest.fixture(scope="module")
def found(model, parts):
    return model.predict(parts[1][0])


@pytest.fixture(scope="module")
def weights(parts):
    return np.random.RandomState(0).randint(4, size=len(parts[1][0]))


@pytest.fixture(scope="module")
def weighted(model, parts, weights):
    return scorecard(model, *parts[1], sample_weight=weights)


@pytest.fixture(scope="module")
def twice(model, parts, weights):
    """The scorecard of names repeated by their weights."""
    return scorecard(model, *[column.repeat(weights) for column in parts[1]])


def test_scorecard_gives_the_figures_of_scikit_learn(model, parts, card, found):
    names, labels = parts[1]
    proba = model.predict_proba(names)
    assert card.n == len(names)
    assert card.accuracy == pytest.approx(accuracy_score(labels, found))
    interval = wilson((labels == found).sum(), len(names))
    assert card.accuracy_interval == pytest.approx(interval)
    assert card.macro_f1 == pytest.approx(f1_score(labels, found, average="macro"))
    assert card.log_loss == pytest.approx(log_loss(labels, proba))
    assert card.top_3 == pytest.approx(top_k_accuracy_score(labels, proba, k=3))


def test_scorecard_log_loss_has_no_limit(model):
    sure = ["Yamamoto" * 4]
    loss = -np.log(model.predict_proba(sure)[0, -1])
    assert scorecard(model, sure, ["Turkish"]).log_loss == pytest.approx(loss)
    assert loss > 10


def test_scorecard_by_class_gives_the_figures_of_scikit_learn(parts, card, found):
    labels = parts[1][1]
    rows = card.by_class
    order = {"labels": rows["label"], "average": None}
    assert_allclose(rows["recall"], recall_score(labels, found, **order))
    precision = precision_score(labels, found, **order)
    assert_allclose(rows["precision"], precision)
    for k, label in enumerate(rows["label"]):
        n_hits = ((labels == label) & (found == label)).sum()
        n = (labels == label).sum()
        n_predicted = (found == label).sum()
        assert rows["n"][k] == n
        assert rows["n_predicted"][k] == n_predicted
        recall = (rows["recall_low"][k], rows["recall_high"][k])
        assert recall == pytest.approx(wilson(n_hits, n))
        precision = (rows["precision_low"][k], rows["precision_high"][k])
        assert precision == pytest.approx(wilson(n_hits, n_predicted))


def test_confusions_are_the_wrong_pairs_most_frequent_first(parts, card, found):
    pairs = zip(parts[1][1], found, strict=True)
    wrong = [(true, predicted) for true, predicted in pairs if true != predicted]
    assert wrong
    assert sum(n for *_, n in card.confusions) == len(wrong)
    assert card.confusions[0][2] == max(map(wrong.count, wrong))
    for true, predicted, n in card.confusions:
        assert wrong.count((true, predicted)) == n


def test_unknown_labels_count_as_wrong(model, parts):
    names, labels = parts[1]
    more = [*names, "Kim", "Park", "Nguyễn"]
    truth = [*labels, "Korean", "Korean", "Vietnamese"]
    card = scorecard(model, more, truth)
    known = scorecard(model, names, labels)
    assert card.unknown_labels == {"Korean": 2, "Vietnamese": 1}
    never = np.isin(card.by_class["label"], ["Korean", "Vietnamese"])
    assert_array_equal(np.isnan(card.by_class["precision"]), never)
    assert card.log_loss == pytest.approx(known.log_loss)
    for figure in ("accuracy", "top_3"):
        expected = getattr(known, figure) * len(names) / len(more)
        assert getattr(card, figure) == pytest.approx(expected)
    proba = model.predict_proba(more)
    classes = model.classes_
    error = expected_calibration_error(truth, proba, labels=classes)
    assert card.calibration_error == pytest.approx(error)
    predicted = model.predict(more)
    # The last class, as which none of them counts.
    assert "Turkish" in predicted[-3:]
    macro_f1 = f1_score(truth, predicted, average="macro")
    assert card.macro_f1 == pytest.approx(macro_f1)


def test_text_names_unknown_labels(model, parts):
    names, labels = parts[1]
    assert "lacks" not in repr(scorecard(model, names, labels))
    more = [*names, "Kim", "Park", "Nguyễn"]
    truth = [*labels, "Korean", "Korean", "Vietnamese"]
    text = repr(scorecard(model, more, truth))
    assert "3 rows are of labels that the model lacks (Korean, Vietnamese)" in text
    (korean,) = (line for line in text.splitlines() if line.startswith("Korean"))
    assert korean.split() == "Korean 2 0.000 (0.000 to 0.658) - 0".split()
    card = scorecard(model, [*more, "Thai", "Zulu"], [*truth, "Thai", "Zulu"])
    assert "that the model lacks (Korean, Vietnamese, Thai, ...)" in repr(card)


def test_log_loss_with_unknown_labels_weighs_the_known_ones(model, parts):
    names, labels = parts[1]
    weights = np.random.RandomState(0).randint(0, 5, size=len(names))
    more = ["Kim", *names, "Park"]
    truth = ["Korean", *labels, "Korean"]
    card = scorecard(model, more, truth, sample_weight=[70, *weights, 30])
    proba = model.predict_proba(names)
    expected = log_loss(labels, proba, sample_weight=weights)
    assert card.log_loss == pytest.approx(expected)
    assert log_loss(labels, proba) != pytest.approx(expected, rel=0.01)


def test_names_with_several_labels_bound_the_accuracy(model):
    names = ["Ali"] * 5 + ["Alí"] * 2 + ["Kim"]
    labels = "Turkish Greek Greek Greek Polish Greek Polish Greek".split()
    card = scorecard(model, names, labels)
    # 3 of "Ali", 1 of "Alí", which some model may tell apart, and "Kim"
    assert card.best_accuracy == 5 / 8
    assert card.n_ambiguous == 2
    assert "(names with several labels: 2)" in repr(card)
    card = scorecard(model, names[-1:], labels[-1:])
    assert card.best_accuracy == 1
    assert "several" not in repr(card)


def test_weight_of_2_counts_as_two_names(weighted, twice):
    keys = "accuracy macro_f1 log_loss top_3 best_accuracy calibration_error"
    for key in keys.split():
        assert getattr(weighted, key) == pytest.approx(getattr(twice, key)), key
    for key in ("recall", "precision"):
        assert_allclose(weighted.by_class[key], twice.by_class[key])


def test_counts_and_intervals_of_weights_are_those_of_names(parts, weights, weighted):
    names, labels = parts[1]
    n = weights.sum() ** 2 / (weights**2).sum()
    assert weighted.n == len(names)
    assert weighted.by_class["n"].sum() == len(names)
    ends = _top_label.wilson_interval(weighted.accuracy, n)
    assert weighted.accuracy_interval == tuple(ends)
    k = [*weighted.by_class["label"]].index("Greek")
    greek = weights[labels == "Greek"]
    n_greek = greek.sum() ** 2 / (greek**2).sum()
    ends = _top_label.wilson_interval(weighted.by_class["recall"][k], n_greek)
    assert weighted.by_class["recall_low"][k] == ends[0]
    assert weighted.by_class["recall_high"][k] == ends[1]


def test_macro_f1_interval_of_weights_is_that_of_names(
    model, parts, card, weighted, twice
):
    names, labels = parts[1]
    low, high = weighted.macro_f1_interval
    assert low < twice.macro_f1 < high
    assert high - low > np.ptp(card.macro_f1_interval)
    assert np.ptp(card.macro_f1_interval) > np.ptp(twice.macro_f1_interval)
    wrong = scorecard(model, names, labels, sample_weight=1 + 8 * ~card.is_right)
    assert wrong.macro_f1_interval[1] < card.macro_f1
    without_weight = [*np.ones(len(names)), 0]
    unseen = scorecard(
        model, [*names, "Kim"], [*labels, "Korean"], sample_weight=without_weight
    )
    assert unseen.macro_f1 == pytest.approx(card.macro_f1)


@pytest.mark.parametrize("factor", [1, 0.1, 7])
def test_equal_weights_change_no_interval(model, parts, card, factor):
    names, labels = parts[1]
    weights = np.full(len(names), factor)
    same = scorecard(model, names, labels, sample_weight=weights)
    for key in ("accuracy_interval", "macro_f1_interval", "calibration_by_chance"):
        assert getattr(same, key) == pytest.approx(getattr(card, key)), key


def test_model_without_probabilities_has_the_other_figures(parts):
    svm = make_pipeline(CountVectorizer(analyzer="char"), LinearSVC(random_state=0))
    card = scorecard(svm.fit(*parts[0]), *parts[1])
    assert card.accuracy > 0.5
    for name in ("log_loss", "top_3", "calibration_error", "calibration_by_chance"):
        assert getattr(card, name) is None
    text = repr(card)
    assert "log loss, top-3 and ECE need predict_proba, which the model lacks" in text
    assert f"accuracy  {card.accuracy:.4f}" in text
    assert "log loss  " not in text


def test_macro_f1_interval_is_that_of_a_bootstrap():
    # Of a class that is only predicted, and of one that never is.
    rng = np.random.default_rng(0)
    true = rng.choice([0, 0, 1, 2], 150)
    answer = rng.choice([0, 1, 3], 150)
    answer[::3] = true[::3]
    card = _scorecard.figures(true, answer)
    drawn = rng.integers(150, size=(1000, 150))
    scores = np.zeros(1000)
    for label in range(4):
        is_true = true[drawn] == label
        is_answer = answer[drawn] == label
        n_hits = (is_true & is_answer).sum(axis=1)
        scores += 2 * n_hits / (is_true.sum(axis=1) + is_answer.sum(axis=1)) / 4
    expected = np.quantile(scores, [0.025, 0.975])
    assert_allclose(card["macro_f1_interval"], expected, atol=0.007)


def test_macro_f1_interval_holds_the_figure_where_labels_are_only_predicted():
    labels = ["a", "b"] * 60
    predicted = [*labels[:90], *"cdefghijklmnopqrstuvwxyzABCDEF"]
    card = _scorecard.figures(labels, predicted)
    low, high = card["macro_f1_interval"]
    assert low < card["macro_f1"] < high < 0.1


def test_first_of_equal_probabilities_ranks_higher():
    classes = np.array([*"abcde"])
    proba = np.full((5, 5), 0.2)
    card = _scorecard.scorecard_from([*"vwxyz"], classes, ["a"] * 5, proba, classes)
    assert (card.accuracy, card.top_3) == (0.2, 0.6)
    assert card.calibration_error == pytest.approx(0)


def test_accuracy_by_known_words_counts_rows():
    labels = np.array([0, 0, 1, 1, 1])
    found = np.array([0, 1, 1, 1, 0])
    known = [0, 0, 2, 3, 2]
    classes = np.array([0, 1])
    card = _scorecard.scorecard_from(
        [*"abcde"], labels, found, None, classes, known=known
    )
    assert card.by_known_words == {
        "0": {"n": 2, "accuracy": 0.5},
        "2 or more": {"n": 3, "accuracy": 2 / 3},
    }
    assert "by known words: 0: 0.5000 (2 rows), 2 or more: 0.6667 (3 rows)" in str(card)


@pytest.mark.parametrize("word", [None, "unknown"])
def test_labels_may_be_numbers_beside_a_word(word):
    names = ["a"] * 200
    numbers = np.arange(200) % 2
    found = np.array([word or 0, *numbers[1:].tolist()], dtype=object)
    card = _scorecard.scorecard_from(names, numbers, found, None, np.array([0, 1]))
    assert card.by_class["label"].tolist() == [0, 1] + [word] * bool(word)
    assert card.by_class["n"].tolist() == [100, 100] + [0] * bool(word)
    text = repr(card)
    if word:
        lines = [line.split() for line in text.splitlines()]
        assert "unknown 0 - 0.000 (0.000 to 0.793) 1".split() in lines
    width = len(word or "label")
    assert f"\n{'label':<{width}}{'rows':>10}  " in text
    assert f"\n{0:<{width}}{100:>10}  " in text
    assert card.accuracy == pytest.approx(1 - bool(word) / 200)


def test_text_of_many_nationalities_fits_one_screen(shipped):
    names = load_names()
    rows = np.random.default_rng(0).permutation(len(names.data))[:1500]
    card = scorecard(shipped, names.data[rows], names.target[rows])
    lines = repr(card).splitlines()
    assert len(lines) <= 40
    assert max(map(len, lines)) <= 100
    n = card.by_class["n"]
    labels = card.by_class["label"]
    assert f"{len(n) - 20} others: see by_class" in lines
    assert len(n) > 40
    whole = card.to_text().splitlines()
    firsts = [line.split("  ")[0] for line in lines]
    shown = [label for label in firsts if label in labels]
    assert shown == labels[np.argsort(-n, kind="stable")[:20]].tolist()
    firsts = [line.split("  ")[0] for line in whole]
    all_shown = [label for label in firsts if label in labels]
    assert all_shown == labels.tolist()
    assert len(whole) == len(lines) + len(n) - 21
    true, predicted, most = card.confusions[0]
    of_confusions = [line for line in lines if " taken for " in line]
    assert len({len(line) for line in of_confusions}) == 1  # the numbers are one column
    confusions = [" ".join(line.split()) for line in of_confusions]
    assert f"{true} taken for {predicted} {most}" in confusions
    assert len(confusions) == 5 < len(card.confusions)
    frame = card.to_frame()
    assert [*frame.columns] == [*card.by_class]
    assert frame.n.sum() == 1500


def test_scorecard_makes_a_frame_of_the_library_that_is_installed(shipped, monkeypatch):
    card = scorecard(shipped, ["Jan Kowalski"], ["Polish"])
    monkeypatch.setitem(sys.modules, "pandas", None)
    frame = card.to_frame()
    assert isinstance(frame, pl.DataFrame)
    assert frame.row(0, named=True)["label"] == "Polish"
    assert frame["recall"].to_list() == [1.0]
    monkeypatch.setitem(sys.modules, "polars", None)
    with pytest.raises(ImportError, match="Expected pandas or polars .* Install one"):
        card.to_frame()


# ---- Calibration


def test_calibration_error_is_the_mean_gap_by_bin():
    # The bins end at 0.8667, 0.9333 and 1.
    y = ["a", "b", "a", "a"]
    proba = np.array([0.87, 0.93, 0.5, 1.0])
    proba = np.column_stack([proba, 1 - proba])
    expected = (abs(0.87 + 0.93 - 1) + 0.5 + 0) / 4
    assert expected_calibration_error(y, proba) == pytest.approx(expected)
    turned = expected_calibration_error(y, proba[:, ::-1], labels=["b", "a"])
    assert turned == pytest.approx(expected)
    one_bin = abs(0.87 + 0.93 + 0.5 + 1 - 3) / 4
    assert expected_calibration_error(y, proba, n_bins=1) == pytest.approx(one_bin)
    weighted = expected_calibration_error(y, proba, sample_weight=[1, 0, 0.5, 2])
    assert weighted == pytest.approx((0.13 + 0.5 * 0.5 + 0) / 3.5)


def test_calibration_error_has_a_probability_of_1_in_the_last_bin():
    error = expected_calibration_error(["a", "b"], [[0.95, 0.05], [1, 0]])
    assert error == pytest.approx((0.95 + 1 - 1) / 2)  # one of both is right


def test_calibration_error_by_chance_is_the_mean_of_normal_gaps():
    hits = np.array([True, False])
    _, by_chance = _calibration.calibration_error(
        hits, np.array([0.8, 0.9]), np.array([1.0, 3.0])
    )
    deviations = np.sqrt([1 * 0.8 * 0.2, 9 * 0.9 * 0.1])  # of two bins of 15
    expected = np.sqrt(2 / np.pi) * deviations.sum() / 4
    assert by_chance == pytest.approx(expected)
    _, by_chance = _calibration.calibration_error(hits, np.ones(2), np.ones(2))
    assert by_chance == 0


# ---- Errors


@pytest.mark.parametrize("params, message", [
    ({"labels": [0, 1, 2]},
     "None of the labels .* some of .0, 1, 2., got .'a', 'b', 'c'"),
    ({"labels": ["a", "a", "b"]}, "Expected distinct labels"),
    ({"y_proba": [[0.5, 0.5]] * 3}, "one for each of 2 columns of y_proba, got 3"),
    ({"y_proba": [[1.5, 0, 0]] * 3}, "from 0 to 1, got 0 to 1.5"),
    ({"y_proba": [[1, -2, 0]] * 3}, "from 0 to 1, got -2 to 1"),
    ({"y_proba": np.eye(3)[:2]}, "inconsistent numbers of samples"),
    ({"y_true": ["a", None, "b"]}, "missing label"),
    ({"sample_weight": [1, 2]}, r"Expected sample_weight of shape \(3,\), got \(2,\)"),
], ids=str)  # fmt: skip
def test_wrong_predictions_raise(params, message):
    data = {
        "y_true": ["a", "b", "c"],
        "y_proba": np.full((3, 3), 1 / 3),
        "labels": list("abc"),
    }
    with pytest.raises(ValueError, match=message):
        expected_calibration_error(**data | params)


@pytest.mark.parametrize("changes, message", [
    ({"y": ["greek"] * 100}, "expected some of .'Greek', .* got .'greek'"),
    ({"y": ["Greek"] * 99 + [None]}, "missing label"),
    ({"X": ["a"] * 99 + [None]}, "missing name"),
    ({"sample_weight": np.zeros(100)}, "a positive one; got 0 at"),
], ids=str)  # fmt: skip
def test_wrong_parameters_raise(model, parts, changes, message):
    given = {"estimator": model, "X": parts[1][0], "y": parts[1][1]} | changes
    with pytest.raises(ValueError, match=message):  # NotFittedError is one
        scorecard(**given)
