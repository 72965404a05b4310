"""Read the public test sets of names, and split them into halves.

They are files in the folder "public" of the data folder:

- arczi21_test.tsv: nationalities_test.csv of github.com/arczi21/nationality-prediction
  (9041e51a), 24,000 people of 24 European countries;
- goalscorers.tsv: scorers of 210 men's national teams from goalscorers.csv of
  github.com/martj42/international_results (65d212aa, CC0), without own goals, the four
  teams of the United Kingdom as GB;
- wikilabels13.tsv.gz: WikiLabels.tar.gz of github.com/appeler/ethnicolr (40b56747),
  144,632 people of 13 ethnicities (Ambekar et al., KDD 2009);
- nana_test.tsv.gz, nana_dev.tsv.gz: the folder "nana" of
  github.com/jimmy927/name2nat (Apache-2.0), 222,654 people of 173 nationalities as
  name2nat itself split them;
- common_names.tsv: common surnames, given names, full names and famous people, with the
  countries and nationalities that are acceptable predictions, written by hand; only
  `tools.retrain.gate` reads this file.

Each row of the other files has a name and a label. This module imports numpy only,
since public_rivals.py runs in environments without the other packages.
"""

import gzip
import re
from hashlib import sha256
from pathlib import Path

import numpy as np

FILES = {
    "arczi21": "arczi21_test.tsv",
    "goalscorers": "goalscorers.tsv",
    "wikilabels13": "wikilabels13.tsv.gz",
    "nana_test": "nana_test.tsv.gz",
    "nana_dev": "nana_dev.tsv.gz",
}
COMMON_NAMES = "common_names.tsv"
# Settings were chosen by looking at these sets, so only one half is reported.
CHOOSING = {"arczi21", "goalscorers"}
# Titles of articles have additions: Sandra (singer).
NOT_OF_THE_NAME = re.compile(r"\s*(?:\(.*|,.*)$")


def read_set(data, name):
    """Return the names and labels of a public set in the folder `data`."""
    titles, labels = read_titles(data, name)
    names = [NOT_OF_THE_NAME.sub("", title) or title for title in titles]
    return np.array(names, dtype=object), labels


def read_titles(data, name):
    """Return the names as they are written in a public set, and their labels."""
    path = Path(data) / "public" / FILES[name]
    content = path.read_bytes()
    if path.suffix == ".gz":
        content = gzip.decompress(content)
    rows = [line.split("\t") for line in content.decode().splitlines()]
    titles, labels = zip(*rows, strict=True)
    return np.array(titles, dtype=object), np.array(labels)


def is_reported(name):
    """Return whether a name belongs to the half that is reported.

    The other half may be used to choose settings, in the sets of `CHOOSING`. All names
    of other sets are reported.
    """
    return sha256(name.encode()).digest()[0] % 2 == 1
