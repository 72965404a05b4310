"""Define the table of the rates of an outcome by label."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._base import NoEstimateError, warn
from .._base.codes import index_in
from .._base.labels_and_weights import effective_number
from .._draws.draw_shares import draw_shares
from .._draws.draws import Draws, nearest_shares
from .._draws.resampling import OUTCOMES, deviations_of_sums
from .._lists.columns import distinct_values
from .._lists.name_list import check_size
from .._models.groups import check_alike
from .comparison import Comparison, comparison_of
from .table import (
    Estimates,
    Table,
    TableMetadata,
    column,
    counts_of_rows,
    listing,
    notes_on_new_labels,
    read_only,
)

MOST_OUTCOMES = 100
MOST_FLOATS = 20  # distinct outcomes that are floats; more suggest measurements
FEW_PEOPLE = 10  # a label with fewer estimated people is not printed
FEW_OF_OUTCOME = 10  # an outcome with fewer checked rows causes a warning


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Rates(Estimates):
    """Rates of an outcome by label, with intervals.

    :func:`estimate_rates` returns them, and documents the columns and attributes.

    Parameters
    ----------
    _columns, _about : object
        Internal data.
    members : dict or None, default=None
        The labels of each group in a table of groups, otherwise None.
    _of_labels : object
        The draws of all labels.

    See Also
    --------
    estimate_statistic : Estimate a function of rates, such as a ratio.

    Examples
    --------
    >>> import sknames
    >>> from sknames.datasets import make_names
    >>> names, _ = make_names(
    ...     200, nationalities=["Dutch", "Turkish"], random_state=0
    ... )
    >>> model = sknames.load_pretrained()
    >>> invited = [True, False] * 100
    >>> rates = sknames.estimate_rates(model, names, outcome=invited, random_state=0)
    >>> rates["Dutch"].outcome
    [False, True]
    """

    __module__ = "sknames"

    outcome = column("outcome", "The outcome of each row.")
    rate = column("rate", "The estimated rates, NaN for labels without people.")
    n_people = column("n_people", "The estimated number of people of the label.")

    @property
    def labels(self) -> NDArray[Any]:
        """The distinct labels, or groups."""
        return read_only(self._draws.labels)

    @property
    def outcomes(self) -> NDArray[Any]:
        """The distinct outcomes."""
        return read_only(self._draws.outcomes)

    @property
    def joint_draws(self) -> NDArray[np.floating]:
        """The share of the list with each label and outcome, in each draw.

        This is a read-only array of shape (n_draws, n_labels, n_outcomes).
        """
        return read_only(self._draws.draws)

    @staticmethod
    def _columns_of(draws, about):
        rates = draws.within_labels()
        low, high = rates.interval(about.confidence_level)
        n_people = about.n_people * draws.estimate.sum(axis=1)
        columns = {
            "rate": rates.estimate,
            "low": low,
            "high": high,
            "n_people": n_people.repeat(len(draws.outcomes)),
        }
        return rates.as_rows(columns)

    @property
    def _title(self):
        return f" rate   {100 * self.confidence_level:.10g} % interval"

    @staticmethod
    def _line(rate, low, high, n_people):
        if np.isnan(rate):
            return f"     -   {n_people:.1f} estimated people"
        return f"{rate:6.1%}   {low:.1%} to {high:.1%}"

    def _shown(self):
        others = f"fewer than {FEW_PEOPLE} estimated people each"
        is_shown = (self.n_people >= FEW_PEOPLE) | (self.members is not None)
        return is_shown, others

    def _notes(self):
        yield "counts", counts_of_rows(self.n_names, self.n_not_names)
        if self.n_checked is not None:
            of_each = [f"{n:,} of {outcome}" for outcome, n in self.n_checked.items()]
            total = sum(self.n_checked.values())
            note = f"{total:,} of the names are checked: {listing(of_each)}"
            yield "checked", note
        yield from notes_on_new_labels(self.new_labels)
        note = (
            "rates of names, not of people: right if names do not depend on the "
            "outcome within a label"
        )
        yield "rates", note

    def compare(self, label: Any = None, against: Any = None) -> Comparison:
        """Compare the rates of two labels, or of one label with all others.

        Parameters
        ----------
        label : label or None, default=None
            The first label. None compares each label with at least 10 estimated
            people.
        against : label or None, default=None
            The second label. None means all other labels; if `label` is a group, all
            labels that are not in this group.

        Returns
        -------
        Comparison
            Table that can be printed, with the attributes

            - label, outcome: arrays of shape (n_rows,), with a row for each label and
              outcome,
            - rate, other, difference: the two rates, and the first minus the second,
            - low, high: the ends of the interval of the difference,
            - sure: whether the rates differ significantly,
            - p_value: the p-values, adjusted for testing all rows,
            - confidence_level.

        Raises
        ------
        KeyError
            If `label` or `against` is not a label of these rates.
        TypeError
            If `label` or `against` is another result instead of a label.
        """
        of_group = self.members
        if of_group is None:
            of_group = {name: [name] for name in self.labels.tolist()}
        for given in (label, against):
            if isinstance(given, Table):
                raise TypeError(
                    f"Expected a label of these rates, got {type(given).__name__}. "
                    "Rates of two lists are compared by estimate_statistic."
                )
            if given is not None and given not in of_group:
                raise KeyError(
                    f"Expected one of the labels {listing([*self])}, got {given!r:.80}."
                )
        compared = [label]
        if label is None:
            n_people = self.n_people[:: len(self.outcomes)]
            compared = self.labels[n_people >= FEW_PEOPLE].tolist()
        members = {name: of_group[name] for name in compared}
        members_of_other = {}
        for name, labels in members.items():
            others = [x for x in self._of_labels.labels.tolist() if x not in labels]
            members_of_other[name] = of_group.get(against, others)
        return comparison_of(
            self._of_labels.sums(members).within_labels(),
            self._of_labels.sums(members_of_other).within_labels(),
            self._about,
            members=None if self.members is None else members,
            other_label="all others" if against is None else against,
        )


def rates_of_list(names, seeds):
    """Return the `Rates` of a `NameList`, from the mix of each outcome."""
    outcomes, outcome_index = _index_outcomes(names)
    share = _shares_of_outcomes(names, outcomes, outcome_index, seeds)
    n_checked = {}
    drawn = []
    for k, value in enumerate(outcomes.tolist()):
        part = names.take((outcome_index == k) & names.is_name)
        n_checked[value] = part.n_checked
        _check_n_checked(part, value)
        check_size(part, of_outcome=f" of the outcome {value!r}")
        # The outcomes of rows that were not checked are random, too.
        drawn.append(draw_shares(part, seeds, rows_are_sample=True))
    joint = Draws.joint(drawn, share).largest_first()
    about = TableMetadata.of_list(
        names, seeds, n_checked=None if names.label_index is None else n_checked
    )
    return Rates._of_draws(joint, about)


def _check_n_checked(part, outcome):
    """Raise or warn if a list with one outcome has too few checked rows."""
    n = part.n_checked
    if n is None:
        return
    if n < 2:
        raise NoEstimateError(
            "Expected two or more names of each outcome that are checked, got "
            f"{n} of {outcome!r}. Check more rows, as drawn by `sknames rates "
            "--sample 200`."
        )
    if n < min(FEW_OF_OUTCOME, np.count_nonzero(part.row_weights)):
        warn(
            f"Only {n} rows of the outcome {outcome!r} are checked: expected at "
            f"least {FEW_OF_OUTCOME}. Check more rows.",
            kind=f"few checked of {outcome!r}",
        )


def _index_outcomes(names):
    """Return the distinct outcomes, sorted, and the index of each row's outcome.

    Rows that are not names may have a missing outcome.
    """
    remedy = "Drop such rows, or make them an outcome of their own."
    is_name = names.row_counts > 0
    distinct = distinct_values(names.outcomes, is_name, "an outcome", remedy)
    check_alike(distinct, "outcomes")
    if len(distinct) < 2:
        raise NoEstimateError(
            f"Expected two or more outcomes, got {distinct}. With one, the shares "
            "of the list say all: take estimate_shares."
        )
    n_floats = sum(map(_is_float, distinct))
    if len(distinct) > MOST_OUTCOMES:
        raise ValueError(
            f"Expected {MOST_OUTCOMES} outcomes at most, got {len(distinct):,}. Sum "
            "rare ones to one."
        )
    if n_floats > MOST_FLOATS:
        raise ValueError(
            f"Expected outcomes of some kinds, got {n_floats:,} different numbers. Bin "
            "them, as by pd.cut(outcome, 3).astype(str)."
        )
    outcomes = sorted(distinct)
    return np.array(outcomes), index_in(outcomes, names.outcomes, otherwise=0)


def _is_float(outcome):
    """Return whether an outcome is a float, or the text of a number with decimals."""
    if not isinstance(outcome, str):
        return isinstance(outcome, float)
    try:
        return not float(outcome).is_integer()
    except ValueError:
        return False


def _shares_of_outcomes(names, outcomes, outcome_index, seeds):
    """Return the share of each outcome, as `Draws`."""
    row_weights = names.row_weights
    by_outcome = row_weights[:, None] * np.eye(len(outcomes))[outcome_index]
    share = by_outcome.sum(axis=0) / row_weights.sum()
    if not share.all():
        raise NoEstimateError(
            "Expected a positive weight for some name of each outcome, got none for "
            f"{outcomes[share.argmin()].item()!r}. Leave these rows out."
        )
    n_effective = effective_number(names.weights, names.row_counts)
    seed = seeds.of_names(names)
    if names.clusters is None:
        rng = np.random.RandomState([*seed, OUTCOMES])
        n = max(1, round(n_effective))
        draws = rng.multinomial(n, share, size=seeds.n_draws) / n
    else:
        influences = (by_outcome - row_weights[:, None] * share) / row_weights.sum()
        clusters, chosen = names.clusters.of_own()
        chunks = seeds.draw_clusters(chosen, names.clusters.n)
        influences = clusters.sum(influences)
        deviations = deviations_of_sums([(influences, chunks)], seeds.n_draws)
        draws = nearest_shares(share + deviations)
    return Draws(labels=outcomes, estimate=share, draws=draws, n_effective=n_effective)
