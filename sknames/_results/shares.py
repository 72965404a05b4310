"""Define the table of the shares of a list."""

from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._base.labels_and_weights import MIN_HELD_OUT
from .._base.saved import SavedResult
from .._draws.draw_shares import draw_shares
from .._draws.draws import Draws
from .._lists.name_list import FEW_NAMES, check_size, warn_if_few_checked
from .._models.groups import column_by_label, unknown_label
from .._models.priors import OTHERS, is_not_one
from .comparison import Comparison, comparison_of
from .table import (
    LEAST_PRINTED,
    N_PRINTED,
    Estimates,
    TableMetadata,
    column,
    counts_of_rows,
    fact,
    listing,
    notes_on_new_labels,
    read_only,
)

MEASURED = 0.95  # the confidence level whose coverage was measured
WIDE = 0.3  # wider intervals get a note
LEAST_NOTED = 0.01  # smaller shares of sparse labels do not get a note


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Shares(Estimates):
    """Shares of labels in a list, with intervals.

    :func:`estimate_shares` returns them, and documents the columns and attributes.

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
    SharesDisplay : Plot the shares.

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
        """The shares in each draw, a read-only array of shape (n_draws, n_labels)."""
        return read_only(self._draws.draws)

    @property
    def coverage(self) -> float | None:
        """The proportion of true shares that such intervals covered, if measured."""
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

    @staticmethod
    def _columns_of(draws, about):
        low, high = draws.interval(about.confidence_level)
        return draws.as_rows({"share": draws.estimate, "low": low, "high": high})

    @property
    def _title(self):
        if self.coverage is not None:
            return f"share   interval (coverage {100 * self.coverage:.0f} % in tests)"
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
        is_shown = self.share >= LEAST_PRINTED
        is_shown[N_PRINTED:] = False
        is_shown |= self.members is not None
        return is_shown, f"{self.share[~is_shown].sum():.1%} together"

    def _notes(self):
        distinct = f" ({self.n_distinct:,} distinct)"
        yield "counts", counts_of_rows(self.n_names, self.n_not_names, distinct)
        if self.n_clusters is not None:
            yield "clusters", f"in {self.n_clusters:,} clusters"
        if self.n_checked is not None and self._draws.predicted.any():
            yield "checked", f"{self.n_checked:,} of the names are checked"
            yield from notes_on_new_labels(self.new_labels)
        elif self.n_checked is not None:
            note = "all names are checked: these are counts, with exact intervals"
            yield "checked", note
        if self.members is not None:
            return
        widths = np.nan_to_num(self.high - self.low)
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
        """The call that sums labels of this model, as text for a note."""
        subregions = column_by_label("subregion").keys()
        has_subregions = subregions >= {*self._about.model.classes.tolist()}
        return 'sums("subregion")' if has_subregions else "sums({...})"

    def compare(
        self, against: "Shares | Mapping[Any, float]", *, same_source: bool = False
    ) -> Comparison:
        """Compare with the shares of another list, or with known shares.

        Parameters
        ----------
        against : Shares or dict
            The shares of the other list, estimated by the same model with the same
            parameters. Or known shares, such as ``{"German": 0.82, "Turkish": 0.04,
            "others": 0.14}``, where "others" is the sum of all labels that are not
            given. Without "others", these labels are not compared. Note that a census
            counts people by birth or citizenship, but `estimate_shares` counts names.
        same_source : bool, default=False
            Whether both lists come from the same source, such as departments in one
            file, or years of one journal. The model then makes similar errors in both
            lists, so the intervals are narrower.

        Returns
        -------
        Comparison
            Table that can be printed, with the attributes

            - label: array of shape (n_classes,), the largest difference first,
            - share, other, difference: the shares of this list and of the other list,
              and the former minus the latter,
            - low, high: the ends of the interval of the difference,
            - sure: whether the shares of this label differ significantly: at a
              confidence level of 95 %, whether the p-value is below 5 %,
            - p_value: the probability that a difference this large arises by chance,
              adjusted for testing all labels: among pairs of lists with the same mix,
              at most one in 20 has a label that is sure. It is NaN for sparse labels,
              and if a list has fewer than 30 names of equal weight or 10 clusters,
              because no test is made,
            - n_names, n_names_of_other, confidence_level; n_names_of_other is None
              for known shares.

            Its method `to_frame` returns a DataFrame, and ``comparison["German"]`` is a
            row.

        Raises
        ------
        ValueError
            If the two results come from different models or parameters, if their
            groups have different labels, if they come from the same rows but differ,
            for example in their checked rows, or if the known shares are not numbers
            from 0 to 1 with a valid sum.
        TypeError
            If `against` is neither `Shares` nor a mapping of known shares.

        Notes
        -----
        The intervals are percentiles of the differences between the draws. A difference
        is sure if it exceeds the largest error in 95 % of the draws, where both are
        measured in standard deviations. The standard deviation of a label is at least
        that of its counts in two lists with the same mix. It is also large enough that
        the interval of a sure difference never contains 0. If some people are in both
        lists, intervals and tests are conservative. Shares that are corrected by
        checked rows do not have the errors of the model, and conclusions from them
        apply to these lists only, not to a larger population. If the model does not
        have a label that occurs in the checked rows of only one list, the share of this
        label in the other list is 0 if rows of that list were checked, and NaN
        otherwise.
        """
        if isinstance(against, Shares):
            self._check_compatible(against)
            self._check_distinct(against)
            theirs = against._draws
            labels = dict.fromkeys([*self.label.tolist(), *against.label.tolist()])
            return comparison_of(
                self._draws.at(labels),
                theirs.at(labels).as_list(0 if same_source else 1),
                self._about,
                n_names_of_other=against.n_names,
                has_checked=self.n_checked is not None or against.n_checked is not None,
                members=self.members,
            )
        if isinstance(against, SavedResult) or not hasattr(against, "items"):
            raise TypeError(
                "Expected the Shares of another list, or a dict of known shares, got "
                f"{type(against).__name__}. Of parts, take one, "
                "as parts[key]; rates and comparisons are of one list."
            )
        return self._compare_with_known(dict(against.items()))

    def _compare_with_known(self, known):
        """Return the comparison with known shares; other labels are summed."""
        self._check_known(known)
        labels = self.label.tolist()
        members = {label: [label] for label in known if label in labels}
        if len(members) < len(known):
            members[OTHERS] = [label for label in labels if label not in members]
        mix = Draws.known({label: known[label] for label in members}, self.n_draws)
        if self.members is None:
            drawn = self._draws.sums(members)
        else:
            drawn = self._draws.at(mix.labels)  # of groups, which may overlap
        return comparison_of(
            drawn,
            mix,
            self._about,
            has_checked=self.n_checked is not None,
            members=self.members,
        )

    def _check_known(self, known):
        """Raise ValueError unless known shares are valid shares of known labels."""
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


def shares_of_list(names, seeds):
    """Return the `Shares` of a `NameList`, the largest first."""
    check_size(names)
    drawn = draw_shares(names, seeds)
    warn_if_few_checked(names)
    about = TableMetadata.of_list(
        names,
        seeds,
        n_checked=names.n_checked,
        n_distinct=int(names.distinct.n),
    )
    return Shares._of_draws(drawn.largest_first(), about)
