"""What the script of a name does to the answer: people of public life, spelled in eleven scripts.

Run ``python examples/benchmarks/bench_scripts.py``, or with ``--model folder`` for a model that
does not ship. It prints tables in Markdown, in seconds. It reads what `tools.retrain` reads with
``--spellings``, which shows apart foreigners of whose words no collection of spellings has one, and
with ``--locals folder``, the cache of `held_out.py`: what reading words in Latin costs locals who
are not well known.

people_in_scripts.csv is written by hand. Locals have a nationality that writes in the script;
foreigners are spelled as encyclopedias in a language of that script spell them. More than half of
the rows are foreigners, so a model that reads only the script fails. The people are well known: a
model may have learned their names in Latin letters, and those of locals in their own script. Read
the gaps between the columns, not the accuracy alone.
"""

import argparse
import csv
import re
from collections import Counter
from functools import partial
from pathlib import Path

import numpy as np
from anyascii import anyascii
from common import machine, show, table
from sklearn.frozen import FrozenEstimator

from sknames import CharEncoder, load_pretrained
from sknames._encoding.in_latin import in_latin
from sknames.metrics._top_label import wilson_interval
from sknames.pretrained import _load_pretrained
from tools.retrain.other_scripts import own_script, spell_person
from tools.retrain.recipe import person_of
from tools.retrain.spellings import read_spellings

PEOPLE = Path(__file__).with_name("people_in_scripts.csv")
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
    with PEOPLE.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def load(folder=None):
    """Return the shipped model, or that of a folder, with the shipped threshold to abstain."""
    model = load_pretrained(abstain=True)
    if folder is not None:
        model.estimator_ = FrozenEstimator(_load_pretrained.read(folder, None, "population"))
    return model


def of_new_words(rows):
    """Return a mask of the rows of whose words no collection has one, spelled like this."""
    spellings = read_spellings(person_of)
    known = {script: {*spellings.people[script].values()} for script in spellings.people}
    for script, words in spellings.words.items():
        known[script].update(*words.values())
    words = ({row["name"], *re.split(r"[\W_]+", row["name"].lower())} for row in rows)
    pairs = zip(words, rows, strict=True)
    return np.array([known[row["script"]].isdisjoint(some) for some, row in pairs])


def outcomes(model, rows):
    """Return a dict of arrays with one value for each row."""
    y = np.array([row["nationality"] for row in rows])
    names = [row["name"] for row in rows]
    spelled = {
        "name": names,
        "latin": [row["latin"] for row in rows],
        "ascii": [anyascii(name) for name in names],
    }
    probas = {key: model.predict_proba(some) for key, some in spelled.items()}
    classes = model.estimator_.classes_
    answers = {key: classes[proba.argmax(axis=1)] for key, proba in probas.items()}
    return {
        **{f"{key} right": answer == y for key, answer in answers.items()},
        "same": answers["name"] == answers["latin"],
        "answer": answers["name"],
        "probability": probas["name"].max(axis=1),
        "withheld": model.reasons(names) != "",
    }


def cells(found, some):
    """Return the figures of some rows, given as a mask."""
    right = found["name right"][some]
    low, high = wilson_interval(right.mean(), len(right))
    unsure = found["probability"][some][~right]
    shares = [found[key][some].mean() for key in ("latin right", "ascii right", "same")]
    return [
        len(right),
        f"{right.mean():.2f} ({low:.2f} to {high:.2f})",
        *(f"{share:.2f}" for share in shares),
        f"{unsure.mean():.2f}" if len(unsure) else "-",
        f"{found['withheld'][some].mean():.2f}",
    ]


def by_script(found, rows, new=None):
    """Return rows of a table: locals and foreigners of each script, and of all scripts.

    `new` is what `of_new_words` returns, or None.
    """
    scripts = np.array([row["script"] for row in rows])
    kinds = np.array([KINDS[row["local"]] for row in rows])
    groups = {
        f"{script}, {kind}": (scripts == script) & (kinds == kind)
        for kind in KINDS.values()
        for script in dict.fromkeys(scripts)
    }
    groups |= {f"all, {kind}": kinds == kind for kind in KINDS.values()}
    if new is not None:
        foreign = new & (kinds == KINDS["0"])
        for script in dict.fromkeys(scripts):
            groups[f"{script}, foreigners of new words"] = foreign & (scripts == script)
        groups["all, foreigners of new words"] = foreign
    return [[title, *cells(found, some)] for title, some in groups.items() if some.any()]


def by_nationality(found, rows, script):
    """Return rows of a table: locals of one script by nationality, with the wrong answers."""
    local = np.array([row["script"] == script and row["local"] == "1" for row in rows])
    y = np.array([row["nationality"] for row in rows])
    lines = []
    for nationality in np.unique(y[local]):
        some = local & (y == nationality)
        wrong = Counter(found["answer"][some & ~found["name right"]].tolist()).most_common()
        named = ", ".join(f"{label} {n}" for label, n in wrong)
        lines.append([nationality, *cells(found, some), named or "-"])
    return lines


def held_out_locals(cache):
    """Return held-out people in their script, as the recipe spells them, and their labels."""
    from held_out import split  # which reads people from this file

    rng, spellings = np.random.RandomState(0), read_spellings(person_of)
    names, y = [], []
    for name, label in zip(*split(cache).people, strict=True):
        script = own_script(label)
        if script and (own := spell_person(name, label, script, rng, spellings, person_of(name))):
            names.append(own)
            y.append(label)
    return np.array(names), np.array(y)


def cost_to_locals(model, cache):
    """Return rows of a table: accuracy of locals by nationality, by sounds and by words."""
    names, y = held_out_locals(cache)
    right = []
    for by_words in (False, True):
        CharEncoder._in_latin = staticmethod(partial(in_latin, by_words=by_words))
        right.append((model.predict(names) == y).astype(float))
    lines = []
    for label in [*np.unique(y), "all"]:
        by_sounds, by_words = (of[(y == label) | (label == "all")] for of in right)
        figures = f"{by_sounds.mean():.3f}", f"{by_words.mean():.3f}"
        lines.append([label, len(by_words), *figures, show(by_words - by_sounds, 3)])
    return lines


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--model", type=Path, help="folder of a model; default: the shipped one")
    parser.add_argument("--spellings", action="store_true", help="show those of new words apart")
    parser.add_argument("--locals", type=Path, help="cache of held_out.py; see above")
    args = parser.parse_args()
    print(machine())
    if args.locals:
        header = ["locals", "n", "by sounds", "by words", "difference"]
        model = load(args.model).estimator_
        print(table(header, cost_to_locals(model, args.locals)))
        return
    rows = people()
    found = outcomes(load(args.model), rows)
    print(f"\n{len(rows)} names as written:\n")
    new = of_new_words(rows) if args.spellings else None
    print(table(HEADER, by_script(found, rows, new)), end="\n\nLocals in Cyrillic:\n\n")
    print(table([*HEADER, "wrong answers"], by_nationality(found, rows, "Cyrillic")))


if __name__ == "__main__":
    main()
