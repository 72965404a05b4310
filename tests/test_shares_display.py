"""SharesDisplay: the bars are the numbers."""

import numpy as np
import pytest

from sknames import SharesDisplay
from sknames._shares import shares_of_probabilities

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402

CLASSES = np.array(["Danish", "Dutch", "Irish", "Norwegian", "Turkish"])


class Known:
    """Answers with the probabilities that it is given as names."""

    classes_ = CLASSES

    def predict_proba(self, X):
        return np.asarray(X)


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


@pytest.fixture
def proba():
    return np.random.default_rng(0).dirichlet([0.1, 0.4, 0.2, 0.01, 0.8], 300)


@pytest.fixture
def shares(proba):
    groups = {"North": ["Danish", "Norwegian"], "Others": ["Dutch", "Irish", "Turkish"]}
    return shares_of_probabilities(proba, CLASSES, groups=groups, random_state=0)


def texts(display):
    return [label.get_text() for label in display.ax_.get_yticklabels()]


def reaches(display):
    """From where to where each interval is drawn."""
    (segments,) = display.errorbar_.lines[2]
    return np.array([segment[:, 0] for segment in segments.get_segments()])


def test_bars_and_intervals(shares):
    display = SharesDisplay.from_shares(shares, n_top=2)
    assert texts(display) == [*shares.nationality[:2], "3 others"]
    widths = [bar.get_width() for bar in display.bars_]
    np.testing.assert_allclose(widths, [*shares.share[:2], shares.share[2:].sum()])
    others = np.quantile(shares.resamples[:, 2:].sum(axis=1), [0.025, 0.975])
    expected = [[shares.low[0], shares.high[0]], [shares.low[1], shares.high[1]], others]
    np.testing.assert_allclose(reaches(display), expected)
    assert display.ax_.yaxis_inverted()  # the largest is on top
    assert display.ax_.get_xlabel() == "share of 300 names, with 95% intervals"
    assert display.figure_ is display.ax_.figure


def test_from_estimator_is_from_shares(proba, shares):
    one = SharesDisplay.from_estimator(Known(), proba, random_state=0, n_top=2)
    other = SharesDisplay.from_shares(shares, n_top=2)
    assert texts(one) == texts(other)
    np.testing.assert_array_equal(reaches(one), reaches(other))


def test_tiny_shares_have_no_bar():
    sure = np.eye(5)[[1] * 200 + [4] * 100]
    display = SharesDisplay.from_shares(shares_of_probabilities(sure, CLASSES, random_state=0))
    assert texts(display) == ["Dutch", "Turkish", "3 others"]


def test_one_alone_is_no_others(shares):
    share, limits = np.array([0.0, 1.0]), np.array([[0.0, 0.9], [0.1, 1.0]])
    display = SharesDisplay(CLASSES[:2], share, *limits, np.eye(2), confidence_level=0.9)
    assert texts(display.plot()) == ["Dutch", "Danish"]  # the largest is first
    assert display.ax_.get_xlabel() == "share, with 90% intervals"


def test_groups(shares):
    display = SharesDisplay.from_shares(shares.groups)
    assert texts(display) == ["Others", "North"]
    expected = np.column_stack([shares.groups.low, shares.groups.high])[::-1]
    np.testing.assert_allclose(reaches(display), expected)


def test_groups_that_happen_to_be_parts(proba):
    """Also those of which hardly any name is, and ticks of small shares have decimals."""
    groups = {"none": ["Irish"], "few": ["Norwegian"], "most": ["Danish", "Dutch", "Turkish"]}
    rows = proba[proba.argmax(axis=1) != list(CLASSES).index("Irish")]
    shares = shares_of_probabilities(rows, CLASSES, groups=groups, random_state=0).groups
    display = SharesDisplay.from_shares(shares, n_top=1)
    assert sorted(texts(display)) == sorted(groups)
    display.ax_.set_xlim(0, 0.02)
    display.figure_.canvas.draw()
    ticks = [tick.get_text() for tick in display.ax_.get_xticklabels()]
    assert len(set(ticks)) == len(ticks) > 3


def test_groups_are_no_parts_of_a_whole(proba):
    """They may overlap, so that none can stand for several."""
    groups = {f"{n}": ["Dutch", "Turkish"] for n in range(20)}
    shares = shares_of_probabilities(proba, CLASSES, groups=groups, random_state=0).groups
    assert texts(SharesDisplay.from_shares(shares, n_top=3)) == [*groups]


def test_others_that_no_name_shows_have_an_interval():
    shares = shares_of_probabilities(np.eye(5)[:2].repeat(50, axis=0), CLASSES, random_state=0)
    display = SharesDisplay.from_shares(shares)
    assert texts(display)[-1] == "3 others" and shares.high[-1] > 0.03
    np.testing.assert_allclose(reaches(display)[-1], [0, shares.high[-1]])


@pytest.mark.parametrize("style", ["default", "dark_background"])
def test_intervals_are_seen_in_any_style(shares, style):
    with plt.style.context(style):
        display = SharesDisplay.from_shares(shares)
    ground = matplotlib.colors.to_rgb(display.ax_.get_facecolor())
    (ink,) = display.errorbar_.lines[2][0].get_colors()
    assert abs(ink[:3] - np.array(ground)).min() > 0.7


def test_long_labels_are_not_cut(proba):
    group = "former Yugoslavia: Serbian, Croatian, Bosnian, Slovenian, Macedonian, Albanian"
    labels = np.array([*"abcd", group])  # the largest
    display = SharesDisplay.from_shares(shares_of_probabilities(proba, labels, n_resamples=20))
    display.figure_.canvas.draw()
    texts = [*display.ax_.get_yticklabels(), display.ax_.xaxis.label]
    reach = [text.get_window_extent() for text in texts]
    assert min(box.x0 for box in reach) >= 0
    assert max(box.x1 for box in reach) <= display.figure_.bbox.width


def test_axes_that_are_shared(shares):
    _, axes = plt.subplots(1, 2, sharey=True)
    for ax in axes:
        SharesDisplay.from_shares(shares, ax=ax)
    assert axes[0].yaxis_inverted() and axes[1].yaxis_inverted()


def test_labels_are_no_formulas(shares):
    nationality = np.array(["$\\frac$", *shares.nationality[1:]])
    display = SharesDisplay(
        nationality, shares.share, shares.low, shares.high, shares.resamples, confidence_level=0.975
    )
    display.plot().figure_.canvas.draw()
    assert display.ax_.get_xlabel() == "share, with 97.5% intervals"


@pytest.mark.parametrize("n_top", [0, -1])
def test_no_bar_is_no_picture(shares, n_top):
    with pytest.raises(ValueError, match="n_top of at least 1 nationality"):
        SharesDisplay.from_shares(shares, n_top=n_top)


def test_into_axes_and_with_style(shares):
    figure, ax = plt.subplots()
    display = SharesDisplay.from_shares(shares, ax=ax, bar_kwargs={"color": "red"})
    assert display.ax_ is ax and display.figure_ is figure
    assert display.bars_[0].get_facecolor() == (1, 0, 0, 1)
    assert display.plot(n_top=1) is display
    assert display.ax_ is not ax and len(display.bars_) == 2
