"""The shares of a list, as a table."""

from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._base.codes import array_of_labels
from .._base.labels_and_weights import MIN_HELD_OUT
from .._draws.draw_shares import draw_shares
from .._draws.draws import Draws
from .._lists.name_list import FEW_NAMES, check_size, warn_if_few_checked
from .._models.groups import regions_of, unknown_label
from .._models.priors import OTHERS, is_not_one
from .comparison import Comparison, compare_shares
from .table import (
    LEAST_PRINTED,
    N_PRINTED,
    Estimates,
    Row,
    Table,
    TableMetadata,
    column,
    counts_of_rows,
    fact,
    listing,
    notes_on_new_labels,
    read_only,
)

MEASURED = 0.95  # the confidence level whose coverage was measured
WIDE = 0.3  # intervals of more get a note
LEAST_NOTED = 0.01  # a share: smaller ones of sparse labels get no note


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Shares(Estimates):
    """Shares of labels in a list, with intervals.

    :func:`estimate_shares` returns them, and documents the columns and attributes.

    Parameters
    ----------
    _columns, _about : object
        What the function that makes it gives.
    members : dict or None, default=None
        The labels of each group, in a table of groups.
    _of_labels : object
        The draws of all labels.

    See Also
    --------
    SharesDisplay : Draw the shares.

    Examples
    --------
    >>> import sknames
    >>> from sknames.datasets import make_names
    >>> names, _ = make_names(
    ...     200, nationalities=["Dutch", "Turkish"], random_state=0
    ... )
    >>> model = sknames.load_pretrained()
    >>> shares = sknames.estimate_shares(model, names, random_state=0)
    >>> list(shares)[:2], round(shares["Dutch"].share, 1)
    (['Turkish', 'Dutch'], 0.5)
    """

    __module__ = "sknames"

    share = column("share", "The estimated shares, the largest first.")
    n_distinct = fact("n_distinct", "The number of distinct names.")

    @property
    def draws(self) -> NDArray[np.floating]:
        """The shares in each draw, (n_draws, n_labels), for reading only."""
        return read_only(self._draws.draws)

    @property
    def coverage(self) -> float | None:
        """The part of true shares that such intervals held, None if not measured."""
        model = self._about.model
        is_of_labels = self.members is None and model.group_index is None
        is_measured = is_of_labels and self.confidence_level == MEASURED
        return model.coverage if is_measured and self.n_checked is None else None

    @property
    def sparse_labels(self) -> list[Any]:
        """Labels, or groups, with fewer than 20 held-out people."""
        drawn = self._draws
        if drawn.n_held_out is None:
            return []
        return drawn.labels[drawn.n_held_out < MIN_HELD_OUT].tolist()

    def _with_members(self, members):
        return _table_of(self._of_labels, self._about, members)

    @property
    def _title(self):
        if self.coverage is not None:
            return f"share   interval (held {100 * self.coverage:.0f} % when tested)"
        title = f"share   {100 * self.confidence_level:.10g} % interval"
        if self.n_checked is None:
            title += " (coverage not measured)"
        return title

    @staticmethod
    def _line(share, low, high):
        if np.isnan(low):
            return f"{share:6.1%}   -"
        return f"{share:6.1%}   {low:.1%} to {high:.1%}"

    def _shown(self):
        is_first = np.arange(len(self.share)) < N_PRINTED
        is_shown = is_first & (self.share >= LEAST_PRINTED)
        return is_shown, f"{self.share[~is_shown].sum():.1%} together"

    def _notes(self):
        distinct = f" ({self.n_distinct:,} distinct)"
        yield "counts", counts_of_rows(self.n_names, self.n_not_names, distinct)
        if self.n_clusters is not None:
            yield "clusters", f"in {self.n_clusters:,} clusters"
        if self.n_checked is not None:
            yield from self._notes_on_checked()
        widths = np.nan_to_num(self.high - self.low)
        if self.members is not None:
            return
        if self.n_distinct >= FEW_NAMES and widths.max() > WIDE:
            label = self.label[widths.argmax()]
            note = (
                f"{label} has a wide interval, because other labels have similar "
                f"names: sum labels, as by {self._groups_to_sum}, or give a model the "
                "priors that you know"
            )
            yield "wide", note
        is_sparse = np.isin(self.label, self.sparse_labels)
        noted = self.label[is_sparse & (self.share > LEAST_NOTED)].tolist()
        if noted:
            note = (
                f"fewer than {MIN_HELD_OUT} held-out people have shown how the model "
                f"errs about {listing(noted)}: sum labels with similar names, as by "
                f"{self._groups_to_sum}"
            )
            yield "few", note

    @property
    def _groups_to_sum(self):
        """The call that sums the labels of this model, as it is written."""
        subregions = regions_of("subregion").keys()
        has_subregions = subregions >= {*self._about.model.classes.tolist()}
        return 'sums("subregion")' if has_subregions else "sums({...})"

    def _notes_on_checked(self):
        """Yield what to say of checked rows."""
        if not self._draws.predicted.any():
            note = "all names are checked: these are counts, with exact intervals"
            yield "checked", note
            return
        yield "checked", f"{self.n_checked:,} of the names are checked"
        yield from notes_on_new_labels(self.new_labels)

    def compare(
        self, against: "Shares | Mapping[Any, float]", *, same_source: bool = False
    ) -> Comparison:
        """Compare with the shares of another list, or with a known mix.

        Parameters
        ----------
        against : Shares or dict
            The shares of the other list, by the same model and parameters. Or known
            shares, such as ``{"German": 0.82, "Turkish": 0.04, "others": 0.14}``, where
            "others" is the sum of the labels that are not given; without it, they are
            not compared. A census counts birth or citizenship, and this counts names.
        same_source : bool, default=False
            Whether both lists are of one source, such as departments in one file, or
            years of one journal. Then the model's errors are alike in both, and the
            intervals narrower.

        Returns
        -------
        Comparison
            It prints as a table, and has

            - label: array of shape (n_classes,), the largest difference first,
            - share, other, difference: the shares here and in the other list, and the
              former minus the latter,
            - low, high: the ends of the interval of the difference,
            - sure: whether the lists differ in this label: the p-value is below 5 % at
              a confidence level of 95 %,
            - p_value: how likely differences so large are by chance, for all labels
              together: one in 20 pairs of lists of equal mixes has a label that is
              sure. It is NaN where nothing was tested: for sparse labels, and where a
              list has fewer than 30 names of equal weight, or 10 clusters,
            - n_names, n_names_of_other, confidence_level; the second is None for
              known shares.

            Its method `to_frame` makes a DataFrame, and ``comparison["German"]`` is a
            row.

        Raises
        ------
        ValueError
            If the shares are of different models or parameters, their groups have
            other labels, both are of the same rows but differ, such as in checked rows,
            or known shares are not shares.
        TypeError
            If it is compared with neither shares nor a mapping of known ones.

        Notes
        -----
        The intervals are percentiles of the differences of draws. A difference is
        sure if it exceeds the largest error in 95 % of the draws, both in standard
        deviations. These are at least those of counts of two lists of one mix, and as
        large as the interval reaches towards 0, so that it leaves out 0 then. People
        who are in both lists make both cautious. Shares that checked rows correct do
        not have the errors of the model, and what is sure of them holds for these
        lists. A label that the model lacks and that is not among the other list's
        checked rows has a share of 0 there, and none if no rows were checked.
        """
        if isinstance(against, Shares):
            self._check_alike(against)
            self._check_apart(against)
            return self._compare_with_list(against, same_source)
        if hasattr(against, "items"):
            known = dict(against.items())
            if not any(isinstance(value, Table | Row) for value in known.values()):
                return self._compare_with_known(known)
        raise TypeError(
            "Expected the Shares of another list, or a dict of known shares, got "
            f"{type(against).__name__}. Of parts, take one, "
            "as parts[key]; rates and comparisons are of one list."
        )

    def _compare_with_list(self, other, same_source):
        """Compare with the shares of another list, as `compare` says."""
        here = {*self.label.tolist()}
        only_there = [label for label in other.label.tolist() if label not in here]
        labels = self.label
        if only_there:
            labels = array_of_labels([*labels.tolist(), *only_there])
        theirs = other._draws.at(labels).as_list(0 if same_source else 1)
        return compare_shares(
            self._draws.at(labels),
            theirs,
            self._about,
            n_names_of_other=other.n_names,
            has_checked=self.n_checked is not None or other.n_checked is not None,
            members=self.members,
        )

    def _compare_with_known(self, known):
        """Compare with known shares by label, and the sum of the others."""
        self._check_known(known)
        labels = self.label.tolist()
        members = {label: [label] for label in known if label in labels}
        if len(members) < len(known):
            members[OTHERS] = [label for label in labels if label not in members]
        mix = Draws.known({label: known[label] for label in members}, len(self.draws))
        drawn = self._draws.at(mix.labels)  # of groups, which may overlap
        if self.members is None:
            drawn = self._draws.sums(members)
        return compare_shares(
            drawn,
            mix,
            self._about,
            has_checked=self.n_checked is not None,
            members=self.members,
        )

    def _check_known(self, known):
        """Raise ValueError unless known shares are shares of labels of this list."""
        labels = self.label.tolist()
        has_others = OTHERS in known and OTHERS not in labels
        for label, share in known.items():
            if label not in labels and label != OTHERS:
                raise unknown_label("known", label, [OTHERS, *labels])
            if not (isinstance(share, Real) and 0 <= share <= 1):
                raise ValueError(
                    f"Expected known shares from 0 to 1, got {share!r:.80} of "
                    f"{label!r}."
                )
        if has_others and self.members is not None:
            raise ValueError(
                f"Expected known shares of groups, got {OTHERS!r}: groups may overlap, "
                "so that nothing is the sum of the others. Leave it out."
            )
        total = sum(known.values())
        if is_not_one(total) and (total > 1 or has_others):
            raise ValueError(
                f"Expected known shares that sum to 1, got {total:.6g}. Without "
                f"{OTHERS!r}, they may sum to less."
            )
        if not known:
            raise ValueError("Expected known shares of some labels, got none.")


def shares_of_list(names, question, seeds):
    """Return the `Shares` of a `NameList`, the largest first."""
    distinct = names.distinct()
    check_size(names, distinct.n)
    drawn = draw_shares(names, distinct, question, seeds)
    warn_if_few_checked(names)
    about = TableMetadata.of_list(
        names, question, seeds, n_checked=names.n_checked, n_distinct=int(distinct.n)
    )
    return shares_of_drawn(drawn, about)


def shares_of_drawn(drawn, about):
    """Return the `Shares` of `Draws`, the largest first."""
    largest_first = np.argsort(-drawn.estimate, kind="stable")
    return _table_of(drawn.at(drawn.labels[largest_first]), about)


def _table_of(of_labels, about, members=None):
    """Return the `Shares` of labels, or of groups with these members."""
    drawn = of_labels if members is None else of_labels.sums(members)
    low, high = drawn.interval(about.confidence_level)
    columns = {"label": drawn.labels, "share": drawn.estimate, "low": low, "high": high}
    return Shares(_columns=columns, _about=about, _of_labels=of_labels, members=members)
