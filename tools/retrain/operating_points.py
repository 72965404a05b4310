"""Choose and evaluate thresholds that separate one label from all others.

Thresholds are chosen on one half of the held-out people. Recall and false-positive
rate, the share of other people above the threshold, are measured on the other half.
For the false-positive rate, labels are weighted by the default priors.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import logit

from sknames._base.exact_limits import exact_limit
from sknames._base.labels_and_weights import MIN_HELD_OUT
from sknames._models.priors import exchange_priors

# The recall to reach, and the number of held-out people that a label needs for it.
LEAST_PEOPLE = {0.8: 30, 0.95: 100}
PREVALENCES = {"1": 0.01, "5": 0.05, "20": 0.2}  # by percentage, as in column names
N_RESAMPLES = 2_000
CONFIDENCE_LEVEL = 0.95
N_TAKEN_MOST = 5  # labels with the most false positives
TINY = 1e-12  # lowest probability, so that log odds are finite


@dataclass(frozen=True)
class Predicted:
    """People and their predicted probabilities under the default priors.

    Parameters
    ----------
    probabilities : ndarray of shape (n_people, n_classes)
    columns : ndarray of shape (n_people,) of int
        The class of each person.
    sources : ndarray of shape (n_people,) of str
    """

    probabilities: NDArray[np.floating]
    columns: NDArray[np.integer]
    sources: NDArray[Any]


def predicted(model, people, priors):
    """Return the predictions of a model with uniform priors, under other priors."""
    classes = model.classes_
    equal = np.full(len(classes), 1 / len(classes))
    return Predicted(
        exchange_priors(model.predict_proba(people.names), equal, priors),
        np.searchsorted(classes, people.labels),
        people.sources,
    )


@dataclass(frozen=True)
class Strata:
    """Strata of the bootstrap: the people of each label in each source.

    Parameters
    ----------
    of_person : ndarray of shape (n_people,) of int
        The stratum of each person.
    n_people : ndarray of shape (n_strata,) of int
    columns : ndarray of shape (n_strata,) of int
        The class of each stratum.
    """

    of_person: NDArray[np.integer]
    n_people: NDArray[np.integer]
    columns: NDArray[np.integer]

    @classmethod
    def of(cls, people):
        """Return the strata of `Predicted` people."""
        sources = np.unique(people.sources, return_inverse=True)[1]
        pairs, of_person, n_people = np.unique(
            np.column_stack([people.columns, sources]),
            axis=0,
            return_inverse=True,
            return_counts=True,
        )
        return cls(of_person, n_people, pairs[:, 0])

    def n_taken(self, is_taken):
        """Return how many people in each stratum are above the threshold."""
        return np.bincount(self.of_person, is_taken, minlength=len(self.n_people))

    def resample(self, n_taken, rng):
        """Return bootstrap replicates of `n_taken`, (n_resamples, n_strata).

        The number of people above the threshold in a resampled stratum has a binomial
        distribution.
        """
        size = (N_RESAMPLES, len(n_taken))
        return rng.binomial(self.n_people, n_taken / self.n_people, size)


def log_odds(probabilities, column):
    """Return the log odds of a class, (n_people,)."""
    return logit(np.clip(probabilities[:, column], TINY, 1 - TINY))


def threshold_for(scores, recall):
    """Return the highest threshold that at least this share of people reach.

    It is rounded down to three decimals, so that rounding does not reduce the recall.
    """
    n_found = int(np.ceil(recall * len(scores)))
    return float(np.floor(1_000 * np.sort(scores)[-n_found]) / 1_000)


def predictive_value(prevalence, recall, others_taken):
    """Return the PPV, the share of people above the threshold who have the label."""
    right = prevalence * recall
    return right / (right + (1 - prevalence) * others_taken)


def operating_points(choosing, reported, classes, priors, n_people):
    """Return the operating points of all labels with enough people, a list of dicts.

    Parameters
    ----------
    choosing, reported : Predicted
        The two halves of the held-out people.
    classes : ndarray of shape (n_classes,)
    priors : ndarray of shape (n_classes,)
        The default priors.
    n_people : ndarray of shape (n_classes,) of int
        Number of held-out people of each class, in both halves.
    """
    strata = Strata.of(reported)
    rows = []
    for column, label in enumerate(classes.tolist()):
        scores = log_odds(choosing.probabilities, column)[choosing.columns == column]
        reported_scores = log_odds(reported.probabilities, column)
        for recall, least in LEAST_PEOPLE.items():
            if n_people[column] < least:
                continue
            threshold = threshold_for(scores, recall)
            n_taken = strata.n_taken(reported_scores >= threshold)
            row = {"label": label, "for_recall": str(recall), "threshold": threshold}
            row |= figures_of(n_taken, strata, column, priors)
            row["taken_most"] = taken_most(
                n_taken, strata, column, classes, priors, n_people
            )
            rows.append(row)
    return rows


def figures_of(n_taken, strata, column, priors):
    """Return the figures of a threshold for a class, with confidence intervals."""
    is_own = strata.columns == column
    n_own = int(strata.n_people[is_own].sum())
    own_weight = is_own / n_own
    other_weight = weights_of_others(strata, column, priors)
    resamples = strata.resample(n_taken, np.random.default_rng(0))
    recall = n_taken @ own_weight
    recalls = resamples @ own_weight
    taken = n_taken @ other_weight
    takens = resamples @ other_weight
    # If no person is missed, or no other person is above the threshold, all resamples
    # are equal. So an interval is at least as wide as the exact one for 0 events.
    least_missed = exact_limit(n_own, CONFIDENCE_LEVEL)
    n_effective = 1 / (strata.n_people @ other_weight**2)
    least_taken = exact_limit(n_effective, CONFIDENCE_LEVEL)
    figures = {"n": n_own}
    figures |= figure("recall", recall, recalls, low=1 - least_missed)
    figures |= figure("others_taken", taken, takens, high=least_taken)
    for percent, prevalence in PREVALENCES.items():
        figures |= figure(
            f"ppv_{percent}",
            predictive_value(prevalence, recall, taken),
            predictive_value(prevalence, recalls, takens),
            low=predictive_value(prevalence, recall, least_taken),
        )
    return figures


def figure(name, estimate, resamples, *, low=1.0, high=0.0):
    """Return an estimate and its confidence interval, rounded as in the card.

    The interval includes at least `low` and `high`.
    """
    tail = (1 - CONFIDENCE_LEVEL) / 2
    ends = np.quantile(resamples, [tail, 1 - tail])
    values = {
        name: estimate,
        f"{name}_low": min(ends[0], low),
        f"{name}_high": max(ends[1], high),
    }
    return {key: round(float(value), 6) for key, value in values.items()}


def weights_of_others(strata, column, priors):
    """Return the weight of a person of each stratum in the false-positive rate.

    Classes are weighted by the priors, and the people of a class equally. People of the
    class itself have weight 0, and all weights of people sum to 1.
    """
    n_of_class = np.bincount(strata.columns, strata.n_people, minlength=len(priors))
    weight = (priors / np.maximum(n_of_class, 1))[strata.columns]
    weight[strata.columns == column] = 0
    return weight / (weight @ strata.n_people)


def taken_most(n_taken, strata, column, classes, priors, n_people):
    """Return the labels with the most false positives, and their rates.

    The rate of a label is the share of its people above the threshold. Labels with
    fewer than `MIN_HELD_OUT` people are left out.
    """
    weighted = n_taken * weights_of_others(strata, column, priors)
    weight_of_class = np.bincount(strata.columns, weighted, minlength=len(classes))
    weight_of_class[n_people < MIN_HELD_OUT] = 0
    shares = {}
    for k in np.argsort(-weight_of_class, kind="stable")[:N_TAKEN_MOST]:
        if weight_of_class[k] > 0:
            is_class = strata.columns == k
            share = n_taken[is_class].sum() / strata.n_people[is_class].sum()
            shares[classes[k].item()] = round(float(share), 4)
    return shares


def points_by_label(rows):
    """Return the points as in `load_card`: by label, and by the recall to reach."""
    points = {}
    for row in rows:
        point = dict(row)
        points.setdefault(point.pop("label"), {})[point.pop("for_recall")] = point
    return points
