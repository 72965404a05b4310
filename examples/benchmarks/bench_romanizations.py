"""Measure how systems of romanization change the prediction of Russian names.

    python examples/benchmarks/bench_romanizations.py [--n-names 3000]

It reads `people/lifters.tsv.gz` in $SKNAMES_DATA (see tools/retrain/people.py), which
has Russians as they were registered in Cyrillic. The nationality model was not trained
on them. Each name is romanized by four systems, so that the systems are compared on the
same people.
"""

import argparse
import csv
import gzip
import os
from pathlib import Path

import numpy as np

from sknames import load_pretrained

CYRILLIC = "абвгдеёжзийклмнопрстуфхцчшщъыьэюя"
# The romanization of each letter of CYRILLIC, in order; "." means that it is dropped.
SYSTEMS = {
    "English (BGN/PCGN)": "a b v g d e yo zh z i y k l m n o p r s t u f kh ts ch sh "
    "shch . y . e yu ya",
    "German (Duden)": "a b w g d e jo sch s i i k l m n o p r s t u f ch z tsch sch "
    "schtsch . y . e ju ja",
    "French": "a b v g d e io j z i ï k l m n o p r s t ou f kh ts tch ch chtch . y . "
    "e iou ia",
    "scholarly (ISO 9, 1968)": "a b v g d e ë ž z i j k l m n o p r s t u f h c č š šč "
    ". y . è ju ja",
}


def cyrillic_names(n_names, random_state=0):
    """Return random names of Russian lifters in Cyrillic."""
    path = Path(os.environ["SKNAMES_DATA"]) / "people" / "lifters.tsv.gz"
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file, delimiter="\t")
        names = [row["spelled"] for row in rows if row["alpha_2"] == "RU"]
    letters = {*CYRILLIC, " ", "-"}
    names = sorted({name for name in names if name and {*name.lower()} <= letters})
    return np.random.RandomState(random_state).permutation(names)[:n_names]


def romanize(name, system):
    """Romanize a name by one of the SYSTEMS, with capitalized words."""
    letters = dict(zip(CYRILLIC, SYSTEMS[system].split(), strict=True))
    words = []
    for word in name.lower().split():
        latin = "".join(letters.get(character, character) for character in word)
        words.append(latin.replace(".", "").capitalize())
    return " ".join(words)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n-names", type=int, default=3000)
    arguments = parser.parse_args()
    names = cyrillic_names(arguments.n_names)
    model = load_pretrained(priors="uniform")
    spellings = {"Cyrillic": names}
    for system in SYSTEMS:
        spellings[system] = [romanize(name, system) for name in names]
    baseline = model.predict(spellings["English (BGN/PCGN)"]) == "Russian"
    print(f"{len(names)} Russians, equal priors")
    print("| spelling | example | Russian | less than in English (se) | next labels |")
    print("|---|---|---:|---:|---|")
    for system, spelled in spellings.items():
        predicted = model.predict(spelled)
        is_right = predicted == "Russian"
        change = is_right.astype(float) - baseline
        error = change.std() / np.sqrt(len(change))
        labels, counts = np.unique(predicted[~is_right], return_counts=True)
        largest = np.argsort(-counts, kind="stable")[:3]
        others = [f"{labels[k]} {counts[k] / len(names):.3f}" for k in largest]
        print(
            f"| {system} | {spelled[0]} | {is_right.mean():.3f} | {change.mean():+.3f} "
            f"({error:.3f}) | {', '.join(others)} |"
        )


if __name__ == "__main__":
    main()
