"""Measure how the script of a name changes the prediction.

people_in_scripts.csv, which is written by hand, has public figures in all scripts.
Locals have a nationality that uses the script. Foreigners are spelled as encyclopedias
in a language of the script spell them. More than half of the rows are foreigners, so a
model that relies on the script alone fails. `recipe.in_scripts` excludes these people
from the training data in all spellings, including Latin letters. Most words of their
names are in the training data, in names of other people. So compare the columns with
each other, instead of reading the accuracy alone.
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
    """Return the rows of the table, each a person in one script."""
    return read_table("people_in_scripts.csv")


def load(folder=None):
    """Return the shipped model, or that of a folder, with the shipped threshold."""
    model = load_pretrained(abstain=True)
    if folder is not None:
        model.estimator_ = read_model(folder, priors="tempered")
    return model


def outcomes(model, rows):
    """Evaluate the predictions for all rows; return a dict of arrays, (n_rows,)."""
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
    """Return the cells of a table for the rows in the mask `some`."""
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
    """Return a table of locals and foreigners in each script, and in all scripts.

    `new` is a mask of the names without a known word, or None.
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
    """Return masks of locals and foreigners in each script, and in all scripts."""
    scripts = np.array([row["script"] for row in rows])
    kinds = np.array([KINDS[row["local"]] for row in rows])
    groups = {}
    for kind in KINDS.values():
        for script in dict.fromkeys(scripts):
            groups[f"{script}, {kind}"] = (scripts == script) & (kinds == kind)
    return groups | {f"all, {kind}": kinds == kind for kind in KINDS.values()}


def countries_by_script(rows):
    """Evaluate the shipped country model on locals and foreigners in each script.

    A prediction is right if the nationality has the country. Return rows of group, n,
    accuracy as spelled, and accuracy in Latin letters.
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
    """Return a table of the locals in a script by nationality, with wrong answers."""
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
