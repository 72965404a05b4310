"""The command line on lists: papers, weights, checked rows, known mixes and rates."""

import csv
import io
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sknames import estimate_rates, estimate_shares
from sknames.datasets import make_names
from tests.conftest import run_process

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
        }
    )
    folder = tmp_path_factory.mktemp("lists")
    table.to_csv(folder / "people.csv", index=False)
    (folder / "mix.csv").write_text("label,share\nDutch,.3\nothers,.7\n")
    table.attrs["folder"] = folder
    return table


def run(people, *arguments):
    """Run a command on the table; return the rows it writes and what it says."""
    done = run_process(
        sys.executable,
        "-m",
        "sknames",
        *arguments,
        code=None,
        cwd=people.attrs["folder"],
    )
    return [*csv.DictReader(io.StringIO(done.stdout))], done.stderr


def test_shares_take_clusters_weights_and_checked_rows(people, shipped):
    columns = ["--cluster", "paper", "--weight", "weight", "--label", "checked"]
    rows, said = run(people, "shares", "people.csv", *columns)
    expected = estimate_shares(
        shipped,
        people.name,
        clusters=people.paper,
        sample_weight=people.weight,
        y=people.checked.replace("", None),
        random_state=0,
    )
    assert [row["label"] for row in rows[:3]] == expected.label[:3].tolist()
    low = [float(row["low"]) for row in rows[:3]]
    np.testing.assert_allclose(low, expected.low[:3], atol=1e-3)
    assert "sknames: note: in 100 clusters" in said
    assert f"note: {(people.checked != '').sum()} of the names are checked" in said


def test_shares_against_a_known_mix_compare_with_a_file(people):
    rows, said = run(people, "shares", "people.csv", "--against-mix", "mix.csv")
    assert {row["label"]: row["other"] for row in rows} == {
        "Dutch": "0.3",
        "others": "0.7",
    }
    assert "a census counts birth or citizenship, and this counts names" in said


def test_draw_writes_rows_to_check_at_random(people):
    rows, said = run(people, "shares", "people.csv", "--draw", "20")
    assert len(rows) == 20 and {row["label"] for row in rows} == {""}
    for row in rows:
        assert people.name[int(row["row"])] == row["name"]
    positions = [int(row["row"]) for row in rows]
    assert positions == sorted({*positions}) and positions[-1] > 200
    assert "20 of 300 names: fill in the label of each, without reading it off" in said


def test_rates_write_those_of_python(people, shipped):
    rows, _ = run(people, "rates", "people.csv", "--outcome", "outcome")
    expected = estimate_rates(
        shipped, people.name, outcome=people.outcome, random_state=0
    )
    assert len(rows) == len(expected.label)
    assert (rows[1]["label"], rows[1]["outcome"]) == (expected.label[1], "yes")
    assert float(rows[1]["rate"]) == pytest.approx(expected.rate[1], abs=1e-3)
    assert rows[-1]["rate"] == ""  # of a label without people


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["--draw", "301"], "people.csv has only 300 names: give fewer"),
        (["--draw", "20", "--by", "year"], "--draw only writes rows to check"),
        (["--weight", "name"], "--weight: expected numbers, got '"),
        (["--cluster", "checked"], "Expected a cluster for each name, got None"),
        (["--against-mix", "people.csv"], "expected a label and a share from 0 to 1"),
        (
            ["--against-mix", "mix.csv", "--by", "year", "--against", "2000"],
            "--against-mix does not go with --against",
        ),
    ],
    ids=str,
)
def test_wrong_options_of_lists_are_told(people, arguments, message):
    assert message in run(people, "shares", "people.csv", *arguments)[1]


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_git_shortlog_writes_a_list_of_authors(tmp_path):
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
    people = pd.DataFrame()
    people.attrs["folder"] = tmp_path
    command = re.search(r"`sknames (shares authors.txt[^`]*)`", page)[1]
    rows, said = run(people, *command.split())
    assert {row["label"] for row in rows[:2]} == {"Dutch", "Turkish"}
    assert "2 rows: 2 names, 0 not names" in said
