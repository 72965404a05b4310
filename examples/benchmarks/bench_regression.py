"""Regress an outcome on origins estimated from names, and compare with the truth.

Run ``SKNAMES_DATA=folder python examples/benchmarks/bench_regression.py``, with the
training data of the shipped models in SKNAMES_DATA. Each run draws a list of held-out
biographies (tools/retrain/kept_apart.py), from the half that is reported. The people
work in two fields with different shares of origins. A simulated outcome depends on
origin and field, so the true coefficients are known. Methods that do not know the
origins are compared over 500 lists, for a continuous and a binary outcome. The script
prints tables in Markdown.
"""

import argparse
from dataclasses import dataclass

import numpy as np
from scipy.special import expit
from scipy.stats import norm

from sknames import PriorShiftClassifier, load_pretrained
from tools.measuring import machine, show, table
from tools.retrain import kept_apart

# The first origin is the reference; the coefficients of the others are relative to it.
EFFECTS = {"English": 0.0, "Dutch": -2.0, "French": 0.7, "German": -1.0, "Italian": 0.0}
REPORTED = ["German", "Dutch", "French"]
FIELD_EFFECT = 0.5
MIXES = np.array([[0.4, 0.1, 0.2, 0.2, 0.1], [0.2, 0.2, 0.1, 0.3, 0.2]])  # by field
N_PEOPLE = 1000
N_CHECKED = 300  # rows whose true origin is known, drawn at random
N_BOOTSTRAP = 200
Z = norm.ppf(0.975)
CHECKED = f"the {N_CHECKED} checked rows alone"
DEBIASED = f"predict, then debias by {N_CHECKED} checked rows"


# ---- Regressions


@dataclass(frozen=True)
class Fit:
    """Coefficients, and the limits of their 95 % intervals, (n_columns,) each."""

    coefficients: np.ndarray
    low: np.ndarray
    high: np.ndarray

    @classmethod
    def normal(cls, coefficients, errors):
        """Return a fit whose intervals come from standard errors."""
        return cls(coefficients, coefficients - Z * errors, coefficients + Z * errors)


def linear(design, outcome, weights=None):
    """Return coefficients of a linear regression by least squares, and residuals."""
    weighted = design if weights is None else design * weights[:, None]
    coefficients = np.linalg.solve(weighted.T @ design, weighted.T @ outcome)
    return coefficients, outcome - design @ coefficients


def logistic(design, outcome, weights=None):
    """Return coefficients of a logistic regression by Newton's method, and residuals.

    A tiny ridge keeps coefficients finite if all people of an origin have one outcome.
    """
    weights = np.ones(len(outcome)) if weights is None else weights
    coefficients = np.zeros(design.shape[1])
    for _ in range(8):
        chance = expit(design @ coefficients)
        gradient = design.T @ (weights * (outcome - chance)) - 0.01 * coefficients
        coefficients = coefficients + np.linalg.solve(
            curvature(design, weights * chance * (1 - chance)), gradient
        )
    return coefficients, outcome - expit(design @ coefficients)


def curvature(design, weights):
    """Return the Hessian of the penalized loss for these weights of rows."""
    return design.T @ (design * weights[:, None]) + 0.01 * np.eye(design.shape[1])


def robust(regression, design, outcome):
    """Return a `Fit` with standard errors that allow unequal variances (HC1)."""
    coefficients, residuals = regression(design, outcome)
    variances = np.ones(len(outcome))
    if regression is logistic:
        variances = (outcome - residuals) * (1 - outcome + residuals)
    inverse = np.linalg.inv(design.T @ (design * variances[:, None]))
    scores = design * residuals[:, None]
    covariance = inverse @ (scores.T @ scores) @ inverse
    n, n_columns = design.shape
    errors = np.sqrt(covariance.diagonal() * n / (n - n_columns))
    return Fit.normal(coefficients, errors)


def predict_then_debias(regression, proxy, true, outcome, is_checked, rng):
    """Return a `Fit` on all rows, debiased by checked rows (arXiv 2501.18577).

    `true` is only used in checked rows, `proxy` in all rows. A multiple of the
    difference between the proxy's coefficients in the other rows and in the checked
    rows is added to each coefficient of the checked rows. The multiple minimizes the
    variance in a bootstrap of rows.
    """
    checked = np.flatnonzero(is_checked)
    others = np.flatnonzero(~is_checked)
    replicates = []
    for draw in range(N_BOOTSTRAP + 1):
        rows = checked
        other_rows = others
        if draw:
            rows = rng.choice(checked, len(checked))
            other_rows = rng.choice(others, len(others))
        on_true, _ = regression(true[rows], outcome[rows])
        on_proxy, _ = regression(proxy[rows], outcome[rows])
        elsewhere, _ = regression(proxy[other_rows], outcome[other_rows])
        replicates.append([on_true, elsewhere - on_proxy])
    on_true, moved = np.swapaxes(replicates, 0, 1)
    centred = moved[1:] - moved[1:].mean(axis=0)
    covariances = (centred * (on_true[1:] - on_true[1:].mean(axis=0))).mean(axis=0)
    multiple = -covariances / (centred**2).mean(axis=0)
    debiased = on_true + multiple * moved
    low, high = np.quantile(debiased[1:], [0.025, 0.975], axis=0)
    return Fit(debiased[0], low, high)


# ---- Lists


@dataclass(frozen=True)
class People:
    """People from whom lists are drawn: names, and indices of labels in EFFECTS."""

    names: np.ndarray
    labels: np.ndarray

    def draw(self, n, rng):
        """Return the names, labels and fields (0 or 1) of a list."""
        labels, fields = draw_origins(n, rng)
        people = np.empty(n, dtype=int)
        for label in range(len(EFFECTS)):
            is_of = labels == label
            people[is_of] = rng.choice(
                np.flatnonzero(self.labels == label), is_of.sum()
            )
        return self.names[people], labels, fields


def draw_origins(n, rng):
    """Return labels and fields (0 or 1) of n people."""
    fields = rng.integers(2, size=n)
    labels = np.empty(n, dtype=int)
    for field, mix in enumerate(MIXES):
        is_in = fields == field
        labels[is_in] = rng.choice(len(mix), is_in.sum(), p=mix)
    return labels, fields


def people_apart():
    """Return the reported half of the held-out biographies with these labels."""
    people = kept_apart.load()[3][1]
    labels = [*EFFECTS]
    people = people.at(
        (people.sources == "biographies") & np.isin(people.labels, labels)
    )
    return People(people.names, np.array([labels.index(of) for of in people.labels]))


def draw_outcome(labels, fields, is_amount, rng):
    """Draw an outcome for each person, which depends on label and field."""
    effects = np.array([*EFFECTS.values()])[labels] + FIELD_EFFECT * fields
    if is_amount:
        return effects + rng.normal(size=len(labels))
    return (rng.random(len(labels)) < expit(effects)).astype(float)


def adapted(model, X, cells):
    """Return probabilities with priors that are estimated within each cell."""
    probabilities = np.empty((len(X), len(model.classes_)))
    for cell in np.unique(cells):
        rows = cells == cell
        of_cell = PriorShiftClassifier(model).fit(X[rows])
        probabilities[rows] = of_cell.predict_proba(X[rows])
    return probabilities


def of_labels(probabilities, classes):
    """Return the probabilities of the labels in EFFECTS, and the sum of all others."""
    columns = np.searchsorted(classes, [*EFFECTS])
    known = probabilities[:, columns]
    return np.column_stack([known, 1 - known.sum(axis=1)])


def design(origins, fields):
    """Return the columns of a regression: origins, field and constant.

    The reference has no column. Other origins have a common column if they are expected
    for at least ten people.
    """
    has_others = origins[:, -1].sum() >= 10
    origins = origins[:, 1:] if has_others else origins[:, 1:-1]
    return np.column_stack([origins, fields, np.ones(len(fields))])


def origins_by_way(model, X, labels, fields):
    """Return the origins as each method sees them, (n_people, n_labels + 1)."""
    within = of_labels(adapted(model, X, fields), model.classes_)
    together = of_labels(adapted(model, X, np.zeros(len(X))), model.classes_)
    plain = of_labels(model.predict_proba(X), model.classes_)
    n_columns = within.shape[1]
    return {
        "true origins": np.eye(n_columns)[labels],
        "probabilities, adapted within fields": within,
        "probabilities, adapted to the whole list": together,
        "probabilities of another mix": plain,
        "predicted labels": np.eye(n_columns)[within.argmax(axis=1)],
    }


def alone(origins, label, fields):
    """Return the columns of a regression on one origin against all others."""
    column = [*EFFECTS].index(label)
    return np.column_stack([origins[:, column], fields, np.ones(len(fields))])


def run(model, people, rng):
    """Return the `Fit` of each method on a list, by kind of outcome and method.

    The outcome is continuous (True) or binary (False). Coefficients are in the order of
    EFFECTS without the reference. The key of a regression on a single origin is its
    label; it has one coefficient.
    """
    X, labels, fields = people.draw(N_PEOPLE, rng)
    origins = origins_by_way(model, X, labels, fields)
    is_checked = np.zeros(N_PEOPLE, dtype=bool)
    is_checked[rng.choice(N_PEOPLE, N_CHECKED, replace=False)] = True
    fits = {}
    for is_amount in (True, False):
        outcome = draw_outcome(labels, fields, is_amount, rng)
        regression = linear if is_amount else logistic
        fits[is_amount] = fits_of(regression, origins, fields, outcome, is_checked, rng)
    return fits


def fits_of(regression, origins, fields, outcome, is_checked, rng):
    """Return the `Fit` of each method for an outcome of a list."""
    fits = {}
    for way, columns in origins.items():
        fits[way] = robust(regression, design(columns, fields), outcome)
    within = origins["probabilities, adapted within fields"]
    for label in REPORTED:
        fits[label] = robust(regression, alone(within, label, fields), outcome)
    true = design(origins["true origins"], fields)
    fits[CHECKED] = robust(regression, true[is_checked], outcome[is_checked])
    proxy = np.column_stack([within[:, 1:-1], true[:, -2:]])
    fits[DEBIASED] = predict_then_debias(
        regression, proxy, true, outcome, is_checked, rng
    )
    return fits


def effects_alone(is_amount, rng):
    """Return the true coefficient of each reported origin against all others."""
    labels, fields = draw_origins(400_000, rng)
    outcome = draw_outcome(labels, fields, is_amount, rng)
    regression = linear if is_amount else logistic
    origins = np.eye(len(EFFECTS))[labels]
    effects = {}
    for label in REPORTED:
        coefficients, _ = regression(alone(origins, label, fields), outcome)
        effects[label] = coefficients[0]
    return effects


# ---- Tables


def show_outcome(fits_by_list, is_amount, rng):
    """Print bias, coverage and width of intervals for each method."""
    labels = [*EFFECTS][1:]
    rows = []
    for way in fits_by_list[0]:
        if way in REPORTED:
            continue
        fits = [fits[way] for fits in fits_by_list]
        columns = [labels.index(label) for label in REPORTED]
        found = [
            judge(fits, column, EFFECTS[label])
            for column, label in zip(columns, REPORTED, strict=True)
        ]
        rows.append([way, *cells(found)])
    effects = effects_alone(is_amount, rng)
    found = []
    for label in REPORTED:
        fits = [fits[label] for fits in fits_by_list]
        found.append(judge(fits, 0, effects[label]))
    rows.append(["the probability of one origin alone", *cells(found)])
    kind = "an amount, linear" if is_amount else "yes or no, logistic"
    n_lists = len(fits_by_list)
    print(f"\n### The outcome is {kind}: {n_lists} lists of {N_PEOPLE:,}\n")
    header = [f"bias, {label} ({EFFECTS[label]:+g})" for label in REPORTED]
    print(table(["origins by", *header, "covered", "width"], rows), flush=True)


def judge(fits, column, true):
    """Return errors, whether intervals cover the truth, and widths, (n_lists,) each."""
    coefficient = np.array([fit.coefficients[column] for fit in fits])
    low = np.array([fit.low[column] for fit in fits])
    high = np.array([fit.high[column] for fit in fits])
    return coefficient - true, (low <= true) & (true <= high), high - low


def cells(found):
    """Return the cells of a row of the table."""
    errors, covered, width = zip(*found, strict=True)
    biases = [show(error, 3, "+") for error in errors]
    return [*biases, show(np.mean(covered, axis=0), 3), f"{np.mean(width):.2f}"]


def main():
    """Measure both kinds of outcomes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lists", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    print(f"- {machine()}")
    people = people_apart()
    print(f"- {len(people.labels):,} held-out biographies, half to report")
    model = load_pretrained()
    fits = []
    for k in range(args.lists):
        fits.append(run(model, people, np.random.default_rng([args.seed, k])))
    for is_amount in (True, False):
        rng = np.random.default_rng(args.seed)
        show_outcome([of_list[is_amount] for of_list in fits], is_amount, rng)


if __name__ == "__main__":
    main()
