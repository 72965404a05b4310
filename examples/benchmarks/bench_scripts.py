"""What the script of a name does to the answer: people of public life, spelled in eleven scripts.

Run ``python examples/benchmarks/bench_scripts.py``, or with ``--model folder`` for a model that
does not ship. It prints tables in Markdown, in seconds. It reads what `tools.retrain` reads with
``--spellings``, which shows apart foreigners of whose words no collection of spellings has one, and
with ``--locals``: what reading words in Latin costs locals who are not well known, whom
`tools/retrain/kept_apart.py` has. The others are those of `tools/retrain/people_in_scripts.py`.
"""

import argparse
import re
from contextlib import nullcontext
from pathlib import Path

import numpy as np

from tools.measuring import machine, show, table
from tools.retrain.kept_apart import people_apart
from tools.retrain.other_scripts import own_script, spell_person
from tools.retrain.people_in_scripts import (
    HEADER,
    by_nationality,
    by_script,
    load,
    outcomes,
    people,
)
from tools.retrain.recipe import by_sounds, person_of
from tools.retrain.spellings import read_spellings


def of_new_words(rows):
    """Return a mask of the rows of whose words no collection has one, spelled like this."""
    spellings = read_spellings(person_of)
    known = {script: {*spellings.people[script].values()} for script in spellings.people}
    for script, words in spellings.words.items():
        known[script].update(*words.values())
    words = ({row["name"], *re.split(r"[\W_]+", row["name"].lower())} for row in rows)
    pairs = zip(words, rows, strict=True)
    return np.array([known[row["script"]].isdisjoint(some) for some, row in pairs])


def locals_apart():
    """Return people kept apart in their script, as the recipe spells them, and their labels."""
    rng, spellings = np.random.RandomState(0), read_spellings(person_of)
    names, y, apart = [], [], people_apart()
    for name, label in zip(apart.names, apart.labels, strict=True):
        script = own_script(label)
        if script and (own := spell_person(name, label, script, spellings, person_of(name), rng)):
            names.append(own)
            y.append(label)
    return np.array(names), np.array(y)


def cost_to_locals(model):
    """Return rows of a table: accuracy of locals by nationality, by sounds and by words."""
    names, y = locals_apart()
    right = []
    for reading in (by_sounds(), nullcontext()):
        with reading:
            right.append((model.predict(names) == y).astype(float))
    lines = []
    for label in [*np.unique(y), "all"]:
        sounds, words = (of[(y == label) | (label == "all")] for of in right)
        figures = f"{sounds.mean():.3f}", f"{words.mean():.3f}"
        lines.append([label, len(words), *figures, show(words - sounds, 3)])
    return lines


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--model", type=Path, help="folder of a model; default: the shipped one")
    parser.add_argument("--spellings", action="store_true", help="show those of new words apart")
    parser.add_argument("--locals", action="store_true", help="people kept apart; see above")
    args = parser.parse_args()
    print(machine())
    if args.locals:
        header = ["locals", "n", "by sounds", "by words", "difference"]
        print(table(header, cost_to_locals(load(args.model).estimator_)))
        return
    rows = people()
    found = outcomes(load(args.model), rows)
    print(f"\n{len(rows)} names as written:\n")
    new = of_new_words(rows) if args.spellings else None
    print(table(HEADER, by_script(found, rows, new)), end="\n\nLocals in Cyrillic:\n\n")
    print(table([*HEADER, "wrong answers"], by_nationality(found, rows, "Cyrillic")))


if __name__ == "__main__":
    main()
