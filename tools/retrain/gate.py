"""Check the predictions of common names before a model is shipped.

``python -m tools.retrain.gate FOLDER`` prints, for both models of a training, how often
the prediction for a common name is acceptable, the probability of acceptable labels,
the probability of small labels that are not acceptable, and the names with the worst
predictions. `tools.retrain` prints the same at its end, and the figures are in the
model card.

There are two lists of names, which are not used to choose any setting:

- "given": surnames, given names and full names with their acceptable labels, written by
  hand. They are in common_names.tsv of `tools.public_sets`.
- "drawn": the most frequent surnames and given names of each label among the people of
  all sources. A label is acceptable if a tenth or more of the bearers of the name have
  it, where labels are weighted by population. Names without an acceptable label are
  left out.

Test sets of full names do not show these errors, because rare labels are as frequent in
them as common ones, and single words are rare.
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

LEAST_PEOPLE = 200  # people; no names of labels with fewer are drawn
N_OF_LABEL = 5  # most frequent given names of a label, and as many surnames
# Labels with fewer bearers of a name than this are ignored: in a small sample of a
# populous country, a single bearer is often a foreigner, but would have a high weight.
LEAST_BEARERS = 5
LEAST_SHARE = 0.1  # of the bearers of a drawn name have an acceptable label
SMALL = 1.5  # million people; labels with fewer are hardly ever acceptable
N_WORST = 20
GIVEN = "given"
DRAWN = "drawn"
# Limits for the shipped models: the lowest share of acceptable predictions, and the
# highest probability of small labels that are not acceptable. If a training is better,
# raise the first and lower the second.
LEAST_ACCEPTED = {
    "nationality": {GIVEN: 0.97, DRAWN: 0.97},
    "country": {GIVEN: 0.95, DRAWN: 0.9},
}
MOST_SMALL = {"nationality": 0.01, "country": 0.04}


@dataclass(frozen=True)
class CommonNames:
    """Names, and the set of acceptable labels of each."""

    names: list
    acceptable: list

    def at(self, rows):
        """Return the names in these rows."""
        names = [self.names[row] for row in rows]
        return CommonNames(names, [self.acceptable[row] for row in rows])


def read_given(target):
    """Return the names of common_names.tsv, or None if there is no such file."""
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
    """Return the population of each label of a model, in millions, by label."""
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
        Population of each label, in millions.

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
        if labels:  # empty if no label has a tenth of the bearers
            names.append(name)
            acceptable.append(labels)
    return CommonNames(names, acceptable)


def most_frequent(counts, n):
    """Return the n words with the highest counts; ties are in alphabetical order."""
    return sorted(counts, key=lambda word: (-counts[word], word))[:n]


def figures(model, common, millions):
    """Evaluate the predictions of a model for common names.

    Parameters
    ----------
    model : classifier
        The model, with the priors to check.
    common : CommonNames
    millions : dict
        Population of each label, in millions.

    Returns
    -------
    figures : dict of float
        "n", the number of names; "accepted", the share of acceptable predictions;
        "probability", the mean probability of acceptable labels; "small", the mean
        probability of small labels that are not acceptable; and "small_answers", the
        share of predictions that are such labels.
    worst : list of tuple
        The names with the least probable acceptable labels: name, prediction, its
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
    """Return the available lists of names, a dict of `CommonNames` by title."""
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

    The name of the folder is the target of the model. Priors are the default ones.
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
            lines.append(f"Worst predictions, {title} names: {'; '.join(answers)}.")
    if not of_lists:
        return of_lists, "No common names are available."
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
    """Print the reports of both models in a folder.

    `sources` maps targets to the people from whom names are drawn; by default, they are
    read from all sources.
    """
    parser = argparse.ArgumentParser(
        prog="python -m tools.retrain.gate", description=__doc__.partition("\n")[0]
    )
    parser.add_argument(
        "folder",
        nargs="?",
        type=Path,
        default=MODELS,
        help="Folder of a training (default: the folder of the shipped models).",
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
