"""Choose the median of several trainings, and report how much their figures differ.

``python -m tools.retrain.choose FOLDER FOLDER FOLDER`` needs folders with both models,
written by ``python -m tools.retrain --output FOLDER``, and the training data and public
sets in SKNAMES_DATA. It prints the accuracy of each training on the half of the people
that chooses, and the training with the median accuracy. Then it prints the figures on
the other half, which is reported and was not used to choose. ``--write PAGE`` writes
this second table into a page.

All figures assume uniform priors. The people are the held-out people, see
kept_apart.py, and those people in public sets who are not in the training data, see
new_people.py. Public sets have countries, so the probability of a nationality is
divided among its countries.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sknames.pretrained._load_pretrained import TARGETS
from tools.measuring import table
from tools.pages import write_blocks

from . import kept_apart, new_people
from .files import MODELS

MARK = "trainings of tools.retrain.choose"
# The public sets for each model, and their titles in tables.
PUBLIC = {
    "nationality": {"arczi21": "arczi21, new people"},
    "country": {
        "arczi21": "arczi21, new people",
        "goalscorers": "goalscorers, new people",
    },
}
# For these sets, predictions are restricted to the countries of the set.
CLOSED = {"arczi21"}


@dataclass(frozen=True)
class Figure:
    """Hold the accuracy of a model on some people."""

    n_people: int
    accuracy: float


def read_sets(known):
    """Return a dict of `PublicSet` by name; see `read_public` for `known`."""
    return {name: new_people.read_public(name, known) for name in PUBLIC["country"]}


def figure(model, names, labels, shares=None, among=None):
    """Return the accuracy of a model on people.

    With `shares`, of shape (n_classes, n_among), the probabilities of the classes are
    divided among the labels `among`.
    """
    scores = model.predict_proba(names)
    classes = model.classes_
    if shares is not None:
        scores = scores @ shares
        classes = among
    hits = classes[scores.argmax(axis=1)] == labels
    return Figure(len(names), float(hits.mean()))


def shares_among(target, classes, among):
    """Return the shares by which each class is divided among some countries."""
    if target == "nationality":
        return new_people.country_shares(classes, among)
    return (classes[:, None] == among).astype(float)


def measure(folder, sets, apart=None):
    """Return the figures of both models of a training.

    The result has two dicts of `Figure` by title: for the half that chooses, and for
    the half that is reported. `apart` maps targets to held-out people; by default, they
    are read from all sources.
    """
    choosing = {}
    reported = {}
    for target in TARGETS:
        people = apart[target] if apart else None
        model, choose, report, _ = kept_apart.load(target, folder / target, people)
        title = f"{target}, held-out people"
        choosing[title] = figure(model, choose.names, choose.labels)
        reported[title] = figure(model, report.names, report.labels)
        for name, title in PUBLIC[target].items():
            people = sets[name]
            among = model.classes_
            if name in CLOSED:
                among = np.unique(people.countries)
            shares = shares_among(target, model.classes_, among)
            title = f"{target}, {title}"
            for found, rows in (
                (choosing, people.is_new & ~people.is_reported),
                (reported, people.is_new & people.is_reported),
            ):
                of_half = people.names[rows], people.countries[rows]
                found[title] = figure(model, *of_half, shares, among)
    return choosing, reported


def middle(figures):
    """Return the index of the training whose mean accuracy is the median."""
    means = [mean_accuracy(found) for found in figures]
    return int(np.argsort(means, kind="stable")[(len(means) - 1) // 2])


def mean_accuracy(found):
    """Return the mean of the accuracies in a dict of `Figure`."""
    return np.mean([figure.accuracy for figure in found.values()])


def choosing_table(names, figures):
    """Return the table of the half that chooses, with a column for each training."""
    rows = []
    for title, first in figures[0].items():
        cells = [f"{found[title].accuracy:.4f}" for found in figures]
        rows.append([title, f"{first.n_people:,}", *cells])
    means = [f"{mean_accuracy(found):.4f}" for found in figures]
    rows.append(["mean", "", *means])
    return table(["the half that chooses", "people", *names], rows)


def reported_table(figures, chosen):
    """Return the table of the reported half: the chosen training, and ranges."""
    rows = []
    for title, first in figures[chosen].items():
        accuracies = [found[title].accuracy for found in figures]
        cells = [first.accuracy, np.min(accuracies), np.max(accuracies)]
        n_people = f"{first.n_people:,}"
        rows.append([title, n_people, *(f"{accuracy:.3f}" for accuracy in cells)])
    of_trainings = f"of {len(figures)} trainings"
    lowest = f"lowest {of_trainings}"
    highest = f"highest {of_trainings}"
    return table(["accuracy", "people", "that ships", lowest, highest], rows)


def main(arguments=None, apart=None, known=None):
    """Print both tables, and write the second one into pages.

    By default, the held-out people, `apart`, and the people in the sources, `known`,
    are read from all sources.
    """
    parser = argparse.ArgumentParser(
        prog="python -m tools.retrain.choose", description=__doc__.partition("\n")[0]
    )
    parser.add_argument(
        "folders",
        nargs="*",
        type=Path,
        default=[MODELS],
        help="Folders of trainings (default: the folder of the shipped models).",
    )
    parser.add_argument(
        "--write",
        nargs="*",
        default=[],
        type=Path,
        help="Pages into which the second table is written.",
    )
    options = parser.parse_args(arguments)
    sets = read_sets(new_people.source_people() if known is None else known)
    choosing = []
    reported = []
    for folder in options.folders:
        of_choosing, of_reported = measure(folder, sets, apart)
        choosing.append(of_choosing)
        reported.append(of_reported)
    chosen = middle(choosing)
    names = [str(folder) for folder in options.folders]
    print(choosing_table(names, choosing))
    print(f"\nThe training with the median mean accuracy is {names[chosen]}.\n")
    content = reported_table(reported, chosen)
    print(content)
    write_blocks(options.write, {MARK: content})


if __name__ == "__main__":
    main()
