"""Notices and pages list each source of names and figures, and all copied code."""

import csv
import re
import runpy
from pathlib import Path

import pytest

from tools.retrain import countries

ROOT = Path(__file__).parents[2]
NOTICE = (ROOT / "LICENSES" / "NOTICE.txt").read_text(encoding="utf-8")
TOOLS = ROOT / "tools" / "compile_names"
LISTS = {"F": "Faker", "M": "Mimesis"}
DICTIONARIES = ["enamdict", "jieba", "Wikidata", "rigour", "arabnamer", "habesha-names"]
DICTIONARIES += ["names-translator", "hangulize"]
PEOPLE = {
    "biographies": "name2nat",
    "chess players": "Scid",
    "names in Arabic": "arabic-name-romanizer",
    "lifters": "OpenPowerlifting",
    "rugby players": "RugbyScope",
    "legislators": "Open States",
    "weightlifters": "OpenWeightlifting",
    "ministers": "cia-world-leaders",
}


def test_notice_has_release_and_licence_of_each_compiled_name_list():
    lines = (TOOLS / "sources.txt").read_text(encoding="utf-8").splitlines()
    letters = {line.split()[2][0] for line in lines if line and line[0] != "#"}
    releases = dict(
        re.findall(
            r"(\w+)==([\d.]+)", (TOOLS / "compile_names.py").read_text(encoding="utf-8")
        )
    )
    for letter in letters:
        package = LISTS[letter]
        assert f"{package} {releases[package.lower()]}, MIT License" in NOTICE
        assert (ROOT / "LICENSES" / f"{package}.txt").is_file()


def test_notice_lists_each_source_of_population_figures():
    text = (ROOT / "sknames" / "_models" / "population.csv").read_text(encoding="utf-8")
    for row in csv.DictReader(text.splitlines()):
        assert row["source"].partition(":")[0] in NOTICE


def test_notice_lists_each_bundled_javascript_package():
    for path in runpy.run_path(str(ROOT / "docs" / "page" / "build.py"))["VENDORED"]:
        assert path.split("/")[0] in NOTICE


@pytest.mark.parametrize("page", ["LICENSES/NOTICE.txt", "docs/model_card.md"])
def test_notice_and_model_card_list_each_source_of_training_data(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    for source in [
        *(PEOPLE[kind] for kind in countries.AMOUNTS.most_people),
        *DICTIONARIES,
    ]:
        assert source in text
    assert all(package in text for package in LISTS.values())
