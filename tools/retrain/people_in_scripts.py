"""Measure how the script of a name changes the prediction.

people_in_scripts.csv has people of public life in all scripts, and is written by hand.
Locals have a nationality that writes in the script; foreigners are spelled as
encyclopedias in a language of that script spell them. More than half of the rows are
foreigners, so a model that reads only the script fails. The models learn these people
in no spelling, also not in Latin letters: `recipe.in_scripts` leaves them out. But they
learn most words of their names, from namesakes. Read the gaps between the columns, not
the accuracy alone.
"""

from collections import Counter

import numpy as np
from anyascii import anyascii

from sknames import load_pretrained
from sknames.datasets import load_nationalities
from sknames.metrics._scorecard import wilson_interval
from sknames.pretrained._load_pretrained import read_model

from .tables import read_table

KINDS = {"1": "locals", "0": "foreigners"}  # by the column "local"
HEADER = [
    "people",
    "n",
    "accuracy (95 %)",
    "in Latin letters",
    "in ASCII",
    "same answer as in Latin letters",
    "probability of wrong answers",
    "withheld",
]


def people():
    """Return the rows of the file: one person in one script each."""
    return read_table("people_in_scripts.csv")


def load(folder=None):
    """Return the shipped model, or that of a folder.

    Both abstain by the shipped threshold.
    """
    model = load_pretrained(abstain=True)
    if folder is not None:
        model.estimator_ = read_model(folder, priors="tempered")
    return model


def outcomes(model, rows):
    """Return a dict of arrays with one value for each row."""
    y = np.array([row["nationality"] for row in rows])
    names = [row["name"] for row in rows]
    spelled = {
        "name": names,
        "latin": [row["latin"] for row in rows],
        "ascii": [anyascii(name) for name in names],
    }
    classes = model.estimator_.classes_
    found = {}
    answers = {}
    for key, some in spelled.items():
        proba = model.predict_proba(some)
        answers[key] = classes[proba.argmax(axis=1)]
        found[f"{key} right"] = answers[key] == y
        if key == "name":
            found["probability"] = proba.max(axis=1)
    found["same"] = answers["name"] == answers["latin"]
    found["answer"] = answers["name"]
    found["withheld"] = model.reasons(names) != ""
    return found


def cells(found, some):
    """Return the figures of some rows, given as a mask."""
    right = found["name right"][some]
    low, high = wilson_interval(right.mean(), len(right))
    row = [len(right), f"{right.mean():.2f} ({low:.2f} to {high:.2f})"]
    for key in ("latin right", "ascii right", "same"):
        row.append(f"{found[key][some].mean():.2f}")
    of_wrong = found["probability"][some][~right]
    row.append(f"{of_wrong.mean():.2f}" if len(of_wrong) else "-")
    row.append(f"{found['withheld'][some].mean():.2f}")
    return row


def by_script(found, rows, new=None):
    """Return rows of a table: locals and foreigners of each script, and of all scripts.

    `new` is what `of_new_words` returns, or None.
    """
    groups = _groups(rows)
    kinds = np.array([KINDS[row["local"]] for row in rows])
    scripts = np.array([row["script"] for row in rows])
    if new is not None:
        foreign = new & (kinds == KINDS["0"])
        for script in dict.fromkeys(scripts):
            groups[f"{script}, foreigners of new words"] = foreign & (scripts == script)
        groups["all, foreigners of new words"] = foreign
    return [
        [title, *cells(found, some)] for title, some in groups.items() if some.any()
    ]


def _groups(rows):
    """Return masks of locals and foreigners of each script, and of all scripts."""
    scripts = np.array([row["script"] for row in rows])
    kinds = np.array([KINDS[row["local"]] for row in rows])
    groups = {}
    for kind in KINDS.values():
        for script in dict.fromkeys(scripts):
            groups[f"{script}, {kind}"] = (scripts == script) & (kinds == kind)
    return groups | {f"all, {kind}": kinds == kind for kind in KINDS.values()}


def countries_by_script(rows):
    """Return rows of group, n, and how often a country of the nationality is right.

    They are of the model of countries that ships: as spelled, and in Latin letters.
    """
    table = load_nationalities()
    model = load_pretrained("country")
    countries = dict(zip(table.nationality, map(str.split, table.alpha_2), strict=True))
    of_row = [countries[row["nationality"]] for row in rows]
    right = {}
    for key in ("name", "latin"):
        answers = model.predict([row[key] for row in rows])
        pairs = zip(answers, of_row, strict=True)
        right[key] = np.array([answer in codes for answer, codes in pairs])
    table = []
    for title, some in _groups(rows).items():
        if some.any():
            accuracies = [float(hits[some].mean()) for hits in right.values()]
            table.append([title, int(some.sum()), *accuracies])
    return table


def by_nationality(found, rows, script):
    """Return rows of a table: locals of one script by nationality, with errors."""
    local = np.array([row["script"] == script and row["local"] == "1" for row in rows])
    y = np.array([row["nationality"] for row in rows])
    lines = []
    for nationality in np.unique(y[local]):
        some = local & (y == nationality)
        wrong = Counter(
            found["answer"][some & ~found["name right"]].tolist()
        ).most_common()
        named = ", ".join(f"{label} {n}" for label, n in wrong)
        lines.append([nationality, *cells(found, some), named or "-"])
    return lines
