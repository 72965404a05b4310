"""Measure how much knowing the residence of people helps the country model.

Run ``SKNAMES_DATA=folder python examples/benchmarks/bench_residence.py``, with
``--half 0`` for the half that chooses. The folder must contain the training data of the
shipped models, the clone opl-data of tools/retrain/README.md, and
``migrants/stock_2019.tsv.gz``: residence, origin and people of the International
Migrant Stock 2019 of the United Nations (CC BY 3.0 IGO), with ISO 3166-1 alpha-2 codes.

The models were not trained on these people. Lifters represent one country, and all
their meets are in one country, which is taken as their residence. Held-out people of
all sources, drawn with the frequencies in the table of migrants, give an upper bound of
the gain. The figures are in results/residence.md.
"""

import argparse
import csv
import gzip
from dataclasses import dataclass

import numpy as np

from sknames._models.priors import check_priors
from sknames.datasets import load_countries
from sknames.datasets._fetch_names import data_folder
from tools.measuring import machine, table
from tools.retrain import kept_apart
from tools.retrain.people import OPL_DATA
from tools.retrain.people_sources import read_residents
from tools.retrain.recipe import is_kept_apart, person_of


@dataclass(frozen=True)
class Sample:
    """People, and the weight of each in each residence.

    Parameters
    ----------
    equal : ndarray of shape (n_people, n_classes)
        Probabilities under uniform priors.
    y : ndarray of shape (n_people,) of int
        Column of each person's label.
    weights : ndarray of shape (n_people, n_classes)
        Weight of a person in each residence; all weights sum to 1.
    strata : ndarray of shape (n_people,)
        Stratum of each person, for standard errors.
    """

    equal: np.ndarray
    y: np.ndarray
    weights: np.ndarray
    strata: np.ndarray

    def hits(self, priors):
        """Return which predictions are right in each residence, (n_people, n_classes).

        `priors` has one row for each residence, (n_classes, n_classes). If it is None,
        the residence is predicted.
        """
        right = self.y[:, None] == np.arange(len(self.weights.T))
        if priors is None:
            return right
        for here in np.flatnonzero(self.weights.any(axis=0)):
            best = (self.equal * priors[here]).argmax(axis=1)
            right[:, here] = best == self.y
        return right

    def lines(self, all_priors):
        """Return lines of a table, one for each of the priors.

        The columns are for all people, natives, and people from elsewhere. Each cell
        has the accuracy, and its difference from the accuracy with the first priors.
        """
        is_native = self.hits(None)
        parts = [np.ones_like(is_native), is_native, ~is_native]
        lines = []
        reference = self.hits(next(iter(all_priors.values())))
        for name, priors in all_priors.items():
            right = self.hits(priors)
            line = [name]
            for part in parts:
                weights = self.weights * part / (self.weights * part).sum()
                accuracy = (weights * right).sum()
                gaps = (weights * (right * 1.0 - reference)).sum(axis=1)
                error = self.error_of_sum(gaps, weights.any(axis=1))
                line.append(f"{accuracy:.3f} ({gaps.sum():+.3f} ± {error:.3f})")
            lines.append(line)
        return lines

    def error_of_sum(self, values, is_in):
        """Return the standard error of a sum over the people in the mask `is_in`."""
        variance = 0.0
        for stratum in np.unique(self.strata):
            of_stratum = values[is_in & (self.strata == stratum)]
            if len(of_stratum) > 1:
                variance += len(of_stratum) * of_stratum.var(ddof=1)
        return variance**0.5


def read_migrants(classes):
    """Return people by residence and origin, (n_classes, n_classes).

    The diagonal has the natives: the population minus all migrants. Rows of countries
    that are not in the table are 0.
    """
    countries = load_countries()
    inhabitants = dict(zip(countries.alpha_2, countries.millions * 1e6, strict=True))
    column_of = {code: column for column, code in enumerate(classes.tolist())}
    people = np.zeros((len(classes), len(classes)))
    path = data_folder(None) / "migrants" / "stock_2019.tsv.gz"
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            here = column_of.get(row["residence"])
            if here is None:
                continue
            if people[here, here] == 0:
                people[here, here] = inhabitants[row["residence"]]
            people[here, here] -= int(row["people"])
            if row["origin"] in column_of:
                people[here, column_of[row["origin"]]] = int(row["people"])
    return people


def shares(migrants, power=1.0, natives=1.0):
    """Return priors for each residence from its people, (n_classes, n_classes).

    Priors are proportional to the numbers of people to a power. The number of natives
    is multiplied by `natives`. Origins that are missing in a residence get its smallest
    number.
    """
    people = np.ones_like(migrants)
    for here in np.flatnonzero(migrants.any(axis=1)):
        row = migrants[here]
        people[here] = np.where(row > 0, row, row[row > 0].min())
        people[here, here] *= natives
    return people**power / (people**power).sum(axis=1, keepdims=True)


def with_natives(share, classes):
    """Return priors for each residence with a given share of natives.

    `share` is a number, or an array with a number for each residence. All other origins
    have their default proportions.
    """
    default = check_priors("tempered", classes)
    priors = np.tile(default, (len(classes), 1))
    np.fill_diagonal(priors, 0)
    others = 1 - np.broadcast_to(share, len(classes))
    priors *= (others / priors.sum(axis=1))[:, None]
    np.fill_diagonal(priors, share)
    return priors


def right_priors(migrants, classes):
    """Return the priors to compare, a dict by title."""
    default = np.tile(check_priors("tempered", classes), (len(classes), 1))
    of_table = shares(migrants)
    found = {"default": default, "always the residence": None}
    found["table"] = of_table
    found["table, square root"] = shares(migrants, 0.5)
    for power, name in ((1, "table"), (0.5, "square root")):
        natives = np.diag(shares(migrants, power))
        found[f"natives as in the {name}, others by default"] = with_natives(
            natives, classes
        )
    for share in (0.3, 0.5, 0.7):
        found[f"natives {share}, others by default"] = with_natives(share, classes)
    return found


def wrong_priors(migrants, classes):
    """Return wrong priors: of another residence, and with natives halved or doubled."""
    known = np.random.RandomState(0).permutation(np.flatnonzero(migrants.any(axis=1)))
    other = np.arange(len(classes))
    other[known] = np.roll(known, 1)
    found = {}
    for power, name in ((1, "table"), (0.5, "table, square root")):
        for natives, text in ((0.5, "halved"), (2, "doubled")):
            found[f"{name}, natives {text}"] = shares(migrants, power, natives)
        found[f"{name}, another residence"] = shares(migrants, power)[other]
    found["natives 0.5, another residence"] = with_natives(0.5, classes)[other]
    return found


def read_lifters():
    """Return the held-out lifters, with their residences as sources."""
    rows = []
    for name, own, of_meets in read_residents(OPL_DATA):
        if " " in name and is_kept_apart(person_of(name)):
            rows.append((name, own, of_meets))
    names, labels, residences = zip(*sorted(rows), strict=True)
    return kept_apart.People(
        np.array(names, dtype=object), np.array(labels), np.array(residences)
    )


def main():
    """Print tables in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--half",
        type=int,
        default=1,
        help="half of the people: 1, which is reported, or 0, which chooses "
        "(default: 1)",
    )
    half = parser.parse_args().half
    print(f"On {machine()}.\n")
    model, *few, _ = kept_apart.load("country")
    classes = model.classes_
    migrants = read_migrants(classes)
    known = classes[migrants.any(axis=1)]
    header = ["priors", "all", "natives", "from elsewhere"]

    lifters = kept_apart.load("country", people=read_lifters())[3][half]
    lifters = lifters.at(np.isin(lifters.sources, known))
    here = np.searchsorted(classes, lifters.sources)
    equal = model.predict_proba(lifters.names)
    y = np.searchsorted(classes, lifters.labels)
    weights = (here[:, None] == np.arange(len(classes))) / len(y)
    sample = Sample(equal, y, weights, np.zeros(len(y)))
    n_others = (y != here).sum()
    print(f"## {len(y):,} lifters, {n_others:,} of them from elsewhere\n")
    print(table(header, sample.lines(right_priors(migrants, classes))), end="\n\n")

    people = few[half]
    equal = model.predict_proba(people.names)
    y = np.searchsorted(classes, people.labels)
    n_people = np.bincount(y, minlength=len(classes))
    drawn = migrants * (n_people > 0)
    drawn[n_people == 0] = 0  # residences without natives among the people
    drawn /= np.maximum(drawn.sum(axis=1, keepdims=True), 1) * drawn.any(axis=1).sum()
    weights = (drawn / np.maximum(n_people, 1)).T[y]
    sample = Sample(equal, y, weights, y)
    n_residences = drawn.any(axis=1).sum()
    print(f"## {len(y):,} people, drawn as the table says, {n_residences} residences\n")
    priors = right_priors(migrants, classes) | wrong_priors(migrants, classes)
    print(table(header, sample.lines(priors)))


if __name__ == "__main__":
    main()
