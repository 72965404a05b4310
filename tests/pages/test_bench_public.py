"""Benchmarks on public sets, shares and own labels: labels, new people and tables."""

import gzip
from argparse import Namespace

import bench_own_labels
import bench_public
import bench_shares
import numpy as np
import pytest
from bench_public import LABELS, shares_of

from tools import public_sets


@pytest.mark.parametrize("labels", LABELS.values(), ids=LABELS)
def test_labels_of_rivals_map_to_one_label_each_and_unknown_labels_to_none(labels):
    classes = ["German", "Austrian", "Indian", "ger", "unheard"]
    shares = shares_of("name2nat", classes, list(labels))
    assert set(shares.sum(axis=1)[[0, 3]]) == {1}
    assert not shares[4].any()
    assert np.isin(shares, [0, 1]).all()


def test_labels_of_shipped_models_map_to_country_codes_of_public_set():
    codes = ["AT", "GK", "DE"]
    countries = ["AT", "DE", "GR", "US"]
    by_country = shares_of("country", countries, codes)
    greek, german = shares_of("shipped", ["Greek", "German"], codes).tolist()
    assert by_country.tolist() == [[1, 0, 0], [0, 0, 1], [0, 1, 0], [0, 0, 0]]
    assert greek == [0, 1, 0]
    assert german[2] > german[0] > german[1] == 0  # divided by population


# ---- New people

# By the hashes of the names, all but the second are in the reported half.
NAMES = ["Takeshi Yamamoto", "Hiroshi Nakamura", "Giuseppe Esposito", "Zoltán Szabó"]


@pytest.mark.parametrize(
    ("name", "names", "n_training", "new"),
    [
        ("arczi21", NAMES, 0, NAMES[2:]),
        ("wikilabels13", NAMES, 0, NAMES[1:]),
        ("arczi21", ["Szabo Zoltan", *NAMES[2:]], 1, NAMES[2:3]),
    ],
    ids=["set with a choosing half", "set without it", "set with a training name"],
)
def test_new_people_are_absent_from_sources_and_training_data(
    name, names, n_training, new, tmp_path, monkeypatch
):
    names = np.array(names, dtype=object)
    rows = [np.split(np.arange(len(names)), [n_training])]
    monkeypatch.setattr(bench_public, "read_set", lambda *args: (names, names))
    monkeypatch.setattr(bench_public, "splits", lambda *args: rows)
    # The same person as NAMES[0], in other case and order.
    monkeypatch.setattr(bench_public, "source_people", lambda: {"takeshi yamamoto"})
    a_set = bench_public.Set(name, tmp_path)
    assert names[a_set.new].tolist() == new


def test_shares_benchmark_splits_people_into_same_halves_as_public_sets():
    is_reported = np.array([public_sets.is_reported(name) for name in NAMES])
    found = bench_shares.in_half(NAMES, "report")
    np.testing.assert_array_equal(found, is_reported)
    found = bench_shares.in_half(NAMES, "choose")
    np.testing.assert_array_equal(found, ~is_reported)


def test_countries_convert_to_nationality_of_most_inhabitants_or_stay_codes():
    found = bench_shares.as_labels("nationality", ["UA", "RO", "IN", "CH", "SR"])
    assert found == ["Ukrainian", "Romanian", "Indian", "German", "SR"]


def test_rivals_without_stored_predictions_are_listed_as_missing(tmp_path):
    (tmp_path / "arczi21-name2nat.npz").touch()
    options = {"sets": "arczi21", "models": "svm,name2nat,ethnicolr", "cache": tmp_path}
    assert bench_public.rivals_without_predictions(Namespace(**options)) == [
        "ethnicolr"
    ]


# ---- NaNa


def test_nana_training_data_excludes_names_of_test_and_dev_sets(tmp_path, monkeypatch):
    rows = {"test": "Ana Li\tChinese\nBo (singer)\tDane\n", "dev": "Cy Oz\tTurk\n"}
    (tmp_path / "public").mkdir()
    for part, text in rows.items():
        path = tmp_path / "public" / f"nana_{part}.tsv.gz"
        path.write_bytes(gzip.compress(text.encode()))
    names = ["Ana Li", "Bo", "Bo (singer)", "Cy Oz"]
    people = (np.array(names, dtype=object), np.array(["Thai", "Dane", "Dane", "Turk"]))
    monkeypatch.setattr(bench_public, "read_biographies", lambda raw: people)
    learned, tested = bench_public.nana_people(tmp_path)
    assert [column.tolist() for column in learned] == [["Bo"], ["Dane"]]
    assert [column.tolist() for column in tested] == [
        ["Ana Li", "Bo (singer)"], ["Chinese", "Dane"],
    ]  # fmt: skip


def test_top_k_accuracy_is_computed_for_each_k():
    answers = np.array([["a", "b", "c"], ["b", "c", "a"], ["c", "b", "a"]])
    hits = bench_public.first_hits(answers, np.array(["a", "c", "d"]))
    np.testing.assert_allclose(hits, [1 / 3, 2 / 3, 2 / 3])


# ---- Own labels


def test_own_labels_benchmark_writes_short_and_full_tables_into_pages(
    tmp_path, monkeypatch, capsys
):
    found = {}
    for n in bench_own_labels.SIZES:
        for draw in (0, 1):
            cell = {}
            for key in bench_own_labels.MODELS:
                cell |= {f"{key} accuracy": n / 10_000 + draw / 50, f"{key} top-5": 0.5}
            cell["union_less accuracy"] += 0.1
            found["demonyms", n, draw] = cell
    about = {"demonyms": {"labels": 127, "test": 3_000}}
    monkeypatch.setattr(bench_own_labels, "run", lambda *args: (found, about))
    pages = [tmp_path / "guide.md", tmp_path / "results.md"]
    for page, name in zip(pages, ("short table", "tables"), strict=True):
        text = f"<!-- {name} of bench_own_labels.py -->\n<!-- end -->\n"
        page.write_text(text, encoding="utf-8")
    monkeypatch.setattr("sys.argv", ["", "--write", *map(str, pages)])
    bench_own_labels.main()
    short, long = (page.read_text(encoding="utf-8") for page in pages)
    assert "| Demonyms of biographies, 127 | 5,000 | 0.510 | 0.610 |" in short
    assert "| Demonyms of biographies, 127 | 500 | 0.060 | 0.160 |" in short
    assert "(C=0.3) | +0.100 ± 0.000 |" in long
    assert "0.510 ± 0.010" in long
    assert "3,000 names to test on" in capsys.readouterr().out
