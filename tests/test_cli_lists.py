"""The command line on lists: papers, weights, checked rows, known mixes and rates."""

import csv
import gzip
import io
import os
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from sknames import GroupedClassifier, estimate_rates, estimate_shares
from sknames.datasets import make_names

MIXED = ["Dutch", "Turkish", "Polish"]


@pytest.fixture(scope="module")
def people(tmp_path_factory):
    """Write a table of 300 people of 100 papers; return it."""
    names, labels = make_names(300, nationalities=MIXED, random_state=0)
    rng = np.random.default_rng(0)
    table = pd.DataFrame(
        {
            "name": names,
            "paper": np.arange(300) // 3,
            "weight": np.arange(300) % 4 + 1,
            "checked": np.where(rng.random(300) < 0.5, labels, ""),
            "outcome": np.where(rng.random(300) < 0.4, "yes", "no"),
            "year": 2000 + np.arange(300) % 3,
            "side": np.array(["left", "right", ""])[np.arange(300) % 7 % 3],
            "nobody": "",
        }
    )
    folder = tmp_path_factory.mktemp("lists")
    table.to_csv(folder / "people.csv", index=False)
    (folder / "mix.csv").write_text("label,share\nDutch,.3\nothers,.7\n")
    (folder / "twice.csv").write_text("label,share\nDutch,.3\nDutch,.3\n")
    table.attrs["folder"] = folder
    return table


@pytest.fixture
def run(people, run_here, monkeypatch):
    """Return a function that runs a command: the rows it writes and what it says."""
    monkeypatch.chdir(people.attrs["folder"])

    def run(line, code=0):
        out, said = run_here(line, code=code)
        return [*csv.DictReader(io.StringIO(out))], said

    return run


def assert_rows_are(rows, table):
    """Check that rows written by a command are those of a table of Python."""
    assert [row["label"] for row in rows] == table.label.tolist()
    for column in ("share", "low", "high"):
        found = [float(row[column] or "nan") for row in rows]
        assert_allclose(found, getattr(table, column), atol=2e-6)


def test_shares_take_clusters_weights_and_checked_rows(people, run, shipped):
    columns = "--cluster paper --weight weight --checked checked"
    rows, said = run(f"shares people.csv {columns}")
    expected = estimate_shares(
        shipped,
        people.name,
        clusters=people.paper,
        sample_weight=people.weight,
        checked=people.checked.replace("", None),
        random_state=0,
    )
    assert_rows_are(rows, expected)
    assert "sknames: note: in 100 clusters" in said
    assert f"note: {(people.checked != '').sum()} of the names are checked" in said


def test_shares_against_a_known_mix_compare_with_a_file(people, run):
    rows, said = run("shares people.csv --against-mix mix.csv")
    assert {row["label"]: row["other"] for row in rows} == {
        "Dutch": "0.3",
        "others": "0.7",
    }
    assert "a census counts birth or citizenship, and this counts names" in said


def test_draw_writes_rows_to_check_at_random(people, run):
    rows, said = run("shares people.csv --draw 20")
    assert len(rows) == 20
    assert {row["checked"] for row in rows} == {""}
    for row in rows:
        assert people.name[int(row["row"])] == row["name"]
    positions = [int(row["row"]) for row in rows]
    assert positions == sorted({*positions})
    assert positions[-1] > 200
    assert "20 of 300 names: fill in the label of each, without reading it off" in said


def test_rates_write_those_of_python(people, run, shipped):
    rows, _ = run("rates people.csv --outcome outcome")
    expected = estimate_rates(
        shipped, people.name, outcome=people.outcome, random_state=0
    )
    assert len(rows) == len(expected.label)
    assert (rows[1]["label"], rows[1]["outcome"]) == (expected.label[1], "yes")
    assert float(rows[1]["rate"]) == pytest.approx(expected.rate[1], abs=1e-3)
    assert rows[-1]["rate"] == ""  # of a label without people


@pytest.mark.parametrize(
    "options, message",
    [
        ("--draw 301", "people.csv has only 300 names: give fewer"),
        ("--draw 20 --by year", "--draw only writes rows to check"),
        ("--weight name", "--weight: expected numbers, got '"),
        ("--cluster checked", "Expected a cluster for each name, got None"),
        ("--against-mix people.csv", "people.csv has no column 'label': give "),
        ("--against-mix twice.csv", "--against-mix has 'Dutch' twice"),
        ("--checked nobody", "--checked nobody: no row of people.csv has a label"),
        (
            "--against-mix mix.csv --by year --against 2000",
            "--against-mix does not go with --against",
        ),
    ],
)
def test_options_of_lists_that_do_not_fit_are_errors(run, options, message):
    assert message in run(f"shares people.csv {options}", code=None)[1]


def test_draw_of_rates_takes_as_many_rows_of_each_outcome(people, run, tmp_path):
    outcome = np.where(np.arange(300) < 6, "rare", people.outcome)
    people.assign(outcome=outcome).to_csv(tmp_path / "outcomes.csv", index=False)
    rows, _ = run(f"rates {tmp_path}/outcomes.csv --outcome outcome --draw 40")
    drawn = pd.DataFrame(rows)
    assert drawn["outcome"].value_counts().to_dict() == {"no": 17, "yes": 17, "rare": 6}
    for label, n in drawn["outcome"].value_counts().items():
        weights = drawn.loc[drawn["outcome"] == label, "checked_weight"].astype(float)
        assert_allclose(weights, (outcome == label).sum() / n)
        rows = drawn.loc[drawn["outcome"] == label, "row"].astype(int)
        assert {*outcome[rows]} == {label}


def test_draw_counts_rows_as_pandas_does(run, tmp_path):
    table = 'name\nAna Kowalska\n\n  \nJan Nowak\n123\n""\nAli Demir\n'
    path = tmp_path / "list.csv"
    path.write_text(table)
    rows, _ = run(f"shares {path} --draw 3")
    people = pd.read_csv(path)
    drawn = [(int(row["row"]), row["name"]) for row in rows]
    assert drawn == [(0, "Ana Kowalska"), (1, "Jan Nowak"), (4, "Ali Demir")]
    assert [people.name[row] for row, _ in drawn] == [name for _, name in drawn]


def test_shares_of_equal_rows_are_those_of_all_rows(people, run, shipped, tmp_path):
    columns = ["name", "paper", "weight", "checked"]
    twice = people[columns].loc[np.arange(300).repeat(2)]
    twice.to_csv(tmp_path / "twice.csv", index=False)
    for option, column, parameter in [
        ("--cluster", "paper", "clusters"),
        ("--weight", "weight", "sample_weight"),
        ("--checked", "checked", "checked"),
    ]:
        given = {parameter: twice[column].replace("", None)}
        expected = estimate_shares(shipped, twice.name, random_state=0, **given)
        rows, _ = run(f"shares {tmp_path / 'twice.csv'} {option} {column}")
        assert_rows_are(rows, expected)


def test_label_with_groups_takes_the_label_as_its_group(people, run, shipped):
    by_region = GroupedClassifier(shipped, groups="subregion")
    y = people.checked.replace("", None)
    expected = estimate_shares(by_region, people.name, checked=y, random_state=0)
    rows, _ = run("shares people.csv --groups subregion --checked checked")
    assert_rows_are(rows, expected)
    assert "Dutch" not in expected.label


def test_weight_may_be_blank_where_there_is_no_name(people, run, tmp_path):
    some = people[["name", "weight"]].astype(object)
    expected, _ = run("shares people.csv --weight weight")
    nobody = pd.DataFrame({"name": ["123"], "weight": [""]})
    pd.concat([some, nobody]).to_csv(tmp_path / "nobody.csv", index=False)
    assert run(f"shares {tmp_path / 'nobody.csv'} --weight weight")[0] == expected
    some.loc[7, "weight"] = ""
    some.to_csv(tmp_path / "blank.csv", index=False)
    _, said = run(f"shares {tmp_path / 'blank.csv'} --weight weight", code=2)
    assert "--weight: expected numbers, got ''" in said


def test_shares_by_name_a_group_that_cannot_be_estimated(people, run, tmp_path):
    department = np.where(people.paper < 99, "many", "one paper")
    table = people.assign(department=department)
    table.to_csv(tmp_path / "by.csv", index=False)
    command = f"shares {tmp_path}/by.csv --cluster paper --by"
    rows, said = run(f"{command} department")
    warning = (
        "warning: department: one paper: no estimate: Expected two or more clusters"
    )
    assert warning in said
    one_paper = [row for row in rows if row["department"] == "one paper"]
    assert [(row["share"], row["names"]) for row in one_paper] == [("", "3")]
    assert len(rows) == 75
    assert float(rows[0]["share"]) > 0.1
    _, said = run(f"{command} paper", code=1)
    assert said.startswith("sknames: Expected a part with an estimate, got none; paper")
    assert "no estimate: Expected two or more clusters, got one" in said


def test_shares_by_note_a_group_without_labels(
    people, run, run_here, tmp_path, monkeypatch
):
    checked = people.checked.where(people.year != 2001, "")
    people.assign(checked=checked).to_csv(tmp_path / "by.csv", index=False)
    command = f"shares {tmp_path}/by.csv --checked checked --by year"
    note = "no row is checked: these shares are estimated from names alone"
    _, said = run(command)
    lines = [line for line in said.splitlines() if note in line]
    assert lines == [f"sknames: note: year: 2001: {note}"]
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    out, _ = run_here(command)
    _, of_2001, _ = out.split("\n\n")
    assert of_2001.startswith("year: 2001")
    assert of_2001.endswith(note)


def test_known_mix_and_priors_are_read_alike(run, tmp_path):
    lines = ["Label;Share", "Dutch; .3", " Turkish ;.3", "others;.4", ""]
    table = "\n".join(lines).encode()
    (tmp_path / "mix.csv").write_bytes(table)
    (tmp_path / "mix.csv.gz").write_bytes(gzip.compress(table))
    pairs = "'Dutch=.3, Turkish =.3,others=.4'"
    for name, option in [("shares", "--against-mix"), ("predict", "--priors")]:
        expected, _ = run(f"{name} people.csv {option} {pairs}")
        assert len(expected) in (3, 300)
        for path in (tmp_path / "mix.csv", tmp_path / "mix.csv.gz"):
            assert run(f"{name} people.csv {option} {path}")[0] == expected
        with open(tmp_path / "mix.csv", "rb") as file:
            before = os.dup(0)
            os.dup2(file.fileno(), 0)
            try:
                assert run(f"{name} people.csv {option} -")[0] == expected
            finally:
                os.dup2(before, 0)
                os.close(before)
        (tmp_path / "latin.csv").write_bytes(
            "label,share\nTürkisch,1\n".encode("cp1252")
        )
        _, said = run(f"{name} people.csv {option} {tmp_path / 'latin.csv'}", code=1)
        assert "latin.csv: 1 of 2 lines are not UTF-8" in said
        assert "'Türkisch'" in said


@pytest.mark.parametrize("others", [0.69, 0.71])
def test_known_mix_and_priors_that_are_rounded_are_taken(run, others):
    pairs = f"Dutch=.3,others={others}"
    run(f"shares people.csv --against-mix {pairs}")
    run(f"predict people.csv --priors {pairs}")


@pytest.mark.parametrize("others", [0.68, 0.72])
def test_known_mix_and_priors_that_do_not_sum_to_1_are_refused(run, others):
    pairs = f"Dutch=.3,others={others}"
    _, said = run(f"shares people.csv --against-mix {pairs}", code=1)
    assert "Expected known shares that sum to 1" in said
    _, said = run(f"predict people.csv --priors {pairs}", code=1)
    assert "--priors sum to" in said


def test_shares_notes_name_the_option_that_sums_labels(
    run, run_here, tmp_path, monkeypatch
):
    alike = ["Danish", "Norwegian"]
    names, _ = make_names(60, nationalities=alike, random_state=0)
    (tmp_path / "in.csv").write_text("\n".join(["name", *names]), "utf-8")
    note = "sum them, as by --groups subregion"
    assert note in run(f"shares {tmp_path}/in.csv")[1]
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    assert note in run_here(f"shares {tmp_path}/in.csv")[0]


def test_lists_of_authors_are_to_be_split(run, tmp_path):
    path = tmp_path / "papers.csv"
    path.write_text("name\n" + '"Smith J, Doe J"\n' * 2 + "Jan Kowalski\n")
    advice = "several names in 2 of 3 rows: split them, one name a row."
    _, said = run(f"shares {path}")
    assert f"sknames: warning: {path}: {advice}" in said
    path.write_text("name\n" + '"Smith J, Doe J"\n' * 2 + "123\n")
    for command in ("shares", "rates --outcome name"):
        _, said = run(f"{command} {path}", code=1)
        assert said == f"sknames: {path}: {advice}\n"


def test_sure_holds_for_all_groups_of_by_as_holm_has_it(run, tmp_path):
    turkish, _ = make_names(300, nationalities=["Turkish"], random_state=1)
    dutch, _ = make_names(300, nationalities=["Dutch"], random_state=1)
    groups = {
        "half": [*turkish[:60], *dutch[:60]],
        # Alone, it differs from the half with a p-value of about .04: it is sure as
        # the last group of Holm's, but neither the first of two nor Bonferroni's.
        "more": [*turkish[60:136], *dutch[60:104]],
        "clear": [*dutch[180:]],
    }
    groups["again"] = groups["more"]

    def labels_that_are_sure(*chosen):
        rows = [(name, group) for group in chosen for name in groups[group]]
        table = pd.DataFrame(rows, columns=["name", "group"])
        table.to_csv(tmp_path / "by.csv", index=False)
        rows, _ = run(f"shares {tmp_path}/by.csv --by group --against half")
        return {(row["group"], row["label"]) for row in rows if row["sure"] == "true"}

    of_more = {("more", "Dutch"), ("more", "Turkish")}
    of_clear = {("clear", "Dutch"), ("clear", "Turkish")}
    assert labels_that_are_sure("half", "more") == of_more
    assert labels_that_are_sure("half", "more", "clear") == of_more | of_clear
    assert labels_that_are_sure("half", "more", "again") == set()


COLUMNS = {
    "--by year": lambda table: {"by": table.year.astype(str).rename("year")},
    "--by year,side": lambda table: {
        "by": table[["year", "side"]].astype(str).replace("", None)
    },
    "--cluster paper": lambda table: {"clusters": table.paper},
    "--weight weight": lambda table: {"sample_weight": table.weight},
    "--checked checked": lambda table: {"checked": table.checked.replace("", None)},
}


@settings(
    deadline=None,
    derandomize=True,
    max_examples=10,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    options=st.sets(st.sampled_from([*COLUMNS]), max_size=3),
    rows=st.integers(60, 300),
    suffix=st.sampled_from(["csv", "jsonl", "parquet"]),
    outcome=st.booleans(),
)
@pytest.mark.filterwarnings("ignore")
def test_command_writes_the_frame_of_python(
    people, shipped, run_here, tmp_path_factory, options, rows, suffix, outcome
):
    options = options - {"--by year"} if "--by year,side" in options else options
    table = people.iloc[:rows].copy()
    table.attrs = {}  # Parquet holds only what JSON can
    folder = tmp_path_factory.mktemp("any")
    path = folder / f"people.{suffix}"
    if suffix == "csv":
        table.to_csv(path, index=False)
    elif suffix == "jsonl":
        table.to_json(path, orient="records", lines=True)
    else:
        table.astype(str).to_parquet(path)
    given = {"random_state": 0}
    for option in options:
        given |= COLUMNS[option](table)
    estimate = estimate_shares
    command = f"shares {path} {' '.join(options)}"
    if outcome:
        estimate = estimate_rates
        given["outcome"] = table.outcome
        command = f"rates {path} --outcome outcome {' '.join(options)}"
    expected = estimate(shipped, table.name, **given).to_frame()
    run_here(f"{command} -o {folder / 'found.parquet'}")
    found = pd.read_parquet(folder / "found.parquet")
    assert [*found.columns] == [*expected.columns]
    for name in expected:
        if expected[name].dtype.kind == "f":
            assert_allclose(found[name].astype(float), expected[name], atol=2e-6)
        else:
            assert found[name].tolist() == expected[name].tolist()


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_git_shortlog_writes_a_list_of_authors(tmp_path, run_here, monkeypatch):
    """The recipe of docs/shares.md, in a repository of two authors."""

    def run_git(*arguments):
        settings = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
        command = ["git", "-c", "user.email=someone@example.org", *arguments]
        environment = os.environ | settings
        return subprocess.check_output(
            command, cwd=tmp_path, env=environment, text=True, stdin=subprocess.DEVNULL
        )

    run_git("init", "--quiet")
    for author in ("Pieter de Vries", "Ayşe Yılmaz", "Pieter de Vries"):
        name = f"user.name={author}"
        run_git("-c", name, "commit", "--quiet", "--allow-empty", "-m", "A change")
    page = (Path(__file__).parent.parent / "docs" / "shares.md").read_text("utf-8")
    recipe = re.search(r"`git (shortlog[^|]*) \| cut -f 2 > authors.txt`", page)[1]
    lines = run_git(*recipe.split()).splitlines()
    authors = [line.split("\t")[1] for line in lines]
    assert authors == ["Pieter de Vries", "Ayşe Yılmaz"]
    (tmp_path / "authors.txt").write_text("\n".join(authors) + "\n", "utf-8")
    monkeypatch.chdir(tmp_path)
    command = re.search(r"`sknames (shares authors.txt[^`]*)`", page)[1]
    out, said = run_here(command)
    rows = [*csv.DictReader(io.StringIO(out))]
    assert {row["label"] for row in rows[:2]} == {"Dutch", "Turkish"}
    assert "2 rows: 2 names, 0 not names" in said
