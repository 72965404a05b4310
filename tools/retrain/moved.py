"""Print the predictions that differ between two trainings, as CSV.

    python -m tools.retrain.moved OLD NEW > moved.csv

OLD and NEW are folders that training writes, such as sknames/pretrained and
build/trained/1. The names are those that ship with the package, and made-up full names,
so the table does not contain real people. A summary by label is printed to stderr.
"""

import csv
import sys
from collections import Counter
from pathlib import Path

import numpy as np

from sknames.datasets import load_names, make_names
from sknames.pretrained._load_pretrained import TARGETS, read_model

N_MADE = 10_000  # full names
N_SHOWN = 10  # most frequent changes in the summary


def moved_answers(old, new, names):
    """Return the names for which two models predict different labels.

    Parameters
    ----------
    old, new : classifier
        Fitted classifiers with `predict_proba`.
    names : sequence of str

    Returns
    -------
    list of tuple
        (name, old label, its probability, new label, its probability)
    """
    columns = []
    for model in (old, new):
        probabilities = model.predict_proba(names)
        best = probabilities.argmax(axis=1)
        columns += [model.classes_[best], probabilities.max(axis=1)]
    rows = zip(names, *columns, strict=True)
    return [row for row in rows if row[1] != row[3]]


def main(old_folder, new_folder):
    words, _ = load_names(script="all", return_X_y=True)
    made, _ = make_names(N_MADE, script="all", random_state=0)
    names = np.concatenate([words, made]).tolist()
    writer = csv.writer(sys.stdout)
    writer.writerow(["model", "name", "before", "probability", "after", "probability"])
    for target in TARGETS:
        old, new = (read_model(Path(f) / target) for f in (old_folder, new_folder))
        rows = moved_answers(old, new, names)
        for name, before, sure, after, sure_after in rows:
            writer.writerow(
                [target, name, before, f"{sure:.3f}", after, f"{sure_after:.3f}"]
            )
        print(
            f"{target}: {len(rows)} of {len(names)} predictions differ", file=sys.stderr
        )
        moves = Counter((row[1], row[3]) for row in rows)
        for (before, after), count in moves.most_common(N_SHOWN):
            print(f"  {before} -> {after}: {count}", file=sys.stderr)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
