"""Tests of the command line on lists: sampled rows, priors and recipes."""

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

from sknames.datasets import make_names

MIXED = ["Dutch", "Turkish", "Polish"]


@pytest.fixture(scope="module")
def people(tmp_path_factory):
    """Write a table of 300 people and return it."""
    names, _ = make_names(300, nationalities=MIXED, random_state=0)
    rng = np.random.default_rng(0)
    outcome = np.where(rng.random(300) < 0.4, "yes", "no")
    outcome[:6] = "few"
    table = pd.DataFrame({"name": names, "outcome": outcome})
    folder = tmp_path_factory.mktemp("lists")
    table.to_csv(folder / "people.csv", index=False)
    table.attrs["folder"] = folder
    return table


@pytest.fixture
def run(people, run_here, monkeypatch):
    """Return a function that runs a command: (rows written, messages)."""
    monkeypatch.chdir(people.attrs["folder"])

    def run(line, code=0):
        out, messages = run_here(line, code=code)
        return [*csv.DictReader(io.StringIO(out))], messages

    return run


def test_shares_sample_writes_random_rows_without_labels(people, run):
    rows, messages = run("shares people.csv --sample 20")
    assert len(rows) == 20
    assert {row["checked"] for row in rows} == {""}
    for row in rows:
        assert people.name[int(row["row"])] == row["name"]
    positions = [int(row["row"]) for row in rows]
    assert positions == sorted({*positions})
    assert positions[-1] > 200
    assert (
        "20 of 300 names: fill in the labels from other sources than the name"
        in messages
    )


def test_rates_sample_is_balanced_over_outcomes(people, run):
    rows, _ = run("rates people.csv --outcome outcome --sample 40")
    drawn = pd.DataFrame(rows)
    counts = drawn["outcome"].value_counts().to_dict()
    assert counts == {"no": 17, "yes": 17, "few": 6}
    of_rows = people.outcome[drawn["row"].astype(int)]
    assert of_rows.tolist() == drawn["outcome"].tolist()


COMMAND = "predict people.csv --priors"


def test_priors_from_files_equal_priors_from_pairs(run, tmp_path):
    expected, _ = run(f"{COMMAND} 'Dutch=.3, Turkish =.3,others=.4'")
    lines = ["Label;Share", "Dutch; .3", " Turkish ;.3", "others;.4", ""]
    table = "\n".join(lines).encode()
    (tmp_path / "mix.csv").write_bytes(table)
    (tmp_path / "mix.csv.gz").write_bytes(gzip.compress(table))
    assert run(f"{COMMAND} {tmp_path / 'mix.csv'}")[0] == expected
    assert run(f"{COMMAND} {tmp_path / 'mix.csv.gz'}")[0] == expected
    with open(tmp_path / "mix.csv", "rb") as file:
        before = os.dup(0)
        os.dup2(file.fileno(), 0)
        try:
            assert run(f"{COMMAND} -")[0] == expected
        finally:
            os.dup2(before, 0)
            os.close(before)


@pytest.mark.parametrize("others", [0.69, 0.71])
def test_priors_with_rounded_sum_are_accepted(run, others):
    run(f"{COMMAND} Dutch=.3,others={others}")


def test_shares_of_rows_with_several_names_warns(run, tmp_path):
    path = tmp_path / "papers.csv"
    path.write_text("name\n" + '"Smith J, Doe J"\n' * 2 + "Jan Kowalski\n")
    _, messages = run(f"shares {path}")
    advice = "several names in 2 of 3 rows: split them into one name per row."
    assert f"sknames: warning: {path}: {advice}" in messages


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_git_shortlog_recipe_estimates_shares_of_authors(
    tmp_path, run_here, monkeypatch
):
    """Run the recipe of docs/shares.md in a repository with two authors."""

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
    out, messages = run_here(command)
    rows = [*csv.DictReader(io.StringIO(out))]
    assert {row["label"] for row in rows[:2]} == {"Dutch", "Turkish"}
    assert "2 rows: 2 names, 0 not names" in messages
