"""README and docs/: blocks print the output shown, and figures match the tables.

``python docs/blocks.py docs/predict.md`` writes the output of its blocks into a page.
"""

import csv
import io
import os
import re
import runpy
import sys
import tomllib
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.pipeline import Pipeline

import sknames
from docs.blocks import run_blocks
from sknames.pretrained import load_card
from tests.conftest import assert_prints, run_process, tiny_pipeline
from tests.pages.conftest import functions_of
from tools.retrain import people_in_scripts

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
HATCH = PROJECT["tool"]["hatch"]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PREDICT = (ROOT / "docs" / "predict.md").read_text(encoding="utf-8")
GUIDE = sorted((ROOT / "docs").glob("*.md"))
TARGETS = ["nationality", "country"]
PAGES = [
    ROOT / "README.md",
    *(page for page in GUIDE if "```python" in page.read_text("utf-8")),
]


@pytest.fixture
def plain_folder(tmp_path, monkeypatch):
    """Run the test in an empty folder, where files can be written and figures drawn."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "Agg")
    plt.close("all")
    yield
    plt.close("all")


def without_padding(text):
    """Return a text with single spaces, since columns are as wide as their numbers."""
    return "\n".join(" ".join(line.split()) for line in text.splitlines())


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_python_blocks_of_page_print_documented_output(page, plain_folder):
    """Numbers may differ slightly, because some blocks train a model."""
    for block, printed in run_blocks(page):
        printed = without_padding(printed)
        shown = without_padding(block[3] or "")
        assert_prints(printed, shown, rel=0.05, abs=0.02)


def test_readme_commands_predict_and_estimate_shares(plain_folder):
    names = ["Mehmet Yılmaz", "Anna Müller"]
    Path("people.csv").write_text("\n".join(["name", *names]), encoding="utf-8")
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    printed = ""
    for command in re.findall(r"^    (sknames .*)$", README, re.M):
        command = command.replace("sknames", f"{sys.executable} -m sknames", 1)
        printed += run_process("sh", "-c", command, env=environment).stdout
    with Path("nationalities.csv").open(encoding="utf-8", newline="") as file:
        predictions = [*csv.DictReader(file)]
    assert [row["name"] for row in predictions] == names
    assert [row["predicted"] for row in predictions] == ["Turkish", "German"]
    shares = {row["label"]: row for row in csv.DictReader(io.StringIO(printed))}
    assert {"Turkish", "German"} <= shares.keys()


# ---- Figures


@pytest.mark.parametrize(
    "page", [ROOT / "README.md", *GUIDE], ids=lambda page: f"{page.relative_to(ROOT)}"
)
def test_fingerprints_in_page_match_shipped_models(page):
    shown = re.findall(
        r"\b(?:nationality|country)-[0-9a-f]{6}\b", page.read_text("utf-8")
    )
    shipped = {load_card(target)["fingerprint"] for target in TARGETS}
    assert {*shown} <= shipped


def rows_of(page, mark):
    """Return the rows of the table below a comment, as dicts by column."""
    table = (ROOT / page).read_text("utf-8").partition(f"<!-- {mark} -->\n\n")[2]
    lines = table.partition("\n\n")[0].splitlines()
    header, _, *rows = (
        [cell.strip() for cell in line.split("|")[1:-1]] for line in lines
    )
    # If columns have the same name, the first is returned.
    return [dict(zip(header[::-1], row[::-1], strict=True)) for row in rows]


COMPARED = "docs/how_it_compares.md"
NEW = "accuracy, new people"
PUBLIC = "examples/benchmarks/results/public.md"


def test_accuracies_in_readme_match_comparison_table():
    rows = rows_of(COMPARED, "arczi21 of bench_public.py")
    (ours,) = (row for row in rows if row[""] == "the shipped model")
    published = [row for row in rows if row[""].endswith(", published")]
    best = max(published, key=lambda row: float(row["accuracy"]))
    claim = re.search(
        r"accuracy of our nationality model is (\S+) \((\S+) on people who do not .*"
        r"accuracy of (\w+), the best published model, is (\S+)\.\s",
        README,
    )
    name_of_best, _, _ = best[""].partition(",")
    assert claim.groups() == (
        f"{float(ours['accuracy']):.2f}",
        f"{float(ours[NEW]):.2f}",
        name_of_best,
        f"{float(best['accuracy']):.2f}",
    )


def test_own_labels_accuracies_in_readme_match_own_labels_table():
    claim = re.search(
        r"With (\S+) labelled names of 127 nationalities, accuracy is (\S+), "
        r"against (\S+) ",
        README,
    )
    rows = rows_of("docs/own_labels.md", "short table of bench_own_labels.py")
    row = rows[0]
    assert row["labels"] == "Demonyms of biographies, 127"
    assert claim[1] == row["training names"]
    assert float(claim[2]) == pytest.approx(
        float(row["`NameEncoder` + n-grams + LinearSVC"]), abs=0.0051
    )
    assert float(claim[3]) == pytest.approx(
        float(row["n-grams + LinearSVC"]), abs=0.0051
    )


@pytest.mark.parametrize("name", ["arczi21", "wikilabels13"])
def test_comparison_tables_match_full_benchmark_results(name):
    long = rows_of(PUBLIC, f"{name}, all figures of bench_public.py")
    figures = {(row[""], row["people"]): row for row in long}
    for row in rows_of(COMPARED, f"{name} of bench_public.py"):
        if "published" in row[""]:
            continue
        of_all = figures[row[""], "all"]
        of_new = figures[row[""], "new"]
        for metric in ("accuracy", "macro-F1"):
            assert of_all[metric].startswith(row[metric])
            assert of_new[metric].startswith(row[f"{metric}, new people"])


@pytest.mark.parametrize("page", [README, PREDICT], ids=["README", "predict"])
def test_nationality_accuracy_in_page_matches_model_card(page):
    claim = re.search(r"for (\d+) % of people \(uniform priors", page)
    assert claim[1] == f"{100 * load_card()['accuracy']:.0f}"


def test_highest_and_lowest_recall_in_readme_match_model_card():
    rows = load_card()["by_nationality"].items()
    recall = {row["recall"]: nationality for nationality, row in rows if row["n"] >= 50}
    claim = re.search(
        r"Recall is (\S+) for\s+(\w+), but (\S+) for\s+(\w+) names", README
    )
    best = max(recall)
    worst = min(recall)
    assert claim.groups() == (
        f"{best:.2f}",
        recall[best],
        f"{worst:.2f}",
        recall[worst],
    )


def test_number_of_never_predicted_countries_in_readme_matches_model_card():
    card = load_card("country")
    claim = re.search(
        r"(\d+) of (\d+) countries are never predicted with the default", README
    )
    n_countries = len(card["by_country"])
    assert claim.groups() == (str(len(card["never_predicted"])), str(n_countries))


def test_accuracies_by_script_in_prediction_guide_match_model_cards():
    row = r"^\| ([A-Z]\w+|all) " + r"\| (\d+) % " * 4 + r"\|$"
    shown = re.findall(row, PREDICT, re.M)
    assert len(shown) == 12
    accuracies = []
    for target in TARGETS:
        rows = load_card(target)["by_script"]
        accuracies.append({who: float(str(right)[:4]) for who, _, right, *_ in rows})
    for script, *percents in shown:
        expected = []
        for accuracy_of in accuracies:
            expected.append(100 * accuracy_of[f"{script}, locals"])
            expected.append(100 * accuracy_of[f"{script}, foreigners"])
        assert [*map(int, percents)] == pytest.approx(expected, abs=1), script


def test_share_of_withheld_names_on_card_matches_default_threshold():
    rows = people_in_scripts.people()
    model = sknames.load_pretrained(abstain=True)
    withheld = model.reasons([row["name"] for row in rows]) != ""
    is_local = np.array([row["local"] == "1" for row in rows])
    shown = {who: float(share) for who, *_, share in load_card()["by_script"]}
    assert shown["all, locals"] == pytest.approx(withheld[is_local].mean(), abs=0.01)
    foreigners = withheld[~is_local].mean()
    assert shown["all, foreigners"] == pytest.approx(foreigners, abs=0.01)


# ---- Files around them


def test_codespell_skips_generated_site_files():
    makefile = (ROOT / "docs" / "Makefile").read_text("utf-8")
    folders = re.search(r"rm -rf (.+)", makefile)[1].split()
    assert "_extra" in folders
    skipped = PROJECT["tool"]["codespell"]["skip"].split(",")
    assert {f"*/{folder}/*" for folder in folders} <= {*skipped}


def test_package_build_makes_readme_links_absolute_for_pypi():
    text = README
    for rule in HATCH["metadata"]["hooks"]["fancy-pypi-readme"]["substitutions"]:
        text = re.sub(rule["pattern"], rule["replacement"], text)
    pictures = "https://raw.githubusercontent.com/sknames/sknames/v$HFPR_VERSION/"
    pages = "https://github.com/sknames/sknames/blob/v$HFPR_VERSION/"
    found = re.findall(r"(!?)\[[^][]*\]\(([^)\s]+)\)", text)
    assert ("!", f"{pictures}docs/shipped_model.png") in found
    assert ("", f"{pages}docs/README.md") in found
    assert all(link.startswith("https://") for _, link in found)
    assert text.replace(pictures, "").replace(pages, "") == README


# ---- Examples


def test_blog_post_example_saves_loss_and_confusion_figures(small_names, plain_folder):
    example = runpy.run_path(str(ROOT / "examples" / "blog_post.py"))
    fitted = {}
    for title, net in example["nets"].items():
        net.set_params(hidden_size=8, batch_size=8, verbose=0)
        steps = [("encode", sknames.CharEncoder()), ("classify", net)]
        fitted[title] = Pipeline(steps).fit(*small_names)
    example["draw"](fitted, *small_names)
    curves, confusions = map(plt.figure, plt.get_fignums())
    assert [line.get_label() for line in curves.axes[0].lines] == ["RNN", "GRU"]
    assert [axes.get_title() for axes in confusions.axes[:2]] == ["RNN", "GRU"]
    assert_allclose(confusions.axes[0].images[0].get_array().sum(axis=1), 1)
    files = sorted(path.name for path in Path.cwd().iterdir())
    assert files == ["blog_post_confusions.png", "blog_post_loss.png"]


def test_first_model_example_without_matplotlib_prints_ascii_results(
    plain_folder, tmp_path, monkeypatch
):
    """The script gets every sixtieth name only, so that the test takes seconds."""
    names = sknames.datasets.load_names()
    for column in ("data", "target", "groups"):
        names[column] = names[column][::60]
    monkeypatch.setattr("sknames.datasets.load_names", lambda: names)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    # On Windows, redirected output may have an encoding with few letters.
    out = io.TextIOWrapper(io.BytesIO(), encoding="ascii", newline="")
    monkeypatch.setattr("sys.stdout", out)
    script = ROOT / "examples" / "plot_first_model.py"
    runpy.run_path(str(script), run_name="__main__")
    out.flush()
    printed = out.buffer.getvalue().decode("ascii")
    assert re.search(r"accuracy 0\.\d{3}, macro-F1 0\.\d{3}\.", printed)
    _, _, after = printed.partition("three most probable\n")
    table, _, _ = after.partition("\n\n")
    rows = table.splitlines()
    assert len(rows) == 12
    for row in rows:
        assert re.fullmatch(r".{16}\w+ +(\w+ [01]\.\d\d(, |$)){3}", row), row
    assert (tmp_path / "first_model.joblib").stat().st_size > 10_000
    assert "matplotlib is missing: pip install matplotlib" in printed


@pytest.fixture(scope="module")
def lesson():
    return functions_of("plot_from_scratch.py")


@pytest.mark.parametrize(
    "cell, step",
    [("rnn", "elman_step"), ("sigmoid_rnn", "sigmoid_step"), ("gru", "gru_step")],
)
def test_numpy_cells_of_from_scratch_example_match_predict_proba(
    cell, step, lesson, small_names
):
    plain = {"embedding_dim": None, "ngram_range": None, "word_weight": 0}
    net = tiny_pipeline(cell=cell, **plain).fit(*small_names)
    classify = net["classify"]
    names = ["Kowalska", "ab", "Ω☃ a"]  # a character that fit has not seen, and a space
    expected = net.predict_proba(names)
    for row, of_name in zip(net["encode"].transform(names), expected, strict=True):
        x = lesson["one_hot"](classify, row)
        found = lesson["predict"](classify.weights(), x, lesson[step])
        assert_allclose(found, of_name, rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    "step, slope",
    [("elman_step", "slope_of_tanh"), ("sigmoid_step", "slope_of_sigmoid")],
)
def test_gradients_of_from_scratch_example_match_finite_differences(
    step, slope, lesson
):
    rng = np.random.default_rng(0)
    shapes = {
        "cells.0.weight_ih": (4, 6),
        "cells.0.weight_hh": (4, 4),
        "cells.0.bias_ih": (4,),
        "cells.0.bias_hh": (4,),
        "output.weight": (3, 4),
        "output.bias": (3,),
    }
    weights = {name: rng.normal(size=shape) for name, shape in shapes.items()}
    x = np.eye(6)[[1, 4, 1]]

    def loss(weights):
        return -np.log(lesson["predict"](weights, x, lesson[step])[2])

    states = lesson["read"](weights, x, lesson[step])
    gradients, _ = lesson["backward"](weights, x, states, 2, lesson[slope])
    assert {name: gradient.shape for name, gradient in gradients.items()} == shapes
    for name, gradient in gradients.items():
        change = 1e-5 * rng.normal(size=shapes[name])
        rise = loss(weights | {name: weights[name] + change})
        rise -= loss(weights | {name: weights[name] - change})
        assert_allclose(2 * np.vdot(gradient, change), rise, rtol=1e-6)
