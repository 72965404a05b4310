"""The displays: what is drawn are the numbers, and all of it can be read."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.datasets import make_blobs
from sklearn.linear_model import LogisticRegression

from sknames import SelectiveClassifier, SharesDisplay, estimate_shares
from sknames.inspection import (
    CharacterImportanceDisplay,
    FeatureContributionsDisplay,
    HiddenStatesDisplay,
    PrefixProbabilityDisplay,
    character_importance,
    feature_contributions,
    hidden_states,
    prefix_proba,
)
from sknames.metrics import (
    ReliabilityDisplay,
    RiskCoverageDisplay,
    expected_calibration_error,
)
from sknames.metrics._top_label import wilson_interval
from tests.conftest import CLASSES, Known, shares_of

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore:The shares are rough")

OF_NAMES = [
    PrefixProbabilityDisplay,
    CharacterImportanceDisplay,
    HiddenStatesDisplay,
]
OF_ANSWERS = [ReliabilityDisplay, RiskCoverageDisplay]
BARS = [FeatureContributionsDisplay, SharesDisplay]
ALL = [*OF_NAMES, *OF_ANSWERS, *BARS]
LONG = "former Yugoslavia: Serbian, Croatian, Bosnian, Slovenian, Macedonian, Albanian"


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def proba():
    return np.random.default_rng(0).dirichlet([0.1, 0.4, 0.2, 0.01, 0.8], 4000)


@pytest.fixture(scope="module")
def truth(proba):
    """Labels drawn by the probabilities, which are calibrated then."""
    drawn = np.random.default_rng(1).random(len(proba))[:, None]
    return CLASSES[(proba.cumsum(axis=1) > drawn).argmax(axis=1)]


@pytest.fixture(scope="module")
def shares(proba):
    return shares_of(proba[:300], n_draws=1000)


def test_single_list_is_called_by_its_number_of_names():
    display = SharesDisplay.from_shares(SOME)
    SharesDisplay.from_shares(SOME.compare(OTHER), ax=display.ax_)
    legend = texts_of(display.ax_.legend().get_texts())
    assert legend == ["100 names", "100 and 200 names"]


@pytest.fixture(scope="module")
def grouped(proba):
    groups = {"North": ["Danish", "Norwegian"], "Others": ["Dutch", "Irish", "Turkish"]}
    return shares_of(proba[:300], groups=groups)


def draw(display, label="Dutch", name="Li", ax=None):
    """A picture by any of the displays of something called so."""
    labels = np.array([label, "Danish"])
    characters = np.array(["l", "$"])
    proba = np.array([[0.8, 0.2], [0.6, 0.4]])
    if display is PrefixProbabilityDisplay:
        return display(name, characters, proba, labels).plot(ax=ax)
    if display is CharacterImportanceDisplay:
        return display(name, characters, proba[0], label).plot(ax=ax)
    if display is HiddenStatesDisplay:
        return display(name, characters, proba[None]).plot(ax=ax)
    if display is FeatureContributionsDisplay:
        return display(name, [label, "$"], proba[0], label, "Danish").plot(ax=ax)
    if display is SharesDisplay:
        found = shares_of(proba.repeat(50, axis=0), labels, n_draws=20)
        return display.from_shares(found, ax=ax)
    return display.from_predictions(
        ["Dutch", "Danish"], proba[:, ::-1], name=label, ax=ax
    )


def texts_of(labels):
    return [label.get_text() for label in labels]


# ---- All


@pytest.mark.parametrize("display", ALL)
def test_given_axes_are_used_and_else_new_ones(display):
    figure, ax = plt.subplots()
    shown = draw(display, ax=ax)
    assert shown.ax_ is ax
    assert shown.figure_ is figure
    assert shown.plot() is shown
    assert shown.ax_ is not ax
    assert shown.figure_ is not figure


@pytest.mark.parametrize("display", ALL)
def test_dollar_signs_are_no_formulas(display):
    shown = draw(display, label="$\\frac$", name="$\\frac$ or A$")
    draw(display, label="US$ or A$", ax=shown.ax_)
    shown.figure_.canvas.draw()  # a formula would be an error


@pytest.mark.parametrize("display", [*OF_NAMES, *BARS])
@pytest.mark.parametrize("label", ["Azerbaijani", LONG])
def test_long_labels_are_not_cut(display, label):
    shown = draw(display, label=label)
    shown.figure_.canvas.draw()
    texts = [*shown.ax_.get_yticklabels(), shown.ax_.xaxis.label, shown.ax_.title]
    reach = [text.get_window_extent() for text in texts]
    assert min(box.x0 for box in reach) >= 0
    assert max(box.x1 for box in reach) <= shown.figure_.bbox.width


@pytest.mark.parametrize("n_top", [0, 2.5, "3"])
@pytest.mark.parametrize("display", [PrefixProbabilityDisplay, *BARS])
def test_n_top_that_is_no_positive_integer_raises(display, n_top):
    message = f"n_top to be an integer of at least 1, got {n_top!r}"
    with pytest.raises(ValueError, match=message):
        draw(display).plot(n_top=n_top)


# ---- Of one name


def test_prefix_display_shows_the_probabilities(shipped):
    display = PrefixProbabilityDisplay.from_estimator(shipped, "Anna Maria", n_top=3)
    assert texts_of(display.ax_.get_xticklabels()) == list("anna␣maria")
    assert display.ax_.get_title() == "Anna Maria"
    proba = prefix_proba(shipped, "Anna Maria").proba
    shown = texts_of(display.ax_.get_yticklabels())
    most_probable = np.argsort(-proba.max(axis=0))[:3]
    assert set(shown) == set(shipped.classes_[most_probable])
    columns = [list(shipped.classes_).index(label) for label in shown]
    assert (np.diff(proba[-1, columns]) <= 0).all()  # the whole name's order
    assert_array_equal(display.im_.get_array(), proba[:, columns].T)
    texts = [[text and text.get_text() for text in row] for row in display.text_]
    expected = np.where(proba < 0.005, None, np.char.mod("%.0f", 100 * proba))
    assert texts == expected[:, columns].T.tolist()


def test_importance_display_shows_the_importances(shipped):
    display = CharacterImportanceDisplay.from_estimator(
        shipped, "Kowalski", label="Czech"
    )
    found = character_importance(shipped, "Kowalski", label="Czech")
    assert texts_of(display.text_) == list("kowalski")
    assert_array_equal(display.im_.get_array()[0], found.importance)
    largest = np.abs(found.importance).max()
    assert display.im_.norm.vmin == -largest
    assert display.im_.norm.vmax == largest
    expected = [f"{value:+.1f}" for value in found.importance]
    assert texts_of(display.ax_.get_xticklabels()) == expected
    probability = found.proba[list(shipped.classes_).index("Czech")]
    assert display.ax_.get_title() == f"Kowalski: Czech {probability:.0%}"
    assert display.ax_.get_xlabel().endswith("log odds of Czech")


def test_contributions_display_shows_the_largest(shipped):
    odds = feature_contributions(shipped, "王 Kowalski").log_odds("Polish", "Czech")
    options = {"label": "Polish", "other": "Czech", "n_top": 9}
    display = FeatureContributionsDisplay.from_estimator(
        shipped, "王 Kowalski", **options
    )
    assert [bar.get_width() for bar in display.bars_] == odds.contributions[:9].tolist()
    features = " | ".join(odds.features[:9]).replace("王", "\ufffd")
    shown = " | ".join(texts_of(display.ax_.get_yticklabels()))
    assert shown.replace("␣", " ") == features
    assert "␣" in shown
    assert display.ax_.yaxis_inverted()  # the largest is on top
    assert display.ax_.get_xlabel() == "log odds of Polish against Czech"
    assert display.ax_.get_title() == "\ufffd Kowalski"
    blue = matplotlib.colors.to_rgba("C0")
    red = matplotlib.colors.to_rgba("C3")
    for bar in display.bars_:
        assert bar.get_facecolor() == (blue if bar.get_width() > 0 else red)
    again = display.plot(bar_kwargs={"color": "black"})
    assert {bar.get_facecolor() for bar in again.bars_} == {(0, 0, 0, 1)}
    assert len(again.bars_) == min(15, len(odds.features))


@pytest.mark.parametrize("cmap", ["Blues", "RdBu", "viridis", "gray"])
@pytest.mark.parametrize(
    "display", [PrefixProbabilityDisplay, CharacterImportanceDisplay]
)
def test_text_contrasts_with_any_colours(shipped, display, cmap):
    shown = display.from_estimator(shipped, "Yamamoto", im_kwargs={"cmap": cmap})
    texts = shown.text_.ravel()
    values = np.asarray(shown.im_.get_array()).ravel()
    written = np.array([text is not None for text in texts])
    below = shown.im_.to_rgba(values[written])
    ink = [matplotlib.colors.to_rgb(text.get_color())[0] for text in texts[written]]
    assert (abs(below[:, :3].mean(axis=1) - ink) > 0.3).all()


@pytest.mark.parametrize("options, layer", [({"layer": 0}, 0), ({}, 1)])
def test_states_display_shows_a_layer_by_its_last_state(options, layer):
    states = np.array([[[1, 2, 3], [4, 6, 5]], [[1, 2, 3], [9, 8, 7]]]) / 10
    shown = HiddenStatesDisplay("Li", ["l", "i"], states).plot(**options)
    expected = [[[2, 6], [3, 5], [1, 4]], [[1, 9], [2, 8], [3, 7]]]
    assert_allclose(shown.im_.get_array(), np.array(expected[layer]) / 10)
    assert shown.im_.get_clim() == (-1, 1)
    assert texts_of(shown.ax_.get_xticklabels()) == ["l", "i"]
    assert shown.ax_.get_ylabel() == "3 units, by their last state"


def test_states_display_shows_the_last_layer_of_the_estimator(shipped):
    shown = HiddenStatesDisplay.from_estimator(shipped, "Yamamoto")
    last_layer = hidden_states(shipped, "Yamamoto").states[-1]
    assert_array_equal(shown.states[-1], last_layer)
    (last_column,) = shown.im_.get_array()[:, -1:].T
    assert_allclose(last_column, np.sort(last_layer[-1])[::-1])
    wide = shown.plot(im_kwargs={"vmin": 0})
    assert wide.im_.get_clim() == (0, 1)


@pytest.mark.parametrize("display", OF_NAMES)
def test_title_says_how_other_scripts_are_read(shipped, display):
    shown = display.from_estimator(shipped, "王伟☃")
    shown.figure_.canvas.draw()  # no warning of characters that the font lacks
    assert "read as \ufffd\ufffd wangwei" in shown.ax_.get_title()
    shown = display.from_estimator(shipped, "Ὀδυσσεύς")
    assert shown.ax_.get_title().startswith("Ὀδυσσεύς, read as odysseys")


@pytest.mark.parametrize("display", OF_NAMES)
def test_name_without_characters_raises(shipped, display):
    with pytest.raises(ValueError, match="with a character to draw, got '  '"):
        display.from_estimator(shipped, "  ")


# ---- Of many answers


def test_reliability_display_shows_accuracy_by_confidence(proba, truth):
    display = ReliabilityDisplay.from_predictions(
        truth, proba, labels=CLASSES, n_bins=8
    )
    assert display.n_samples.tolist() == [500] * 8
    assert (np.diff(display.confidence) > 0).all()
    error = expected_calibration_error(truth, proba, labels=CLASSES)
    assert display.calibration_error == error < 0.02
    drawn, _, (segments,) = display.errorbar_.lines
    confidence, accuracy = drawn.get_xydata().T
    assert_array_equal(confidence, display.confidence)
    assert_array_equal(accuracy, display.accuracy)
    ends = np.array([segment[:, 1] for segment in segments.get_segments()])
    assert_allclose(ends, np.column_stack([display.low, display.high]))
    sharp = proba**3 / (proba**3).sum(axis=1, keepdims=True)
    sure = ReliabilityDisplay.from_predictions(
        truth, sharp, labels=CLASSES, ax=display.ax_
    )
    assert (sure.high < sure.confidence).sum() >= 5  # overconfident
    texts = texts_of(display.ax_.get_legend().get_texts())
    assert texts.count("perfectly calibrated") == 1
    assert len(texts) == 3


def test_names_of_equal_probability_are_one_point():
    y = np.repeat(["a", "b"], [60, 40])  # sorted by label, the first would all be right
    proba = np.repeat([[0.7, 0.3], [0.9, 0.1], [0.7, 0.3]], [50, 20, 30], axis=0)
    display = ReliabilityDisplay.from_predictions(y, proba)
    assert display.n_samples.tolist() == [80, 20]
    assert_allclose(display.confidence, [0.7, 0.9])
    assert_allclose(display.accuracy, [50 / 80, 10 / 20])
    three = np.array([[0.9, 0.1], [0.2, 0.8], [0.7, 0.3]])
    few = ReliabilityDisplay.from_predictions(["a", "b", "a"], three, n_bins=2)
    assert few.n_samples.tolist() == [2, 1]


def test_risk_coverage_display_shows_risks_of_the_surest(proba, truth):
    params = {"labels": CLASSES, "name": "ours", "color": "C3"}
    display = RiskCoverageDisplay.from_predictions(truth, proba, **params)
    hits = CLASSES[proba.argmax(axis=1)] == truth
    assert display.coverage[-1] == 1
    assert display.risk[-1] == pytest.approx(1 - hits.mean())
    surest = np.argsort(-proba.max(axis=1))[:1_000]
    assert_allclose(display.coverage[999], 0.25)
    assert_allclose(display.risk[999], 1 - hits[surest].mean())
    coverage, risk = display.line_.get_xydata().T
    assert_array_equal(coverage, display.coverage)
    assert_array_equal(risk, display.risk)
    assert display.line_.get_label() == "ours"
    assert display.line_.get_color() == "C3"
    assert display.ax_.get_ylim()[1] == pytest.approx(1.5 * display.risk[-1])
    _, ax = plt.subplots()
    ax.axvline(0.8)  # no risk of 1
    ax.plot([], [])
    RiskCoverageDisplay.from_predictions(truth, proba, **params, ax=ax)
    assert ax.get_ylim()[1] == pytest.approx(1.5 * display.risk[-1])


@pytest.mark.parametrize("display", OF_ANSWERS)
def test_weight_of_2_counts_as_two_answers(display):
    y = np.array([*"aabba"])
    proba = np.array([0.9, 0.8, 0.7, 0.4, 0.3])
    proba = np.column_stack([proba, 1 - proba])
    weights = np.array([1, 2, 1, 0, 3])
    drawn = display.from_predictions(y, proba, sample_weight=weights)
    twice = display.from_predictions(y.repeat(weights), proba.repeat(weights, axis=0))
    for name in ("confidence", "accuracy", "calibration_error", "coverage", "risk"):
        if hasattr(drawn, name):
            assert_allclose(getattr(drawn, name), getattr(twice, name))
    if display is ReliabilityDisplay:
        assert drawn.n_samples.tolist() == [2, 1, 1]
        ends = wilson_interval(drawn.accuracy, np.array([4**2 / 10, 1, 1]))
        assert_allclose([drawn.low, drawn.high], ends)
    else:
        assert drawn.n_answered[-1] == 7**2 / 15


def test_risks_are_within_the_axes():
    one = RiskCoverageDisplay(np.ones(1), np.array([0.2]), np.array([50.0]))
    assert one.plot().line_.get_marker() == "o"
    # Of a model whose surest answers are the worst.
    coverage = np.linspace(0.01, 1, 100)
    worst = RiskCoverageDisplay(coverage, 0.8 - 0.7 * coverage, 1000 * coverage).plot()
    # Room for the risk of .73 at a coverage of .1, and not for those of the few before.
    assert 0.73 < worst.ax_.get_ylim()[1] < 0.85
    small = RiskCoverageDisplay(coverage, 0.01 * coverage, 1000 * coverage).plot()
    small.figure_.canvas.draw()
    ticks = texts_of(small.ax_.get_yticklabels())
    assert len(set(ticks)) == len(ticks) > 3
    assert small.ax_.get_ylim()[1] < 0.03


def test_estimator_gives_the_display_of_its_answers():
    X, y = make_blobs(300, centers=3, cluster_std=2.0, random_state=0)
    model = SelectiveClassifier(LogisticRegression(), coverage=0.6).fit(X, y)
    for cls, key in [(ReliabilityDisplay, "accuracy"), (RiskCoverageDisplay, "risk")]:
        display = cls.from_estimator(model, X, y)
        again = cls.from_predictions(y, model.predict_proba(X))
        assert_array_equal(vars(display)[key], vars(again)[key])
        assert display.name == "SelectiveClassifier"
    curve = model.risk_coverage_curve_
    plain = RiskCoverageDisplay.from_curve(curve)
    assert_array_equal(plain.coverage, curve.coverage)
    assert len(plain.ax_.lines) == 1
    chosen = RiskCoverageDisplay.from_curve(curve, (model.coverage_, model.risk_))
    assert tuple(chosen.ax_.lines[1].get_xydata()[0]) == (model.coverage_, model.risk_)


# ---- Of shares


def reaches(display, k=0):
    """From where to where each interval is drawn."""
    (segments,) = display.errorbars_[k].lines[2]
    return np.array([segment[:, 0] for segment in segments.get_segments()])


def values(display, k=0):
    return [bar.get_width() for bar in display.bars_[k]]


def bars(display):
    return texts_of(display.ax_.get_yticklabels())


def test_shares_display_shows_shares_and_intervals():
    shares = of_counts(1, 90, 69, 0, 140)
    display = SharesDisplay.from_shares(shares, n_top=2, bar_kwargs={"color": "red"})
    assert bars(display) == [*shares.label[:2], "3 others"]
    first, second, *others = shares.share
    assert_allclose(values(display), [first, second, sum(others)])
    of_first, of_second, of_others = reaches(display)
    assert_allclose(of_first, [shares.low[0], shares.high[0]])
    assert_allclose(of_second, [shares.low[1], shares.high[1]])
    sums = shares.draws[:, 2:].sum(axis=1)
    assert_allclose(of_others, np.quantile(sums, [0.025, 0.975]))
    assert display.ax_.yaxis_inverted()  # the largest is on top
    assert display.ax_.get_xlabel() == "share of 300 names, with 95% intervals"
    assert display.bars_[0][0].get_facecolor() == (1, 0, 0, 1)
    assert display.ax_.get_legend() is None


def test_shares_of_an_estimator_are_those_of_its_probabilities(proba, shares):
    one = SharesDisplay.from_estimator(Known(), proba[:300], random_state=0, n_top=2)
    other = SharesDisplay.from_shares(shares, n_top=2)
    assert bars(one) == bars(other)
    assert_array_equal(reaches(one), reaches(other))


def test_axis_says_what_intervals_of_a_shipped_model_held(shipped, small_names):
    names = small_names[0][:150]
    shares = estimate_shares(shipped, names, n_draws=2)
    held = f"{100 * shares.coverage:.0f}%"
    display = SharesDisplay.from_shares(shares)
    expected = f"share of 150 names, with intervals (held {held} when tested)"
    assert display.ax_.get_xlabel() == expected


def test_tiny_shares_are_among_the_others():
    sure = np.eye(5)[[1] * 200 + [4] * 98 + [2] * 2]
    display = SharesDisplay.from_shares(shares_of(sure))
    assert bars(display) == ["Dutch", "Turkish", "3 others"]  # Irish are perhaps none
    # One alone has its own bar.
    sure = np.eye(2)[[1] * 120]
    shares = shares_of(sure, CLASSES[:2], confidence_level=0.975)
    display = SharesDisplay.from_shares(shares)
    assert bars(display) == ["Dutch", "Danish"]
    assert display.ax_.get_xlabel() == "share of 120 names, with 97.5% intervals"


def test_large_shares_without_an_interval_have_a_bar():
    shares = of_counts(1, 150, 9, 0, 140)
    is_few = np.isin(shares.label, ["Irish", "Danish"])
    columns = dict(shares._columns)
    for end in ("low", "high"):
        columns[end] = np.where(is_few, np.nan, columns[end])
    display = SharesDisplay.from_shares(replace(shares, _columns=columns))
    assert bars(display) == ["Dutch", "Turkish", "Irish", "2 others"]
    (segments,) = display.errorbars_[0].lines[2]
    has_line = [len(segment) > 0 for segment in segments.get_segments()]
    assert has_line == [True, True, False, True]


@pytest.mark.parametrize("is_whole", [False, True])
def test_groups_all_have_a_bar(proba, grouped, is_whole):
    display = SharesDisplay.from_shares(grouped if is_whole else grouped.groups)
    assert bars(display) == ["Others", "North"]
    expected = np.column_stack([grouped.groups.low, grouped.groups.high])[::-1]
    assert_allclose(reaches(display), expected)
    # They may overlap, or be empty.
    groups = {f"{n}": ["Dutch", "Turkish"] for n in range(20)} | {"none": ["Norwegian"]}
    found = shares_of(proba[:300], groups=groups, n_draws=20).groups
    assert bars(SharesDisplay.from_shares(found, n_top=3)) == [*groups]


def of_counts(*counts, groups=None):
    return shares_of(np.eye(5).repeat(counts, axis=0), groups=groups)


SOME = of_counts(1, 30, 9, 0, 60)
OTHER = of_counts(0, 190, 10, 0, 0)


def test_several_lists_stand_side_by_side():
    display = SharesDisplay.from_shares({"US$": SOME, None: OTHER, "3": SOME}, n_top=2)
    assert bars(display) == ["Dutch", "Turkish", "3 others"]
    assert_allclose(values(display), [0.3, 0.6, 0.1], atol=0.02)
    assert_allclose(values(display, 1), [0.95, 0, 0.05], atol=0.02)
    assert reaches(display, 1)[0].tolist() == [OTHER["Dutch"].low, OTHER["Dutch"].high]
    legend = texts_of(display.ax_.get_legend().get_texts())
    assert legend == [r"US\$ (100 names)", "(blank) (200 names)", "3 (100 names)"]
    ends = [[bar.get_y() for bar in display.bars_[k]] for k in range(3)]
    # by label, as in the legend
    assert ends[0] < ends[1] < ends[2]
    # The bars of a label stand around its tick.
    for row, tick in enumerate(display.ax_.get_yticks()):
        below = display.bars_[0][row].get_y()
        above = display.bars_[2][row].get_y() + display.bars_[2][row].get_height()
        assert (below + above) / 2 == pytest.approx(tick)
    assert ends[2][0] < ends[0][1]
    width, height = display.figure_.get_size_inches()
    assert width > 1.5 * height
    assert len({bar[-1].get_facecolor() for bar in display.bars_}) == 3


def test_many_lists_have_fewer_bars_and_colors_of_their_own():
    titles = [f"list {k}" for k in range(100)]
    display = SharesDisplay.from_shares(dict.fromkeys(titles[:45], SOME))
    assert bars(display) == ["Turkish", "Dutch", "3 others"]
    assert len({bar[0].get_facecolor() for bar in display.bars_}) == 45
    with pytest.raises(ValueError, match="Expected shares to draw, got none"):
        SharesDisplay.from_shares({})
    groups = {"North": ["Danish", "Norwegian"], "Others": ["Dutch", "Irish", "Turkish"]}
    grouped = of_counts(1, 30, 9, 0, 60, groups=groups)
    display = SharesDisplay.from_shares(dict.fromkeys(titles, grouped))
    assert bars(display) == ["Others", "North"]


def test_display_of_a_comparison_shows_what_is_sure():
    found = SOME.compare(OTHER)
    display = SharesDisplay.from_shares(found, n_top=3)
    assert bars(display) == ["Dutch", "Turkish", "Irish"]  # nothing sums the others
    assert_array_equal(values(display), found.difference[:3])
    assert_allclose(reaches(display), np.column_stack([found.low, found.high])[:3])
    assert [bar.get_facecolor()[3] for bar in display.bars_[0]] == [1, 1, 0.35]
    label = "difference between 100 and 200 names, with 95% intervals; pale: not sure"
    assert display.ax_.get_xlabel() == label
    assert display.ax_.get_xlim()[0] < found.low.min()
    display = SharesDisplay.from_shares({"a": found, "b": OTHER.compare(SOME)})
    assert display.ax_.get_xlabel() == "difference, with 95% intervals; pale: not sure"
    legend = texts_of(display.ax_.get_legend().get_texts())
    assert legend == ["a (100 and 200 names)", "b (200 and 100 names)"]
    assert_allclose(values(display), -np.array(values(display, 1)))


def test_display_of_a_comparison_with_a_known_mix_counts_one_list():
    found = SOME.compare({"Dutch": 0.5, "others": 0.5})
    display = SharesDisplay.from_shares(found)
    assert bars(display) == found.label.tolist()
    label = "difference between 100 names, with 95% intervals; pale: not sure"
    assert display.ax_.get_xlabel() == label.replace("between", "of")


def test_single_list_has_a_bar_for_each_label_in_a_picture_of_its_height():
    labels = np.array([f"{k:03}" for k in range(95)])
    sure = np.eye(95).repeat(30, axis=0)
    shares = shares_of(sure, labels, n_draws=20)
    few = SharesDisplay.from_shares(shares, n_top=10)
    many = SharesDisplay.from_shares(shares, n_top=95)
    assert len(bars(many)) == 95
    _, low = few.figure_.get_size_inches()
    _, high = many.figure_.get_size_inches()
    assert high - low == pytest.approx(0.3 * (95 - 11))


@pytest.mark.parametrize(
    "titles",
    [
        [2001, 2003, 2002],
        ["2001", "2003", "2002"],
        [dt.date(2001, 1, 1), dt.date(2003, 1, 1), dt.date(2002, 1, 1)],
        ["2001-01-01", "2003-01-01", "2002-01-01"],
    ],
    ids=str,
)
def test_lists_of_years_are_lines_in_order(titles):
    lists = dict(zip(titles, [SOME, OTHER, SOME], strict=True))
    display = SharesDisplay.from_shares(lists | {None: OTHER}, n_top=2)
    assert display.bars_ == []
    legend = texts_of(display.ax_.get_legend().get_texts())
    assert legend == ["Dutch", "Turkish", "3 others"]
    dutch = display.lines_[0].get_ydata()
    assert_allclose(dutch, [0.3, 0.3, 0.95], atol=0.02)
    years = list(display.lines_[0].get_xdata())
    assert years == sorted(years)
    assert len(years) == 3
    (path,) = display.bands_[0].get_paths()
    assert path.vertices[:, 1].max() == pytest.approx(OTHER["Dutch"].high)


def test_years_are_written_as_whole_numbers():
    lists = {2001: SOME, 2002: OTHER, 2003: SOME}
    display = SharesDisplay.from_shares(lists)
    ticks = display.ax_.get_xticks()
    assert ticks.tolist() == np.round(ticks).tolist()
    assert display.ax_.get_ylabel() == "share, with 95% intervals"


def test_comparisons_of_years_are_lines_around_0():
    found = SOME.compare(OTHER)
    display = SharesDisplay.from_shares(dict.fromkeys(["1990", "1995", "2000"], found))
    assert len(display.lines_) > 1
    assert display.ax_.get_ylim()[0] < 0
    assert display.ax_.get_ylabel() == "difference, with 95% intervals"


def test_others_far_larger_than_labels_leave_the_axis_and_say_their_share():
    small = of_counts(20, 20, 20, 20, 20)
    display = SharesDisplay.from_shares(small, n_top=1)
    assert bars(display)[-1] == f"4 others: {1 - small.share[0]:.0%}"
    largest = small.high[0]
    assert display.ax_.get_xlim() == pytest.approx((0, 1.05 * largest))
    years = {2001: small, 2002: small, 2003: of_counts(20, 20, 20, 10, 30)}
    lines = SharesDisplay.from_shares(years, n_top=1)
    assert lines.lines_[-1].get_label().startswith("4 others: ")
    assert " to " in lines.lines_[-1].get_label()
    assert lines.ax_.get_ylim()[1] < 0.8
    # Others that are not far larger have their bar.
    both = SharesDisplay.from_shares(small, n_top=2)
    assert bars(both)[-1] == "3 others: 60%"
    one_less = of_counts(40, 20, 20, 20, 0)
    assert bars(SharesDisplay.from_shares(one_less, n_top=2))[-1] == "3 others"


def test_legend_stands_beside_new_axes_and_years_have_no_two_grey_lines():
    labels = np.array([f"{k:03}" for k in range(12)])
    shares = shares_of(np.eye(12).repeat(30, axis=0), labels, n_draws=20)
    display = SharesDisplay.from_shares(dict.fromkeys((2001, 2002, 2003), shares))
    display.figure_.draw_without_rendering()
    legend = display.ax_.get_legend().get_window_extent()
    assert legend.x0 >= display.ax_.get_window_extent().x1
    assert legend.x1 <= display.figure_.bbox.x1
    colors = [matplotlib.colors.to_rgb(line.get_color()) for line in display.lines_]
    is_grey = [max(color) - min(color) < 0.01 for color in colors]
    assert is_grey == [False] * 7 + [True]
    _, ax = plt.subplots()
    given = SharesDisplay.from_shares({"a": SOME, "b": OTHER}, ax=ax)
    given.figure_.draw_without_rendering()
    assert given.ax_.get_legend().get_window_extent().x1 < ax.get_window_extent().x1
