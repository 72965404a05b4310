"""Tests of displays: the drawn numbers are right, and all text can be read."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sknames import SharesDisplay, estimate_rates, estimate_shares
from sknames.inspection import (
    FeatureContributionsDisplay,
    PrefixProbabilityDisplay,
    feature_contributions,
    prefix_proba,
)
from tests.conftest import CLASSES, Known, distinct, shares_of

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore:The shares are rough")

BARS = [FeatureContributionsDisplay, SharesDisplay]
ALL = [PrefixProbabilityDisplay, *BARS]
LONG = "former Yugoslavia: Serbian, Croatian, Bosnian, Slovenian, Macedonian, Albanian"


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def draw(display, label="Dutch", name="Li", ax=None):
    """Draw any of the displays with this label and this name."""
    labels = np.array([label, "Danish"])
    characters = np.array(["l", "$"])
    proba = np.array([[0.8, 0.2], [0.6, 0.4]])
    if display is PrefixProbabilityDisplay:
        return display(name, characters, proba, labels).plot(ax=ax)
    if display is FeatureContributionsDisplay:
        return display(name, [label, "$"], proba[0], label, "Danish").plot(ax=ax)
    found = shares_of(proba.repeat(50, axis=0), labels, n_draws=200)
    return display.from_shares(found, ax=ax)


def texts_of(labels):
    return [label.get_text() for label in labels]


# ---- All


@pytest.mark.parametrize("display", ALL)
def test_plot_draws_on_given_axes_or_creates_new_ones(display):
    figure, ax = plt.subplots()
    shown = draw(display, ax=ax)
    assert shown.ax_ is ax
    assert shown.figure_ is figure
    assert shown.plot() is shown
    assert shown.ax_ is not ax
    assert shown.figure_ is not figure


@pytest.mark.parametrize("display", ALL)
def test_dollar_signs_in_displays_are_not_parsed_as_formulas(display):
    shown = draw(display, label="$\\frac$", name="$\\frac$ or A$")
    draw(display, label="US$ or A$", ax=shown.ax_)
    shown.figure_.canvas.draw()  # a formula would be an error


@pytest.mark.parametrize("display", ALL)
@pytest.mark.parametrize("label", ["Azerbaijani", LONG])
def test_long_labels_of_displays_fit_in_figure(display, label):
    shown = draw(display, label=label)
    shown.figure_.canvas.draw()
    texts = [*shown.ax_.get_yticklabels(), shown.ax_.xaxis.label, shown.ax_.title]
    reach = [text.get_window_extent() for text in texts]
    assert min(box.x0 for box in reach) >= 0
    assert max(box.x1 for box in reach) <= shown.figure_.bbox.width


@pytest.mark.parametrize("n_top", [0, 2.5, "3"])
@pytest.mark.parametrize("display", ALL)
def test_display_with_n_top_below_1_or_not_integer_raises(display, n_top):
    message = f"n_top to be an integer of at least 1, got {n_top!r}"
    with pytest.raises(ValueError, match=message):
        draw(display).plot(n_top=n_top)


# ---- Of one name


def test_prefix_display_shows_most_probable_labels_by_prefix(shipped):
    display = PrefixProbabilityDisplay.from_estimator(shipped, "Anna Maria", n_top=3)
    assert texts_of(display.ax_.get_xticklabels()) == list("anna␣maria")
    assert display.ax_.get_title() == "Anna Maria"
    proba = prefix_proba(shipped, "Anna Maria").proba
    columns = np.argsort(-proba.max(axis=0))[:3]
    columns = columns[
        np.argsort(-proba[-1, columns])
    ]  # in the order of the last prefix
    labels = shipped.classes_[columns].tolist()
    assert texts_of(display.ax_.get_yticklabels()) == labels
    assert_array_equal(display.im_.get_array(), proba[:, columns].T)
    texts = [[text and text.get_text() for text in row] for row in display.text_]
    expected = np.where(proba < 0.005, None, np.char.mod("%.0f", 100 * proba))
    assert texts == expected[:, columns].T.tolist()


def test_contributions_display_shows_largest_contributions(shipped):
    odds = feature_contributions(shipped, "王 Kowalski").log_odds("Polish", "Czech")
    options = {"label": "Polish", "other": "Czech"}
    display = FeatureContributionsDisplay.from_estimator(
        shipped, "王 Kowalski", **options
    )
    widths = [bar.get_width() for bar in display.bars_]
    assert widths == odds.contributions[:15].tolist()
    shown = " | ".join(texts_of(display.ax_.get_yticklabels()))
    features = " | ".join(odds.features[:15]).replace("王", "\ufffd")
    assert shown.replace("␣", " ") == features
    assert "␣" in shown
    assert display.ax_.yaxis_inverted()  # the largest is on top
    assert display.ax_.get_xlabel() == "log odds of Polish against Czech"
    assert display.ax_.get_title() == "\ufffd Kowalski"
    every = display.plot(n_top=1000).bars_
    colors = {bool(bar.get_width() > 0): bar.get_facecolor() for bar in every}
    blue = matplotlib.colors.to_rgba("C0")
    assert colors == {True: blue, False: matplotlib.colors.to_rgba("C3")}
    again = display.plot(n_top=9, bar_kwargs={"color": "black"}).bars_
    assert [bar.get_facecolor() for bar in again] == [(0, 0, 0, 1)] * 9


@pytest.mark.parametrize("cmap", ["Blues", "RdBu", "viridis", "gray"])
def test_text_in_prefix_display_contrasts_with_any_colormap(shipped, cmap):
    shown = PrefixProbabilityDisplay.from_estimator(
        shipped, "Yamamoto", im_kwargs={"cmap": cmap}
    )
    texts = shown.text_.ravel()
    values = np.asarray(shown.im_.get_array()).ravel()
    written = np.array([text is not None for text in texts])
    below = shown.im_.to_rgba(values[written])
    ink = [matplotlib.colors.to_rgb(text.get_color())[0] for text in texts[written]]
    assert (abs(below[:, :3].mean(axis=1) - ink) > 0.3).all()


def test_title_of_prefix_display_shows_transliteration(shipped):
    shown = PrefixProbabilityDisplay.from_estimator(shipped, "王伟☃")
    shown.figure_.canvas.draw()  # no warning about missing glyphs
    assert "read as \ufffd\ufffd wangwei" in shown.ax_.get_title()
    shown = PrefixProbabilityDisplay.from_estimator(shipped, "Ὀδυσσεύς")
    assert shown.ax_.get_title().startswith("Ὀδυσσεύς, read as odysseys")


def test_prefix_display_of_blank_name_raises(shipped):
    with pytest.raises(ValueError, match="with a character to draw, got '  '"):
        PrefixProbabilityDisplay.from_estimator(shipped, "  ")


# ---- Of shares


def reaches(display, k=0):
    """Return the ends of each drawn interval."""
    (segments,) = display.errorbars_[k].lines[2]
    return np.array([segment[:, 0] for segment in segments.get_segments()])


def values(display, k=0):
    return [bar.get_width() for bar in display.bars_[k]]


def bars(display):
    return texts_of(display.ax_.get_yticklabels())


def test_shares_display_shows_shares_and_intervals():
    names = distinct(np.eye(5).repeat([1, 90, 69, 0, 140], axis=0))
    params = {"n_draws": 200, "random_state": 0}
    display = SharesDisplay.from_estimator(
        Known(), names, n_top=2, bar_kwargs={"color": "red"}, **params
    )
    shares = display.shares
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
    SharesDisplay.from_shares(SOME.compare(OTHER), ax=display.ax_)
    legend = texts_of(display.ax_.legend().get_texts())
    assert legend == ["300 names", "100 and 200 names"]


def test_axis_label_of_shares_display_states_coverage_in_tests(shipped, small_names):
    names = small_names[0][:150]
    shares = estimate_shares(shipped, names, n_draws=200)
    held = f"{100 * shares.coverage:.0f}%"
    display = SharesDisplay.from_shares(shares)
    expected = f"share of 150 names, with intervals (coverage {held} in tests)"
    assert display.ax_.get_xlabel() == expected


def test_shares_display_merges_tiny_shares_into_others():
    display = SharesDisplay.from_shares(of_counts(0, 200, 2, 0, 98))
    # Irish people may be absent.
    assert bars(display) == ["Dutch", "Turkish", "3 others"]


def test_shares_display_shows_single_remaining_label_by_name():
    params = {"confidence_level": 0.975, "n_draws": 400}
    shares = shares_of(np.eye(2)[[1] * 120], CLASSES[:2], **params)
    display = SharesDisplay.from_shares(shares)
    assert bars(display) == ["Dutch", "Danish"]
    assert display.ax_.get_xlabel() == "share of 120 names, with 97.5% intervals"


def test_shares_display_shows_large_shares_without_interval():
    shares = of_counts(1, 150, 9, 0, 140)
    columns = dict(shares._columns)
    for end in ("low", "high"):
        is_sparse = np.isin(shares.label, ["Irish", "Danish"])
        columns[end] = np.where(is_sparse, np.nan, columns[end])
    display = SharesDisplay.from_shares(replace(shares, _columns=columns))
    assert bars(display) == ["Dutch", "Turkish", "Irish", "2 others"]
    (segments,) = display.errorbars_[0].lines[2]
    has_line = [len(segment) > 0 for segment in segments.get_segments()]
    assert has_line == [True, True, False, True]


@pytest.mark.parametrize("n_top", [1, 15])
def test_shares_display_of_groups_shows_all_groups(n_top):
    groups = {f"group {n}": ["Dutch", "Turkish"] for n in range(20)}
    groups["none"] = ["Norwegian"]
    shares = of_counts(1, 90, 69, 0, 140).sums(groups)
    display = SharesDisplay.from_shares(shares, n_top=n_top)
    assert bars(display) == [*groups]
    expected = np.column_stack([shares.low, shares.high])
    assert_allclose(reaches(display), expected)


def of_counts(*counts):
    return shares_of(np.eye(5).repeat(counts, axis=0))


SOME = of_counts(1, 30, 9, 0, 60)
OTHER = of_counts(0, 190, 10, 0, 0)


def test_axis_of_display_of_one_name_is_in_the_singular():
    display = SharesDisplay.from_shares(of_counts(1, 0, 0, 0, 0))
    assert "share of 1 name, with" in display.ax_.get_xlabel()


def test_shares_display_of_several_lists_has_side_by_side_bars_and_legend():
    display = SharesDisplay.from_shares({"US$": SOME, None: OTHER, "3": SOME}, n_top=2)
    assert bars(display) == ["Dutch", "Turkish", "3 others"]
    assert_allclose(values(display), [0.3, 0.6, 0.1], atol=0.02)
    assert_allclose(values(display, 1), [0.95, 0, 0.05], atol=0.02)
    assert reaches(display, 1)[0].tolist() == [OTHER["Dutch"].low, OTHER["Dutch"].high]
    legend = texts_of(display.ax_.get_legend().get_texts())
    assert legend == [r"US\$ (100 names)", "(blank) (200 names)", "3 (100 names)"]
    width, height = display.figure_.get_size_inches()
    assert width > 1.5 * height
    assert len({bar[-1].get_facecolor() for bar in display.bars_}) == 3
    assert {bar[0].get_facecolor()[3] for bar in display.bars_} == {1}  # not unsure


def test_bars_of_each_label_are_centred_on_tick_in_legend_order():
    display = SharesDisplay.from_shares({"a": SOME, "b": OTHER, "c": SOME}, n_top=2)
    places = np.array([[bar.get_y() for bar in of_list] for of_list in display.bars_])
    height = display.bars_[0][0].get_height()
    assert_allclose(np.diff(places, axis=0), height)
    ticks = display.ax_.get_yticks()
    assert_allclose((places[0] + places[2] + height) / 2, ticks, atol=1e-9)
    assert places[2, 0] + height < places[0, 1]


def test_shares_display_of_many_lists_shows_fewer_labels_in_distinct_colors():
    for n, expected in [
        (45, ["Turkish", "Dutch", "3 others"]),
        (91, ["Turkish", "4 others"]),
    ]:
        display = SharesDisplay.from_shares(dict.fromkeys(range(n), SOME))
        assert bars(display) == expected
        assert len({bar[0].get_facecolor() for bar in display.bars_}) == n


def test_shares_display_of_empty_dict_raises():
    with pytest.raises(ValueError, match="Expected shares to draw, got none"):
        SharesDisplay.from_shares({})


def test_axis_of_shares_display_starts_at_0_and_includes_others():
    display = SharesDisplay.from_shares(of_counts(20, 20, 20, 20, 20), n_top=1)
    assert bars(display)[-1] == "4 others"
    low, high = display.ax_.get_xlim()
    assert low == 0
    assert high > reaches(display)[-1].max() > 0.8


def test_shares_display_omits_parts_without_estimate():
    display = SharesDisplay.from_shares({2001: SOME, 2002: None, 2003: OTHER})
    legend = texts_of(display.ax_.get_legend().get_texts())
    assert legend == ["2001 (100 names)", "2003 (200 names)"]


def test_shares_display_of_rates_raises_with_hint_to_use_to_frame():
    names = np.eye(5).repeat([1, 30, 9, 0, 60], axis=0)
    rates = estimate_rates(Known(), names, outcome=np.arange(100) % 2, n_draws=200)
    for result in (rates, rates.compare("Dutch"), {"a": rates.compare()}):
        with pytest.raises(TypeError, match=r"got rates, .*columns of to_frame\(\)"):
            SharesDisplay.from_shares(result)


def test_shares_display_of_names_raises_with_hint_to_use_from_estimator():
    message = "estimate_shares or its compare returns, .*, got list. .*from_estimator"
    with pytest.raises(TypeError, match=message):
        SharesDisplay.from_shares(["Anna Nowak", "Jan Smit"])


def test_shares_display_of_comparison_marks_sure_differences():
    found = SOME.compare(OTHER)
    display = SharesDisplay.from_shares(found, n_top=3)
    assert bars(display) == ["Dutch", "Turkish", "Irish"]  # without a bar of others
    assert_array_equal(values(display), found.difference[:3])
    assert_allclose(reaches(display), np.column_stack([found.low, found.high])[:3])
    assert [bar.get_facecolor()[3] for bar in display.bars_[0]] == [1, 1, 0.35]
    label = "difference between 100 and 200 names, with 95% intervals; pale: not sure"
    assert display.ax_.get_xlabel() == label
    assert display.ax_.get_xlim()[0] < found.low.min()


def test_shares_display_of_several_comparisons_names_both_sizes_in_legend():
    comparisons = {"a": SOME.compare(OTHER), "b": OTHER.compare(SOME)}
    display = SharesDisplay.from_shares(comparisons)
    assert display.ax_.get_xlabel() == "difference, with 95% intervals; pale: not sure"
    legend = texts_of(display.ax_.get_legend().get_texts())
    assert legend == ["a (100 and 200 names)", "b (200 and 100 names)"]


def test_shares_display_of_comparison_with_known_shares_counts_one_list():
    found = SOME.compare({"Dutch": 0.5, "others": 0.5})
    display = SharesDisplay.from_shares(found)
    assert bars(display) == found.label.tolist()
    label = "difference between 100 names, with 95% intervals; pale: not sure"
    assert display.ax_.get_xlabel() == label.replace("between", "of")


def test_figure_height_grows_with_number_of_bars():
    labels = np.array([f"{k:03}" for k in range(40)])
    shares = shares_of(np.eye(40).repeat(30, axis=0), labels, n_draws=200)
    few = SharesDisplay.from_shares(shares, n_top=10)
    many = SharesDisplay.from_shares(shares, n_top=40)
    assert len(bars(many)) == 40
    heights = [display.figure_.get_size_inches()[1] for display in (few, many)]
    assert heights[1] - heights[0] == pytest.approx(0.3 * (40 - 11))


def test_legend_is_outside_of_new_axes_and_inside_of_given_axes():
    display = SharesDisplay.from_shares(dict.fromkeys((2001, 2002, 2003), SOME))
    display.figure_.draw_without_rendering()
    legend = display.ax_.get_legend().get_window_extent()
    assert legend.x0 >= display.ax_.get_window_extent().x1
    assert legend.x1 <= display.figure_.bbox.x1
    _, ax = plt.subplots()
    given = SharesDisplay.from_shares({"a": SOME, "b": OTHER}, ax=ax)
    given.figure_.draw_without_rendering()
    assert given.ax_.get_legend().get_window_extent().x1 < ax.get_window_extent().x1
