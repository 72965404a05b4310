"""ReliabilityDisplay, RiskCoverageDisplay: the points are the numbers."""

import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn.base import clone
from sklearn.datasets import make_blobs
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression

from sknames import SelectiveClassifier
from sknames.metrics import (
    ReliabilityDisplay,
    RiskCoverageDisplay,
    expected_calibration_error,
)
from sknames.metrics._top_label import wilson_interval

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def drawn():
    """Labels, and probabilities that they were drawn by: as right as they are sure."""
    rng = np.random.default_rng(0)
    proba = rng.dirichlet([0.5, 0.5, 0.5], 4_000)
    y = (proba.cumsum(axis=1) > rng.random(4_000)[:, None]).argmax(axis=1)
    return np.array(["a", "b", "c"])[y], proba


def sharper(proba):
    return proba**3 / (proba**3).sum(axis=1, keepdims=True)


def test_calibration_error(drawn):
    y, proba = drawn
    assert expected_calibration_error(y, proba) < 0.02
    assert expected_calibration_error(y, sharper(proba)) > 0.1
    # By hand: one in the bin of .9 is wrong, of .6 right.
    y, proba = ["b", "a", "a"], [[0.9, 0.1], [0.9, 0.1], [0.6, 0.4]]
    expected = (2 * abs(0.9 - 0.5) + abs(0.6 - 1)) / 3
    assert expected_calibration_error(y, proba) == pytest.approx(expected)
    turned = expected_calibration_error(y, np.array(proba)[:, ::-1], labels=["b", "a"])
    assert turned == pytest.approx(expected)


@pytest.mark.parametrize(
    "proba, message",
    [
        ([[0.5, 0.3, 0.2]] * 2, "a column of y_proba for each of 2 labels, got 3"),
        ([[5, -2]] * 2, "from 0 to 1, got -2 to 5"),
        ([[0.5, 0.5]] * 3, "inconsistent numbers of samples"),
    ],
    ids=["columns", "scores", "rows"],
)
def test_bad_predictions(proba, message):
    for function in (
        expected_calibration_error,
        ReliabilityDisplay.from_predictions,
        RiskCoverageDisplay.from_predictions,
    ):
        with pytest.raises(ValueError, match=message):
            function(["a", "b"], proba)


@pytest.mark.parametrize("hits, n", [(0, 10), (3, 10), (10, 10), (700, 1_000)])
def test_intervals(hits, n):
    expected = binomtest(hits, n).proportion_ci(method="wilson")
    np.testing.assert_allclose(wilson_interval(hits / n, n), expected, atol=1e-12)


def test_reliability(drawn):
    y, proba = drawn
    display = ReliabilityDisplay.from_predictions(y, proba, n_bins=8)
    assert display.n_samples.tolist() == [500] * 8
    assert (np.diff(display.confidence) > 0).all()
    np.testing.assert_allclose(display.accuracy, display.confidence, atol=0.07)
    inside = (display.low <= display.confidence) & (display.confidence <= display.high)
    assert inside.mean() > 0.7
    assert display.calibration_error == expected_calibration_error(y, proba)
    points = display.errorbar_.lines[0].get_xydata()
    np.testing.assert_array_equal(points, np.column_stack([display.confidence, display.accuracy]))
    (segments,) = display.errorbar_.lines[2]
    ends = np.array([segment[:, 1] for segment in segments.get_segments()])
    np.testing.assert_allclose(ends, np.column_stack([display.low, display.high]))
    sure = ReliabilityDisplay.from_predictions(y, sharper(proba), n_bins=8, ax=display.ax_)
    assert (sure.high < sure.confidence).sum() >= 5  # too sure
    texts = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert sum(text == "as right as sure" for text in texts) == 1 and len(texts) == 3


def test_more_bins_than_names():
    proba = [[0.9, 0.1], [0.2, 0.8]]
    display = ReliabilityDisplay.from_predictions(["a", "b"], proba, n_bins=10)
    assert display.n_samples.tolist() == [1, 1]


def test_equally_sure_names_are_one_point():
    """As a forest's answers are; sorted by label, the first would all be right."""
    y = np.repeat(["a", "b"], [60, 40])
    proba = np.repeat([[0.7, 0.3], [0.9, 0.1], [0.7, 0.3]], [50, 20, 30], axis=0)
    display = ReliabilityDisplay.from_predictions(y, proba)
    assert display.n_samples.tolist() == [80, 20]
    np.testing.assert_allclose(display.confidence, [0.7, 0.9])
    np.testing.assert_allclose(display.accuracy, [50 / 80, 10 / 20])


@pytest.mark.parametrize("display", [ReliabilityDisplay, RiskCoverageDisplay])
def test_names_are_no_formulas(drawn, display):
    y, proba = drawn
    shown = display.from_predictions(y, proba, name="$\\frac$")
    display.from_predictions(y, proba, name="US$ or A$", ax=shown.ax_)
    shown.figure_.canvas.draw()  # a formula would be an error
    texts = [text.get_text() for text in shown.ax_.get_legend().get_texts()[-2:]]
    assert texts[0].startswith("\\$\\frac\\$") and texts[1].startswith("US\\$ or A\\$")


def test_risk_and_coverage(drawn):
    y, proba = drawn
    display = RiskCoverageDisplay.from_predictions(y, proba, name="ours", color="C3")
    hits = np.array(["a", "b", "c"])[proba.argmax(axis=1)] == y
    assert display.coverage[-1] == 1 and display.risk[-1] == pytest.approx(1 - hits.mean())
    surest = np.argsort(-proba.max(axis=1))[:1_000]
    np.testing.assert_allclose(display.coverage[999], 0.25)
    np.testing.assert_allclose(display.risk[999], 1 - hits[surest].mean())
    drawn = display.line_.get_xydata()
    np.testing.assert_array_equal(drawn, np.column_stack([display.coverage, display.risk]))
    assert display.line_.get_label() == "ours" and display.line_.get_color() == "C3"
    assert display.ax_.get_ylim()[1] == pytest.approx(1.5 * display.risk[-1])
    assert display.figure_ is display.ax_.figure
    assert RiskCoverageDisplay.from_predictions(y, proba, ax=display.ax_).ax_ is display.ax_


def test_risks_that_are_seen():
    one = RiskCoverageDisplay(np.ones(1), np.array([0.2]), np.array([50.0]))
    assert one.plot().line_.get_marker() == "o"
    # The surest answers are the worst.
    coverage = np.linspace(0.01, 1, 100)
    worst = RiskCoverageDisplay(coverage, 0.8 - 0.7 * coverage, 1000 * coverage).plot()
    assert worst.ax_.get_ylim()[1] > worst.risk[coverage >= 0.1].max()
    small = RiskCoverageDisplay(coverage, 0.01 * coverage, 1000 * coverage).plot()
    small.figure_.canvas.draw()
    ticks = [tick.get_text() for tick in small.ax_.get_yticklabels()]
    assert len(set(ticks)) == len(ticks) > 3


def test_points_at_the_ends_are_whole():
    """Of a model that is always sure and right."""
    y = np.array(["a", "b"])
    for display in (ReliabilityDisplay, RiskCoverageDisplay):
        shown = display.from_predictions(y, np.eye(2))
        shown.figure_.canvas.draw()
        (line,) = [line for line in shown.ax_.lines if line.get_marker() == "o"]
        (point,) = line.get_transform().transform(line.get_xydata())
        radius = line.get_markersize() / 2 * shown.figure_.dpi / 72
        box = shown.ax_.bbox
        assert (box.min + radius <= point).all() and (point <= box.max - radius).all()


def test_vertical_lines_are_no_risks(drawn):
    _, ax = plt.subplots()
    ax.axvline(0.8)
    display = RiskCoverageDisplay.from_predictions(*drawn, ax=ax)
    assert ax.get_ylim()[1] == pytest.approx(1.5 * display.risk[-1])


def test_of_estimators():
    X, y = make_blobs(300, centers=3, cluster_std=2.0, random_state=0)
    model = SelectiveClassifier(LogisticRegression(), coverage=0.6).fit(X, y)
    for cls, key in [(ReliabilityDisplay, "accuracy"), (RiskCoverageDisplay, "risk")]:
        display = cls.from_estimator(model, X, y)
        again = cls.from_predictions(y, model.predict_proba(X))
        np.testing.assert_array_equal(vars(display)[key], vars(again)[key])
        assert display.name == "SelectiveClassifier"
    for other, error in [(model.estimator_, TypeError), (clone(model), NotFittedError)]:
        with pytest.raises(error):
            RiskCoverageDisplay.from_curve(other)
    _, ax = plt.subplots()
    ax.plot([], [])
    assert RiskCoverageDisplay.from_curve(model, ax=ax).ax_ is ax
    chosen = RiskCoverageDisplay.from_curve(model)
    np.testing.assert_array_equal(chosen.coverage, model.risk_coverage_curve_.coverage)
    x, height = chosen.ax_.lines[1].get_xydata()[0]
    assert (x, height) == (model.coverage_, model.risk_)
