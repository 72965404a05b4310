"""Compare the shares of two lists, or the rates of two labels."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from .._base.counts import counted
from .table import LEAST_PRINTED, N_PRINTED, Table, column


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Comparison(Table):
    """Differences between lists or labels, with intervals.

    :meth:`Shares.compare` and :meth:`Rates.compare` return them, and document the
    columns.

    Parameters
    ----------
    _columns, _about : object
        Internal data.
    members : dict or None, default=None
        The labels of each group in a table of groups, otherwise None.
    n_names_of_other : int or None, default=None
        The number of names in the other list, or None if there is no other list.
    other_label : label or None, default=None
        The label with which rates are compared, or None for shares.
    has_checked : bool, default=False
        Whether the shares of at least one list are corrected by checked rows.

    See Also
    --------
    estimate_shares : Estimate the shares of a list.

    Examples
    --------
    >>> import sknames
    >>> from sknames.datasets import make_names
    >>> names, _ = make_names(
    ...     200, nationalities=["Dutch", "Turkish"], random_state=0
    ... )
    >>> model = sknames.load_pretrained()
    >>> shares = sknames.estimate_shares(model, names, random_state=0)
    >>> comparison = shares.compare({"Dutch": 0.8, "others": 0.2})
    >>> comparison["Dutch"].sure
    True
    """

    __module__ = "sknames"

    n_names_of_other: int | None = None
    other_label: Any = None
    has_checked: bool = False

    outcome = column("outcome", "The outcome of each row, if rates are compared.")
    share = column("share", "The shares of this list, if shares are compared.")
    rate = column("rate", "The rates of the label, if rates are compared.")
    other = column("other", "The shares or rates of the other list or label.")
    difference = column("difference", "The shares or rates minus `other`.")
    sure = column("sure", "Whether the difference is significant.")
    p_value = column("p_value", "The p-values, adjusted for testing all rows.")

    @property
    def _title(self):
        name = "rate" if "rate" in self._columns else "share"
        level = f"{100 * self.confidence_level:.10g}"
        return f"{name:>6}    other  difference   {level} % interval"

    @staticmethod
    def _line(first, other, difference, low, high, sure, p_value):
        if np.isnan(difference):
            text = f"{first:6.1%}   {other:6.1%}"
            return text.replace("nan%", "   -")
        text = f"{first:6.1%}   {other:6.1%}   {difference:+8.1%}   "
        if np.isnan(low):
            return f"{text}-"
        mark = "   sure" if sure else ""
        return f"{text}{low:+.1%} to {high:+.1%}{mark}"

    def _shown(self):
        is_shown = np.full(len(self.label), True)
        if self.other_label is None:
            is_shown = np.abs(self.difference) >= LEAST_PRINTED
            is_shown[N_PRINTED:] = False
        return self.sure | is_shown, "none is sure"

    def _notes(self):
        n_names = counted(self.n_names, "name")
        if self.n_names_of_other is not None:
            yield "counts", f"{n_names} against {self.n_names_of_other:,}"
        if self.other_label is not None:
            yield "against", f"compared with {self.other_label}"
        elif self.n_names_of_other is None:
            note = (
                f"{n_names} against known shares: a census counts birth or "
                "citizenship, and this counts names"
            )
            yield "against", note
        if self.has_checked:
            note = "with checked rows: sure of these lists, not of a larger population"
            yield "checked", note


def comparison_of(here, there, about, **fields):
    """Return the `Comparison` of two `Draws` of the same labels.

    For shares, the largest difference comes first. `fields` are further fields of
    `Comparison`.
    """
    columns = {"share" if here.outcomes is None else "rate": here.estimate}
    columns["other"] = there.estimate
    columns |= here.minus(there, about.confidence_level)
    columns = here.as_rows(columns)
    if here.outcomes is None:
        # Rounded, so that the order of equal differences is the same on all processors.
        size = np.nan_to_num(np.abs(columns["difference"])).round(12)
        order = np.argsort(-size, kind="stable")
        columns = {name: values[order] for name, values in columns.items()}
    columns |= _tested(columns.pop("p_value"), about.confidence_level)
    return Comparison(_columns=columns, _about=about, **fields)


def adjust_by_holm(comparisons):
    """Return comparisons whose p-values are adjusted for testing all of them.

    `comparisons` is a dict by part, with None for parts that are not compared. The
    p-values are multiplied by the number of tested comparisons. This factor decreases
    by one for each comparison in which all rows are sure (Holm 1979): if any row is not
    sure, the two lists may be equal in this row.
    """
    largest = {}
    for key, table in comparisons.items():
        if table is not None and not np.isnan(table.p_value).all():
            largest[key] = np.nanmax(table.p_value)
    adjusted = comparisons.copy()
    factor = len(largest)
    for key in sorted(largest, key=largest.__getitem__):
        table = comparisons[key]
        p_value = np.minimum(factor * table.p_value, 1)
        tested = _tested(p_value, table.confidence_level)
        adjusted[key] = replace(table, _columns=table._columns | tested)
        if tested["sure"][~np.isnan(p_value)].all():
            factor -= 1
    return adjusted


def _tested(p_value, confidence_level):
    """Return p-values as a column, after the column `sure` that follows from them."""
    return {"sure": p_value < 1 - confidence_level, "p_value": p_value}
