"""Read people with their countries, and spellings of names in other scripts.

``python -m tools.retrain.people`` makes the folder ``people``. Its files are tables
with tabs between columns, compressed with gzip:

- lifters: "name", "alpha_2", "known_by" and "spelled" of OpenPowerlifting (public
  domain), whose country is their own, or that of all their meets; "spelled" is the name
  in another script;
- rugby: "name" and "alpha_2" of RugbyScope, from DBpedia (CC BY-SA 3.0), by country of
  birth;
- state_legislators: the same of openstates/people (CC0 1.0);
- weightlifters: the same of OpenWeightlifting (BSD-3-Clause);
- ministers: the same of the directory of world leaders of the United States government
  (public domain), by the country that they govern or stand for;
- spellings: "name", "script" and "spelled", of RugbyScope and of the tests of hangulize
  (MIT).

None ships with sknames.
"""

import csv
import gzip
import re
from collections import defaultdict

from sknames.datasets._fetch_names import data_folder

from .chess_players import clean_entry
from .spellings import script_of

SOURCES = {
    "lifters": "lifters",
    "rugby players": "rugby",
    "legislators": "state_legislators",
    "weightlifters": "weightlifters",
    "ministers": "ministers",
}
# "AMON-TANOH" is two words. Two capitals may be initials.
_WORD = re.compile(r"\b[^\W\d_]{3,}\b")
TABLES = [*SOURCES.values(), "spellings"]
# What is under CC BY-SA: a source of people, and the spellings in a script.
NOT_PERMISSIVE = {"rugby players", "Katakana"}


def table_path(name):
    """Return where a table is in the folder of data."""
    return data_folder(None) / "people" / f"{name}.tsv.gz"


def read_rows(name):
    """Return the rows of a file, a dict each."""
    path = table_path(name)
    if not path.is_file():
        raise OSError(
            f"Expected {path}, and it is not there. Make it with "
            "`python -m tools.retrain.people`."
        )
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        return [*csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)]


def read_people(*, permissive=False):
    """Return the full names of each country, a dict by source of dicts of lists.

    With `permissive`, the sources of `NOT_PERMISSIVE` are left out.
    """
    found = {}
    for source, file in SOURCES.items():
        if permissive and source in NOT_PERMISSIVE:
            continue
        found[source] = defaultdict(list)
        for row in read_rows(file):
            if name := clean_entry(_capitalized(row["name"])):
                found[source][row["alpha_2"]].append(name)
    return found


def add_spellings(found, key_of, *, permissive=False):
    """Add the whole names of lifters, and words, to `Spellings`.

    With `permissive`, the scripts of `NOT_PERMISSIVE` are left out.
    """
    for row in read_rows("lifters"):
        name = clean_entry(row["name"])
        spelled = row["spelled"].strip()
        script = script_of(spelled[:1] or " ")
        if script and len(name.split()) == len(row["name"].split()) == len(
            spelled.split()
        ):
            found.people[script].setdefault(key_of(name), spelled.lower())
    for row in read_rows("spellings"):
        script = row["script"].partition("/")[0]
        if permissive and script in NOT_PERMISSIVE:
            continue
        words = row["name"].split()
        spelled = re.split("[ ・＝]", row["spelled"])
        if len(words) == len(spelled):
            for pair in zip(words, spelled, strict=True):
                found.add(*pair, script)


def _capitalized(name):
    """Write a surname in capitals as names are: "ABADIE Benoit" is no initials."""
    return _WORD.sub(_word_as_in_names, name)


def _word_as_in_names(match):
    """Return the word of a match of `_WORD`, without capitals but the first."""
    word = match[0]
    return word.capitalize() if word.isupper() else word
