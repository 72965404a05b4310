"""Read people with their countries, and spellings of names in other scripts.

``python -m tools.retrain.people`` writes the folder ``people``. Its files are
tab-separated tables, compressed with gzip:

- lifters: "name", "alpha_2", "known_by" and "spelled", from OpenPowerlifting (public
  domain). The country is the lifter's own or, if unknown, that of all meets; "spelled"
  is the name in another script;
- rugby: "name" and "alpha_2", from RugbyScope and DBpedia (CC BY-SA 3.0), with the
  country of birth;
- state_legislators: the same columns, from openstates/people (CC0 1.0);
- weightlifters: the same columns, from OpenWeightlifting (BSD-3-Clause);
- ministers: the same columns, from the directory of world leaders of the United States
  government (public domain), with the country that they govern or represent;
- spellings: "name", "script" and "spelled", from RugbyScope and from the tests of
  hangulize (MIT).

The tables do not ship with sknames.
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
# "AMON-TANOH" has two words. Words of two capitals may be initials.
_WORD = re.compile(r"\b[^\W\d_]{3,}\b")
TABLES = [*SOURCES.values(), "spellings"]
# Data under CC BY-SA: a source of people, and the spellings in one script.
NOT_PERMISSIVE = {"rugby players", "Katakana"}


def table_path(name):
    """Return the path of a table in the data folder."""
    return data_folder(None) / "people" / f"{name}.tsv.gz"


def read_rows(name):
    """Return the rows of a table as dicts."""
    path = table_path(name)
    if not path.is_file():
        raise OSError(
            f"Expected {path}, but it is not there. Write it with "
            "`python -m tools.retrain.people`."
        )
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        return [*csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)]


def read_people(*, permissive=False):
    """Return full names by source and country, a dict of dicts of lists.

    With `permissive`, the sources in `NOT_PERMISSIVE` are left out.
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
    """Add spellings of whole names of lifters, and of words, to the `Spellings` found.

    With `permissive`, words of the scripts in `NOT_PERMISSIVE` are left out.
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
    """Return a name without words in capitals: "ABADIE Benoit" is "Abadie Benoit"."""
    return _WORD.sub(_word_as_in_names, name)


def _word_as_in_names(match):
    """Return the word of a match of `_WORD`, with only its first letter capitalized."""
    word = match[0]
    return word.capitalize() if word.isupper() else word
