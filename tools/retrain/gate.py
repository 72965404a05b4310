"""Check the predictions of common names before a model is shipped.

``python -m tools.retrain.gate FOLDER`` prints, for both models of a training, how often
the answer for a common name is acceptable, how probable the acceptable labels are, how
probable small ones are that are not acceptable, and the names with the worst answers.
`tools.retrain` prints the same when it ends, and the card has these figures.

There are two lists. Neither chooses a setting.

- Given names: surnames and given names alone, and full names, with the labels that are
  acceptable, written by hand: common_names.tsv of `tools.public_sets`.
- Drawn names: the most frequent surnames and given names of each label among the people
  of all sources, which nobody edits. A label is acceptable if a tenth or more of the
  bearers have it, where each label counts as many people as it has in the world. Names
  without such a label are left out.

Test sets of full names do not show these faults: they count rare labels like frequent
ones, and hardly have a word alone.
"""

import argparse
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sknames.datasets import load_countries, load_names, load_nationalities
from sknames.datasets._fetch_names import data_folder
from sknames.pretrained._load_pretrained import TARGETS, read_model
from tools import public_sets
from tools.measuring import table

from . import countries, recipe
from .files import MODELS

LEAST_PEOPLE = 200  # of a label, to draw its most frequent names
N_OF_LABEL = 5  # given names, and as many surnames
# People of a label who bear a drawn name, for the label to count: one bearer in a small
# sample of a populous country is often a foreigner, and would outweigh all others.
LEAST_BEARERS = 5
LEAST_SHARE = 0.1  # of the bearers of a drawn name, for an acceptable label
SMALL = 1.5  # million people; labels with fewer are hardly ever acceptable
N_WORST = 20
GIVEN = "given"
DRAWN = "drawn"
# The models that ship have at least so many acceptable answers, and give small labels
# that are not acceptable at most so much. A better training raises the first and lowers
# the second.
LEAST_ACCEPTED = {
    "nationality": {GIVEN: 0.97, DRAWN: 0.97},
    "country": {GIVEN: 0.95, DRAWN: 0.9},
}
MOST_SMALL = {"nationality": 0.01, "country": 0.04}


@dataclass(frozen=True)
class CommonNames:
    """Hold names, and the set of labels that are acceptable for each."""

    names: list
    acceptable: list

    def at(self, rows):
        """Return some of the names."""
        names = [self.names[row] for row in rows]
        return CommonNames(names, [self.acceptable[row] for row in rows])


def read_given(target):
    """Return the names that are given, or None if the file is not at hand."""
    path = data_folder(None) / "public" / public_sets.COMMON_NAMES
    if not path.is_file():
        return None
    names = []
    acceptable = []
    for line in path.read_text(encoding="utf-8").splitlines()[1:]:
        name, codes, nationalities = line.split("\t")
        names.append(name)
        is_country = target == "country"
        labels = codes.split() if is_country else nationalities.split(",")
        acceptable.append({*labels})
    return CommonNames(names, acceptable)


def millions_of_labels(target):
    """Return how many million people each label of a model stands for."""
    if target == "country":
        rows = load_countries()
        return dict(zip(rows.alpha_2.tolist(), rows.millions.tolist(), strict=True))
    rows = load_nationalities()
    sums = [sum(map(float, millions.split())) for millions in rows.millions]
    return dict(zip(rows.nationality, sums, strict=True))


def draw_names(sources, millions):
    """Return the most frequent surnames and given names of each label.

    Parameters
    ----------
    sources : dict of dict of list of str
        Names of people by source and label.
    millions : dict
        Million people of each label.

    Returns
    -------
    CommonNames
    """
    share_of = defaultdict(dict)  # of the people of a label who bear a word
    drawn = set()
    for label in sorted(millions):
        people = set().union(*(names.get(label, ()) for names in sources.values()))
        ends = [ends for ends in map(recipe.ends_of, people) if ends]
        if len(ends) < LEAST_PEOPLE:
            continue
        for words in zip(*ends, strict=True):
            drawn.update(most_frequent(Counter(words), N_OF_LABEL))
        bearers = Counter(word for pair in ends for word in {*pair})
        for word, n_bearers in bearers.items():
            if n_bearers >= LEAST_BEARERS:
                share_of[word][label] = n_bearers / len(ends)
    names = []
    acceptable = []
    for name in sorted(drawn):
        weights = {
            label: share * millions[label] for label, share in share_of[name].items()
        }
        least = LEAST_SHARE * sum(weights.values())
        labels = {label for label in weights if weights[label] >= least}
        if labels:  # none, if the name is spread over many
            names.append(name)
            acceptable.append(labels)
    return CommonNames(names, acceptable)


def most_frequent(counts, n):
    """Return the n words with the highest counts, of equal ones the first by letter."""
    return sorted(counts, key=lambda word: (-counts[word], word))[:n]


def figures(model, common, millions):
    """Return what a model answers for common names.

    Parameters
    ----------
    model : classifier
        With the priors that are to be checked.
    common : CommonNames
    millions : dict
        Million people of each label.

    Returns
    -------
    figures : dict of float
        "n"; "accepted", the share of acceptable answers; "probability" of acceptable
        labels; "small", the probability of small labels that are not acceptable;
        "small_answers", the share of names for which one of these is the answer.
    worst : list of tuple
        The names with the least probable acceptable labels: name, answer, its
        probability, probability of acceptable labels.
    """
    classes = model.classes_
    probabilities = model.predict_proba(common.names)
    is_small = np.array([millions[label] < SMALL for label in classes.tolist()])
    is_acceptable = np.array(
        [np.isin(classes, [*labels]) for labels in common.acceptable]
    )
    best = probabilities.argmax(axis=1)
    rows = np.arange(len(best))
    of_acceptable = (probabilities * is_acceptable).sum(axis=1)
    is_wrong_and_small = is_small & ~is_acceptable
    found = {
        "n": len(best),
        "accepted": float(is_acceptable[rows, best].mean()),
        "probability": float(of_acceptable.mean()),
        "small": float((probabilities * is_wrong_and_small).sum(axis=1).mean()),
        "small_answers": float(is_wrong_and_small[rows, best].mean()),
    }
    worst = []
    for row in np.argsort(of_acceptable, kind="stable")[:N_WORST]:
        answer = classes[best[row]].item()
        sure = float(probabilities[row, best[row]])
        worst.append((common.names[row], answer, sure, float(of_acceptable[row])))
    return found, worst


def lists_of_names(target, sources):
    """Return the lists by title, without those whose names are not at hand."""
    lists = {}
    given = read_given(target)
    if given is not None:
        is_single = np.array([" " not in name for name in given.names])
        lists[GIVEN] = given
        lists["given, single words"] = given.at(np.flatnonzero(is_single))
        lists["given, full names"] = given.at(np.flatnonzero(~is_single))
    drawn = draw_names(sources, millions_of_labels(target))
    if drawn.names:
        lists[DRAWN] = drawn
    return lists


def check(folder, sources):
    """Return the figures of a model for each list, and a report of them as text.

    The folder is called as what the model predicts. Priors are the default ones.
    """
    target = folder.name
    model = read_model(folder, priors="tempered")
    millions = millions_of_labels(target)
    of_lists = {}
    lines = []
    for title, common in lists_of_names(target, sources).items():
        of_lists[title], worst = figures(model, common, millions)
        if title in (GIVEN, DRAWN):
            answers = [
                f"{name} {answer} {sure:.2f} ({accepted:.2f})"
                for name, answer, sure, accepted in worst
            ]
            lines.append(f"Worst of the {title} names: {'; '.join(answers)}.")
    if not of_lists:
        return of_lists, "No common names are at hand."
    return of_lists, "\n\n".join([figures_table(of_lists), *lines])


def figures_table(of_lists):
    """Return the figures of the lists as a table in Markdown."""
    header = [
        "common names",
        "n",
        "acceptable answers",
        "probability of acceptable labels",
        "of other small labels",
        "answers that are other small labels",
    ]
    rows = []
    for title, found in of_lists.items():
        shares = [f"{value:.3f}" for key, value in found.items() if key != "n"]
        rows.append([title, f"{found['n']:,}", *shares])
    return table(header, rows)


def main(arguments=None, sources=None):
    """Print the report of both models in a folder.

    By default, the sources of people, by target, are all.
    """
    parser = argparse.ArgumentParser(
        prog="python -m tools.retrain.gate", description=__doc__.partition("\n")[0]
    )
    parser.add_argument(
        "folder",
        nargs="?",
        type=Path,
        default=MODELS,
        help="Folder of a training (default: that of the models that ship).",
    )
    folder = parser.parse_args(arguments).folder
    if sources is None:
        sources = {
            "nationality": recipe.typical_people(load_names(script="all")),
            "country": countries.read_people_of_countries(),
        }
    for target in TARGETS:
        _, report = check(folder / target, sources[target])
        print(f"{target}\n\n{report}\n")


if __name__ == "__main__":
    main()
