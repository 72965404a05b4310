"""Reports that visitors can save from the web page: table, picture and sentence.

These tests need Node.js, but neither a browser nor npm packages.
"""

import csv
import io
import json
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from tests.pages.conftest import NODE, run_javascript

FOLDER = Path(__file__).parents[2] / "docs" / "page"
SVG = "{http://www.w3.org/2000/svg}"
# pixels
WIDE = 720
NARROW = 340
MODEL = {
    "classes": ["Dutch", "Polish", "Turkish", "Greek", "Irish"],
    "labels": "nationality",
    "plural": "nationalities",
    "name": "nationality-7f3a2c",
    "version": "0.1.0",
    "coverage": 0.94,
}
SHARES = {
    "n": 150,
    "share": [0.3, 0.45, 0.2, 0.046, 0.004],
    "ends": [[0.2, 0.4], [0.3, 0.6], [0.1, 0.3], [0, 0.1], [0, 0.02]],
}
OTHERS = {"n": 1, "share": [0.5, 0.15, 0.2, 0.145, 0.005], "ends": SHARES["ends"]}
# Difference, its interval, and whether it is sure.
DIFFERENCES = [
    [-0.2, -0.35, -0.05, True],
    [0.3, 0.1, 0.52, True],
    [0, -0.02, 0.02, False],
    [-0.099, -0.21, 0.01, False],
    [-0.001, -0.02, 0.02, False],
]

pytestmark = pytest.mark.skipif(NODE is None, reason="Node.js is not installed")


def evaluate(expression, **given):
    """Evaluate a JavaScript expression with the page's functions for reports.

    `given` overrides the reported shares, differences and model.
    """
    script = f"""
import {{ readFileSync }} from "node:fs";
import {{ axisOf, drawChart, toText }} from "./chart.js";
import {{ percent, points }} from "./numbers.js";
import * as report from "./report.js";
const given = JSON.parse(readFileSync(0, "utf-8"));
const {{ one, other, differences, isSameSource, model }} = given;
const date = new Date(2026, 10, 30);
const reportShares = () => report.reportShares(one, model, date);
const reportDifferences = () =>
  report.reportDifferences(one, other, differences, isSameSource, model, date);
process.stdout.write(JSON.stringify({expression}));
"""
    reported = {
        "one": SHARES,
        "other": OTHERS,
        "differences": DIFFERENCES,
        "isSameSource": False,
        "model": MODEL,
    }
    run = run_javascript(script, given=reported | given, cwd=FOLDER)
    # Non-breaking spaces are replaced, so that expected texts can have plain ones.
    plain = run.stdout.replace("\u00a0", " ").replace("\u2009", " ")
    return json.loads(plain)


def drawn(report, width):
    """Return the root of the SVG of a report's picture."""
    text = evaluate(f"toText(drawChart({report}().chart, {width}))")
    return ElementTree.fromstring(text)


def rows_of(picture):
    """Return the elements of each row of a picture, dicts of attributes by class."""
    rows = {}
    for group in picture.iter(f"{SVG}g"):
        parts = {}
        for node in group:
            (kind, *_) = node.get("class").split()
            parts[kind] = node.attrib | {"text": node.text}
        rows[parts["label"]["text"]] = parts
    return rows


def start_of(path):
    """Return the x coordinate at which a path begins."""
    return float(path["d"].split()[0].removeprefix("M"))


def ends_of_bar(bar):
    left = float(bar["x"])
    return left, left + float(bar["width"])


def ends_of_interval(path):
    low = start_of(path)
    _, rest = path["d"].split("H")
    return low, float(rest.split("M")[0])


def test_web_page_formats_shares_as_percent_and_differences_as_points():
    shares = [0, 0.004, 0.005, 0.5, 0.994, 0.996, 1]
    differences = [0.3, -0.3, 0.004, -0.004, 0, -0.006]
    found = evaluate(
        "[given.shares.map(percent), given.differences.map(points)]",
        shares=shares,
        differences=differences,
    )
    assert found == [
        ["0 %", "< 1 %", "1 %", "50 %", "99 %", "> 99 %", "100 %"],
        ["+30", "−30", "0", "0", "0", "−1"],
    ]


def test_web_page_csv_keeps_labels_and_escapes_formulas():
    labels = ["Côte d’Ivoire", 'a, "b"', "two\nlines", "two\rlines", "it's = so"]
    formulas = [f'{start}HYPERLINK("a")' for start in "=+-@\t\r"]
    rows = [[label, -1 / 3] for label in labels + formulas]
    text = evaluate("report.csvOf(['label', 'x'], given.rows)", rows=rows)
    assert text.startswith("\ufefflabel,x\r\n")
    _, *found = csv.reader(io.StringIO(text, newline=""))
    expected = labels + [f"'{formula}" for formula in formulas]
    # Negative numbers are not escaped.
    assert found == [[label, "-0.333333"] for label in expected]


# Values to draw, and the limits and the step of their axis.
AXES = [
    ({"value": 0.3, "low": 0, "high": 0.41}, 0, 0.5, 0.1),
    ({"value": 0.5, "low": 0, "high": 0.5}, 0, 0.5, 0.1),
    ({"value": 0.3}, 0, 0.3, 0.1),
    ({"value": 1}, 0, 1, 0.2),
    ({"value": 0}, 0, 0.01, 0.01),
    # Differences have zero in the middle.
    ({"value": 0.1, "low": 0.1, "high": 0.52, "isSure": True}, -0.6, 0.6, 0.2),
    ({"value": -0.3, "low": -0.35, "high": 0, "isSure": False}, -0.4, 0.4, 0.2),
]


def test_chart_axis_includes_zero_and_interval_with_few_round_ticks():
    rows = [row for row, *_ in AXES]
    axes = evaluate("given.rows.map((row) => axisOf([row]))", rows=rows)
    for axis, (row, low, high, step) in zip(axes, AXES, strict=True):
        ticks = low + step * np.arange(round((high - low) / step) + 1)
        assert axis["ticks"] == pytest.approx(ticks), row
        assert [axis["low"], axis["high"]] == pytest.approx([low, high])


@pytest.mark.parametrize("width", [WIDE, NARROW], ids=["wide", "narrow"])
def test_chart_difference_bars_start_at_zero_and_have_intervals(width):
    rows = rows_of(drawn("reportDifferences", width))
    assert [*rows] == ["Polish", "Dutch", "Greek"]
    for label, parts in rows.items():
        value, low, high, is_sure = DIFFERENCES[MODEL["classes"].index(label)]
        zero = start_of(parts["zero"])
        ticks = [float(at.split()[0]) for at in parts["grid"]["d"].split("M")[1:]]
        assert zero == pytest.approx(np.mean(ticks), abs=0.1)
        left, right = ends_of_bar(parts["bar"])
        assert (left if value > 0 else right) == pytest.approx(zero, abs=0.11)
        # Bars and intervals have the same scale.
        scale = (right - left) / abs(value)
        ends = ends_of_interval(parts["interval"])
        expected = [zero + scale * low, zero + scale * high]
        assert ends == pytest.approx(expected, abs=0.6)
        assert 0 <= ends[0] < ends[1] <= width
        # Whether a difference is sure is shown by a word and by the form of the bar.
        assert parts["value"]["text"].endswith(" sure") == is_sure
        assert ("stroke" in parts["bar"]) == (not is_sure)
        assert ("hollow" in parts["bar"]["class"]) == (not is_sure)


def test_chart_labels_are_above_bars_only_in_narrow_picture():
    for width, is_above in ((WIDE, False), (NARROW, True)):
        for parts in rows_of(drawn("reportShares", width)).values():
            baseline = float(parts["label"]["y"])
            assert (baseline < float(parts["bar"]["y"])) == is_above
            assert float(parts["value"]["x"]) == width


def test_chart_of_shares_has_title_description_and_notes():
    picture = drawn("reportShares", WIDE)
    assert picture.get("role") == "img"
    assert picture.find(f"{SVG}title").text == "Estimated shares by nationality"
    said = picture.find(f"{SVG}desc").text
    assert said.startswith("Polish 45 % (30 % to 60 %); Dutch 30 % (20 % to 40 %);")
    texts = [node.text for node in picture.findall(f"{SVG}text")]
    assert texts[:2] == ["Estimated shares by nationality", "150 names"]
    assert texts[-4:] == [
        "Lines: intervals covered 94 % of true shares in tests.",
        "These are shares of names, not of people.",
        "sknames 0.1.0, 30 November 2026",
        "Model nationality-7f3a2c",
    ]
    height = float(picture.get("height"))
    assert all(0 < float(node.get("y")) < height for node in picture.iter(f"{SVG}text"))


def test_chart_of_differences_explains_sides_and_hollow_bars():
    picture = drawn("reportDifferences", WIDE)
    texts = [node.text for node in picture.findall(f"{SVG}text")]
    assert texts[:2] == [
        "Difference in percentage points",
        "150 names compared with 1 name",
    ]
    assert "← more in the other list" in texts
    assert "Filled bars: sure, corrected for all nationalities." in texts
    assert "Hollow bars: may be due to chance." in texts


def test_chart_escapes_xml_characters():
    text = evaluate("toText(['text', { id: given.text }, given.text])", text='<&">')
    node = ElementTree.fromstring(text)
    assert node.text == node.get("id") == '<&">'


def test_shares_report_draws_largest_shares_and_tabulates_all():
    report = evaluate("reportShares()")
    labels = ["Polish", "Dutch", "Turkish", "Greek"]
    assert [row["label"] for row in report["chart"]["rows"]] == labels
    assert [label for label, _ in report["cells"]] == [*labels, "Irish"]
    assert report["cells"][-1] == ["Irish", "< 1 % (0 % to 2 %)"]
    assert report["summary"] == "Show all 5 nationalities"
    assert report["csv"].splitlines()[-1] == "Irish,0.004,0,0.02"


def test_sparse_label_has_no_interval_in_reports():
    ends = [None if k == 1 else pair for k, pair in enumerate(SHARES["ends"])]
    report = evaluate("reportShares()", one=SHARES | {"ends": ends})
    assert report["cells"][0] == ["Polish", "45 %"]
    assert report["csv"].splitlines()[1] == "Polish,0.45,,"
    assert "45 % Polish (no interval)" in report["sentence"]
    has_note = ["No line" in note for note in report["chart"]["notes"]]
    assert has_note == [False, True, False, False, False]
    changed = [*DIFFERENCES]
    changed[1] = [0.3, None, None, False]
    report = evaluate("reportDifferences()", differences=changed)
    assert report["cells"][0] == ["Polish", "45 %", "15 %", "+30"]
    assert report["csv"].splitlines()[1] == "Polish,0.45,0.15,0.3,,,false"


def test_shares_report_draws_ten_largest_shares_and_sum_of_others():
    model = MODEL | {"classes": [f"label {k}" for k in range(11)]}
    shares = {"n": 99, "share": [0.0994] * 10 + [0.006], "ends": [[0, 0.2]] * 11}
    report = evaluate("reportShares()", one=shares, model=model)
    *labels, others = report["chart"]["rows"]
    assert [row["label"] for row in labels] == model["classes"][:10]
    assert others["label"] == "all others"
    assert others["value"] == pytest.approx(0.006)
    assert others["text"] == "1 %"
    assert len(report["cells"]) == 11


def test_shares_sentence_states_intervals_model_and_date():
    assert evaluate("reportShares().sentence") == (
        "Among 150 names, the estimated shares by nationality are 45 % Polish "
        "(30 % to 60 %), 30 % Dutch (20 % to 40 %) and 20 % Turkish (10 % to 30 %); "
        "intervals covered 94 % of true shares in tests. These are shares of names, "
        "not of people. Estimated with sknames 0.1.0, model nationality-7f3a2c, on "
        "30 November 2026."
    )


def test_differences_sentence_lists_only_sure_differences():
    assert evaluate("reportDifferences().sentence") == (
        "Between 150 names and 1 name, the estimated shares by nationality differ for "
        "Polish (+30 percentage points, 95 % interval +10 to +52) and Dutch (−20, −35 "
        "to −5), sure at the 95 % level, corrected for testing all nationalities. "
        "These are shares of names, not of people. Estimated with sknames 0.1.0, model "
        "nationality-7f3a2c, on 30 November 2026."
    )
    many = [[*row[:3], True] for row in DIFFERENCES]
    sentence = evaluate("reportDifferences().sentence", differences=many)
    assert "Greek (−10, −21 to +1), among others, sure" in sentence


def test_differences_report_draws_sure_or_large_differences_and_tabulates_all():
    changed = [*DIFFERENCES[:-1], [-0.001, -0.002, -0.0005, True]]
    report = evaluate("reportDifferences()", differences=changed)
    assert report["nSure"] == 3
    assert "among others" not in report["sentence"]
    drawn_labels = [row["label"] for row in report["chart"]["rows"]]
    assert drawn_labels == ["Polish", "Dutch", "Greek", "Irish"]
    assert len(report["cells"]) == 5
    assert report["cells"][0] == ["Polish", "45 %", "15 %", "+30 (+10 to +52) sure"]
    table = report["csv"].removeprefix("\ufeff").splitlines()
    assert table[0] == "label,share,other,difference,low,high,sure"
    assert table[1] == "Polish,0.45,0.15,0.3,0.1,0.52,true"
    assert table[-1].endswith(",0,-0.02,0.02,false")


def test_differences_report_without_sure_difference_has_one_row_and_says_so():
    none = [[0, -0.02, 0.02, False]] * 5
    report = evaluate("reportDifferences()", differences=none, isSameSource=True)
    assert len(report["chart"]["rows"]) == 1
    lists = "150 names compared with 1 name of the same source"
    assert report["chart"]["subtitle"] == lists
    assert report["sentence"].startswith(
        "Between 150 names and 1 name of the same source, no difference between "
        "the shares by nationality is sure. These are shares of names"
    )


def test_chart_axis_ignores_sum_of_others():
    rows = [
        {"label": "Dutch", "value": 0.03, "low": 0.01, "high": 0.05, "text": "3 %"},
        {"label": "all others", "value": 0.97, "text": "97 %", "isRest": True},
    ]
    chart = {"title": "", "subtitle": "", "rows": rows, "notes": []}
    text = evaluate(
        "toText(drawChart({ ...given.chart, formatTick: percent }, 720))", chart=chart
    )
    picture = rows_of(ElementTree.fromstring(text))
    assert picture["all others"]["value"]["text"] == "97 %"
    assert "bar" not in picture["all others"]
    assert "5 %" in text
    assert "100 %" not in text
