"""Read people of countries, and names as other scripts spell them.

``python -m tools.retrain.people`` makes the folder ``people``. Its files are tables
with tabs between columns, compressed with gzip:

- lifters: "name", "alpha_2", "known_by" and "spelled" of OpenPowerlifting (public
  domain), whose country is their own, or that of all their meets; "spelled" is the name
  in another script;
- rugby: "name" and "alpha_2" of RugbyScope, from DBpedia (CC BY-SA 3.0), by country of
  birth;
- state_legislators: the same of openstates/people (CC0 1.0);
- weightlifters: the same of OpenWeightlifting (BSD-3-Clause);
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
}
TABLES = [*SOURCES.values(), "spellings"]


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


def read_people():
    """Return the full names of each country, a dict by source of dicts of lists."""
    found = {source: defaultdict(list) for source in SOURCES}
    for source, file in SOURCES.items():
        for row in read_rows(file):
            if name := clean_entry(_capitalized(row["name"])):
                found[source][row["alpha_2"]].append(name)
    return found


def add_spellings(found, key_of):
    """Add the whole names of lifters, and words, to `Spellings`."""
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
        words = row["name"].split()
        spelled = re.split("[ ・＝]", row["spelled"])
        if len(words) == len(spelled):
            for pair in zip(words, spelled, strict=True):
                found.add(*pair, script)


def _capitalized(name):
    """Write a surname in capitals as names are: "ABADIE Benoit" is no initials."""
    return " ".join(
        w.capitalize() if w.isupper() and len(w) > 2 else w for w in name.split()
    )
