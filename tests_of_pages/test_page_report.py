"""What visitors take away from the page: table, picture and sentence.

This needs node, but neither a browser nor a package of npm.
"""

import csv
import io
import json
import shutil
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.conftest import run_process

NODE = shutil.which("node")
FOLDER = Path(__file__).parent.parent / "docs" / "page"
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
    """Return the value in JavaScript of an expression of the page's functions."""
    script = f"""
import {{ readFileSync }} from "node:fs";
import {{ axisOf, drawChart, toText }} from "./chart.js";
import {{ percent, points, sayNames }} from "./numbers.js";
import {{ csvOf, reportDifferences, reportShares }} from "./report.js";
const given = JSON.parse(readFileSync(0, "utf-8"));
const date = new Date(2026, 10, 30);
process.stdout.write(JSON.stringify({expression}));
"""
    command = [NODE, "--input-type=module", "-e", script]
    run = run_process(*command, input=json.dumps(given), cwd=FOLDER)
    # What is written with spaces that do not break is compared with plain ones.
    plain = run.stdout.replace("\u00a0", " ").replace("\u2009", " ")
    return json.loads(plain)


def shares_report(more="", **changes):
    return evaluate(
        f"reportShares(given.shares, given.model, date){more}",
        shares=SHARES | changes,
        model=MODEL,
    )


def differences_report(differences=DIFFERENCES, is_same_source=False):
    return evaluate(
        "reportDifferences(given.one, given.other, given.differences,"
        "given.isSameSource, given.model, date)",
        one=SHARES,
        other=OTHERS,
        differences=differences,
        isSameSource=is_same_source,
        model=MODEL,
    )


def drawn(width, differences=None):
    """Return the root of a picture's SVG."""
    report = "reportShares(given.one, given.model, date)"
    if differences:
        report = (
            "reportDifferences(given.one, given.other, given.differences, false,"
            "given.model, date)"
        )
    text = evaluate(
        f"toText(drawChart({report}.chart, given.width))",
        one=SHARES,
        other=OTHERS,
        differences=differences,
        model=MODEL,
        width=width,
    )
    return ElementTree.fromstring(text)


def rows_of(picture):
    """Return the parts of each row of a picture by class, as dicts of attributes."""
    rows = {}
    for group in picture.iter(f"{SVG}g"):
        parts = {}
        for node in group:
            (kind, *_) = node.get("class").split()
            parts[kind] = node.attrib | {"text": node.text}
        rows[parts["label"]["text"]] = parts
    return rows


def start_of(path):
    """Return where a path begins, from the left."""
    return float(path["d"].split()[0].removeprefix("M"))


def ends_of_bar(bar):
    left = float(bar["x"])
    return left, left + float(bar["width"])


def ends_of_interval(path):
    low = start_of(path)
    _, rest = path["d"].split("H")
    return low, float(rest.split("M")[0])


def test_numbers_are_written_for_readers():
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


def test_csv_is_what_other_programs_read():
    labels = ["Côte d’Ivoire", 'a, "b"', "two\nlines", "two\rlines", "-1", "it's = so"]
    rows = [[label, 1 / 3] for label in labels]
    text = evaluate(
        "csvOf(given.columns, given.rows)", columns=["label", "x"], rows=rows
    )
    assert text.startswith("\ufefflabel,x\r\n")
    header, *found = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""))
    assert header == ["label", "x"]
    assert [label for label, _ in found] == [*labels[:4], "'-1", labels[5]]
    assert {number for _, number in found} == {"0.333333"}


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_csv_label_is_no_formula(start):
    label = f'{start}HYPERLINK("a")'
    text = evaluate("csvOf(['label'], [[given.label], [-0.5], [0]])", label=label)
    rows = [*csv.reader(io.StringIO(text, newline=""))]
    assert rows[1:] == [["'" + label], ["-0.5"], ["0"]]  # numbers stay numbers


@pytest.mark.parametrize(
    "ends, ticks",
    [
        ([0.1, 0.52], [-0.6, -0.4, -0.2, 0, 0.2, 0.4, 0.6]),
        ([-0.52, -0.1], [-0.6, -0.4, -0.2, 0, 0.2, 0.4, 0.6]),
        ([-0.1, 0.35], [-0.4, -0.2, 0, 0.2, 0.4]),
    ],
)
def test_axis_of_differences_has_zero_in_the_middle(ends, ticks):
    low, high = ends
    row = {"value": low, "low": low, "high": high, "isSure": True}
    axis = evaluate("axisOf([given.row])", row=row)
    assert axis["ticks"] == pytest.approx(ticks)
    assert [axis["low"], axis["high"]] == pytest.approx([ticks[0], ticks[-1]])


@pytest.mark.parametrize(
    "value, high, ticks",
    [
        (0.3, 0.41, [0, 0.1, 0.2, 0.3, 0.4, 0.5]),
        (0.5, 0.5, [0, 0.1, 0.2, 0.3, 0.4, 0.5]),
        (0.3, None, [0, 0.1, 0.2, 0.3]),
        (1, 1, [0, 0.2, 0.4, 0.6, 0.8, 1]),
        (0, 0, [0, 0.01]),
    ],
)
def test_axis_of_shares_starts_at_zero_and_holds_the_intervals(value, high, ticks):
    row = {"value": value}
    if high is not None:
        row |= {"low": 0, "high": high}
    found = evaluate("axisOf(given.rows)", rows=[row])
    assert found["ticks"] == pytest.approx(ticks)
    assert [found["low"], found["high"]] == pytest.approx([0, ticks[-1]])


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_bars_of_differences_begin_at_zero_and_have_their_intervals(width):
    rows = rows_of(drawn(width, DIFFERENCES))
    assert [*rows] == ["Polish", "Dutch", "Greek"]
    for label, parts in rows.items():
        value, low, high, is_sure = DIFFERENCES[MODEL["classes"].index(label)]
        zero = start_of(parts["zero"])
        left, right = ends_of_bar(parts["bar"])
        assert (left if value > 0 else right) == pytest.approx(zero, abs=0.11)
        # One scale for all that is drawn.
        scale = (right - left) / abs(value)
        ends = ends_of_interval(parts["interval"])
        expected = [zero + scale * low, zero + scale * high]
        assert ends == pytest.approx(expected, abs=0.6)
        assert 0 <= ends[0] < ends[1] <= width
        # Sure or not is a word and a form.
        assert parts["value"]["text"].endswith(" sure") == is_sure
        assert ("stroke" in parts["bar"]) == (not is_sure)
        assert ("hollow" in parts["bar"]["class"]) == (not is_sure)


def test_zero_of_differences_is_in_the_middle_of_their_grid():
    for parts in rows_of(drawn(WIDE, DIFFERENCES)).values():
        ticks = [float(at.split()[0]) for at in parts["grid"]["d"].split("M")[1:]]
        assert start_of(parts["zero"]) == pytest.approx(
            (ticks[0] + ticks[-1]) / 2, abs=0.1
        )


def test_labels_of_a_narrow_picture_stand_above_its_bars():
    for width, is_above in ((WIDE, False), (NARROW, True)):
        for parts in rows_of(drawn(width)).values():
            baseline = float(parts["label"]["y"])
            assert (baseline < float(parts["bar"]["y"])) == is_above
            assert float(parts["value"]["x"]) == width


def test_picture_says_in_words_what_it_shows():
    picture = drawn(WIDE)
    assert picture.get("role") == "img"
    assert picture.find(f"{SVG}title").text == "Estimated shares by nationality"
    said = picture.find(f"{SVG}desc").text
    assert said.startswith("Polish 45 % (30 % to 60 %); Dutch 30 % (20 % to 40 %);")
    texts = [node.text for node in picture.findall(f"{SVG}text")]
    assert texts[:2] == ["Estimated shares by nationality", "150 names"]
    assert texts[-4:] == [
        "Lines: intervals held 94 % of true shares when tested.",
        "These are shares of names, not of people.",
        "sknames 0.1.0, 30 November 2026",
        "Model nationality-7f3a2c",
    ]
    height = float(picture.get("height"))
    assert all(0 < float(node.get("y")) < height for node in picture.iter(f"{SVG}text"))


def test_picture_of_differences_says_what_each_side_means():
    texts = [node.text for node in drawn(WIDE, DIFFERENCES).findall(f"{SVG}text")]
    assert texts[:2] == [
        "Difference in percentage points",
        "150 names against 1 name",
    ]
    assert "← more in the other list" in texts
    assert "Filled bar: sure for all nationalities together." in texts
    assert "Hollow bar: may be chance." in texts


def test_picture_keeps_signs_of_xml():
    text = evaluate("toText(['text', { id: given.text }, given.text])", text='<&">')
    node = ElementTree.fromstring(text)
    assert node.text == node.get("id") == '<&">'


def test_shares_report_draws_the_largest_and_lists_all():
    report = shares_report()
    labels = ["Polish", "Dutch", "Turkish", "Greek"]
    assert [row["label"] for row in report["chart"]["rows"]] == labels
    assert [label for label, _ in report["cells"]] == [*labels, "Irish"]
    assert report["cells"][-1] == ["Irish", "< 1 % (0 % to 2 %)"]
    assert report["summary"] == "Show all 5 nationalities"
    assert report["csv"].splitlines()[-1] == "Irish,0.004,0,0.02"


def test_label_of_few_held_out_people_has_no_interval_in_reports():
    ends = [None if k == 1 else pair for k, pair in enumerate(SHARES["ends"])]
    report = shares_report(ends=ends)
    assert report["cells"][0] == ["Polish", "45 %"]
    assert report["csv"].splitlines()[1] == "Polish,0.45,,"
    assert "45 % Polish (no interval)" in report["sentence"]
    has_note = ["No line" in note for note in report["chart"]["notes"]]
    assert has_note == [False, True, False, False, False]
    changed = [*DIFFERENCES]
    changed[1] = [0.3, None, None, False]
    report = differences_report(changed)
    assert report["cells"][0] == ["Polish", "45 %", "15 %", "+30"]
    assert report["csv"].splitlines()[1] == "Polish,0.45,0.15,0.3,,,false"


def test_shares_report_sums_what_it_does_not_draw():
    report = shares_report(share=[0.3, 0.694, 0.003, 0.002, 0.001])
    *_, others = report["chart"]["rows"]
    assert others["label"] == "all others"
    assert others["value"] == pytest.approx(0.006)
    assert others["text"] == "1 %"


def test_at_most_ten_shares_are_drawn():
    model = MODEL | {"classes": [f"label {k}" for k in range(12)]}
    shares = {"n": 99, "share": [1 / 12] * 12, "ends": [[0, 0.2]] * 12}
    report = evaluate(
        "reportShares(given.shares, given.model, date)", shares=shares, model=model
    )
    rows = report["chart"]["rows"]
    assert len(rows) == 11
    assert rows[-1]["value"] == pytest.approx(2 / 12)
    assert len(report["cells"]) == 12


def test_sentence_of_shares_has_n_interval_model_and_date():
    assert shares_report(".sentence") == (
        "Among 150 names, the estimated shares by nationality are 45 % Polish "
        "(30 % to 60 %), 30 % Dutch (20 % to 40 %) and 20 % Turkish (10 % to 30 %); "
        "intervals held 94 % of true shares when tested. These are shares of names, "
        "not of people. Estimated with sknames 0.1.0, model nationality-7f3a2c, on "
        "30 November 2026."
    )


def test_sentence_of_differences_has_only_sure_ones():
    end = (
        "These are shares of names, not of people. Estimated with sknames 0.1.0, model "
        "nationality-7f3a2c, on 30 November 2026."
    )
    assert differences_report()["sentence"] == (
        "Between 150 names and 1 name, the estimated shares by nationality differ for "
        "Polish (+30 percentage points, 95 % interval +10 to +52) and Dutch (−20, −35 "
        f"to −5), sure at 95 % for all nationalities together. {end}"
    )
    none = [[*row[:3], False] for row in DIFFERENCES]
    assert differences_report(none, is_same_source=True)["sentence"] == (
        "Between 150 names and 1 name of the same source, no difference of the shares "
        f"by nationality is sure. {end}"
    )
    many = [[*row[:3], True] for row in DIFFERENCES]
    assert (
        "Greek (−10, −21 to +1), among others, sure"
        in (differences_report(many)["sentence"])
    )


def test_differences_report_draws_what_is_sure_or_large_and_lists_all():
    changed = [*DIFFERENCES[:-1], [-0.001, -0.002, -0.0005, True]]
    report = differences_report(changed)
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
    same = differences_report(is_same_source=True)["chart"]["subtitle"]
    assert same == "150 names against 1 name of the same source"


def test_equal_lists_have_a_picture():
    none = [[0, -0.02, 0.02, False]] * 5
    assert len(differences_report(none)["chart"]["rows"]) == 1


def test_axis_ends_at_what_was_asked_however_many_the_others_are():
    rows = [
        {"label": "Dutch", "value": 0.03, "low": 0.01, "high": 0.05, "text": "3 %"},
        {"label": "all others", "value": 0.97, "text": "97 %", "isRest": True},
    ]
    chart = {"title": "", "subtitle": "", "rows": rows, "notes": []}
    text = evaluate(
        "toText(drawChart({ ...given.chart, sayTick: percent }, 720))", chart=chart
    )
    picture = rows_of(ElementTree.fromstring(text))
    assert picture["all others"]["value"]["text"] == "97 %"
    assert "bar" not in picture["all others"]
    assert "5 %" in text
    assert "100 %" not in text
