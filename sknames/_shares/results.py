"""The tables that users hold: shares of a list, and how lists differ."""

from typing import Any

import numpy as np
from scipy.stats import norm
from sklearn.utils import Bunch

from .._models.frames import to_frame

N_PRINTED = 10  # rows of a table that prints
LEAST_PRINTED = 0.0005  # a share or difference, which rounds to 0.1 %
FEW_NAMES = 100  # fewer than these raise a warning
WIDE = 0.3  # intervals of more get a note

COLUMNS = ("label", "share", "low", "high")


class Table(Bunch):
    """Hold columns of equal length, by label, and of groups under "groups"."""

    def to_frame(self) -> Any:
        """Return the table as a DataFrame of pandas.

        It is one of polars if only that is installed.
        """
        return to_frame({name: self[name] for name in self._columns})

    def __getitem__(self, key):
        """Return a field, or the row of a label."""
        if key in self:
            return super().__getitem__(key)
        return self._row(key)

    def _row(self, label):
        """Return the row of a label as a Bunch of values of Python."""
        labels = self.label.tolist() if "label" in self else []
        if label not in labels:
            raise KeyError(
                f"Expected one of the labels {labels!s:.200}, got {label!r}."
            )
        row = labels.index(label)
        return Bunch(**{name: self[name].tolist()[row] for name in self._columns})

    def __dir__(self):
        """Return fields and methods; a Bunch would return only its fields."""
        return [*object.__dir__(self), *self]

    def __repr__(self):
        groups = self.get("groups")
        tables = [self]
        if groups is not None and len(groups.label) > 0:
            tables.append(groups)
        labels = ["label"]
        for table in tables:
            labels += [str(label) for label in table.label]
        width = max(map(len, labels))
        header = self._header.format(100 * self.confidence_level)
        lines = [f"{'label':<{width}}   {header}"]
        lines += self._lines(width)
        if len(tables) > 1:
            lines.append("of groups:")
            lines += groups._lines(width)
        return "\n".join([*lines, *self._notes()])

    def _lines(self, width):
        """Return the lines of the rows; a table without "groups" shows all."""
        is_shown = np.full(len(self.label), True)
        if "groups" in self:
            is_shown = self._is_shown()
        lines = []
        for row in np.flatnonzero(is_shown):
            values = [self[name][row] for name in self._columns[1:]]
            lines.append(f"{self.label[row]!s:<{width}}  {self._line(*values)}")
        n_others = (~is_shown).sum()
        if n_others:  # groups may overlap, so no "others" sums them
            lines.append(f"{n_others} others: {self._sum(~is_shown)}")
        return lines


class Shares(Table):
    """The result of `estimate_shares`."""

    _columns = COLUMNS
    _header = "share   {:.10g} % interval"

    @staticmethod
    def _line(share, low, high):
        return f"{share:6.1%}   {low:.1%} to {high:.1%}"

    def _is_shown(self):
        is_first = np.arange(len(self.share)) < N_PRINTED
        return is_first & (self.share >= LEAST_PRINTED)

    def _sum(self, rows):
        return f"{self.share[rows].sum():.1%} together"

    def _notes(self):
        yield (
            f"{self.n_names + self.n_not_names:,} rows: {self.n_names:,} names "
            f"({self.n_distinct:,} distinct), {self.n_not_names:,} not names"
        )
        widths = self.high - self.low
        if "groups" in self and self.n_distinct >= FEW_NAMES and widths.max() > WIDE:
            yield (
                f"{self.label[widths.argmax()]} has a wide interval, since others have "
                'such names: sum labels, as by groups="subregion", or give a model the '
                "priors that you know"
            )
        for first, second, correlation in self.get("confused_pairs", []):
            yield (
                f"{first} and {second} are hard to tell apart here (correlation "
                f"{correlation:.2f}); group them for a narrower interval"
            )

    def compare(self, other: "Shares", *, same_source: bool = False) -> "Comparison":
        """Compare with the shares of another list, by the same model and parameters.

        Parameters
        ----------
        other : Shares
            The shares of the other list.
        same_source : bool, default=False
            Whether both lists are of one source, such as departments in one file, or
            years of one journal. Then the model's errors are alike in both, and the
            intervals narrower.

        Returns
        -------
        Comparison
            A Bunch that prints as a table, with

            - label: array of shape (n_classes,), the largest difference first,
            - share, other, difference: the shares here and in the other list, and the
              former minus the latter,
            - low, high: the ends of the interval of the difference,
            - sure: whether the lists differ in this label. This holds for all labels
              together: at a confidence level of 95 %, one in 20 pairs of lists of equal
              mixes has any,
            - groups: the same for the groups, or None,
            - n_names, n_names_of_other, confidence_level.

            Its method `to_frame` makes a DataFrame, and ``comparison["German"]`` is a
            row.

        Raises
        ------
        ValueError
            If the shares are of different models or parameters, or their groups have
            other labels.

        Notes
        -----
        The intervals are percentiles of the differences of resamples. A difference is
        sure if it exceeds the largest error in 95 % of the resamples, both in standard
        deviations. People who are in both lists make both cautious.
        """
        if not isinstance(other, Shares):
            raise TypeError(
                f"Expected the Shares of another list, got {type(other).__name__}."
            )
        self._check_alike(other)
        column_of = {label: k for k, label in enumerate(other.label.tolist())}
        columns = [column_of[label] for label in self.label.tolist()]
        other_share = other.share[columns]
        other_resamples = other.resamples[:, columns]
        if not same_source:
            # All lists have the same errors of the model, in this order.
            other_resamples = np.roll(other_resamples, 1, axis=0)
        difference = self.share - other_share
        resamples = self.resamples - other_resamples
        low, high = percentiles(resamples, difference, self.confidence_level)
        # What floors add to the intervals of shares adds to theirs like a variance (Zou
        # and Donner 2008).
        down, up = self._added()
        other_down, other_up = other._added()[:, columns]
        low = difference - np.sqrt((difference - low) ** 2 + down + other_up)
        high = difference + np.sqrt((high - difference) ** 2 + up + other_down)
        z = norm.ppf((1 + self.confidence_level) / 2)
        least_deviation = np.hypot(self.floor, other.floor) / z
        sure = are_sure(resamples, difference, least_deviation, self.confidence_level)
        sure &= (low > 0) | (high < 0)  # the resamples of a few names hardly vary
        largest_first = np.argsort(-np.abs(difference), kind="stable")
        comparison = Comparison(
            label=self.label[largest_first],
            share=self.share[largest_first],
            other=other_share[largest_first],
            difference=difference[largest_first],
            low=low[largest_first],
            high=high[largest_first],
            sure=sure[largest_first],
            n_names=self.n_names,
            n_names_of_other=other.n_names,
            confidence_level=self.confidence_level,
        )
        if "groups" in self:
            comparison.groups = self.groups and self.groups.compare(
                other.groups, same_source=same_source
            )
        return comparison

    def _check_alike(self, other):
        """Raise ValueError unless other shares are of the same model and parameters."""
        other_settings = other._settings()
        for name, value in self._settings().items():
            other_value = other_settings[name]
            if value == other_value:
                continue
            only_here = _only_in(value, other_value)
            only_there = _only_in(other_value, value)
            raise ValueError(
                f"Expected shares with the same {name}, got {only_here!s:.60} and "
                f"{only_there!s:.60}. Estimate both by one model and the same "
                "parameters."
            )

    def _settings(self):
        """Return what compared shares must have in common, by what to call it."""
        groups = self.get("groups")
        members = self.members if groups is None else groups.members
        return {
            "labels": set(self.label.tolist()),
            "groups in the model": _sorted(self.members_in_model),
            "groups": _sorted(members),
            "confidence_level": self.confidence_level,
            "n_resamples": len(self.resamples),
            "priors of the model": self.assumed_prior.round(9).tolist(),
            "error and sharpness of the model": (self.model_error, self.sharpness),
        }

    def _added(self):
        """Return what floors add to the squared reach of intervals.

        The shape is (2, n_classes), for down and up.
        """
        without = percentiles(self.resamples, self.share, self.confidence_level)
        ends = np.array([self.low, self.high])
        return (ends - self.share) ** 2 - (np.array(without) - self.share) ** 2


def percentiles(resamples, estimate, confidence_level):
    """Return the ends of intervals, (n_classes,) each, which hold the estimate."""
    limits = [(1 - confidence_level) / 2, (1 + confidence_level) / 2]
    low, high = np.quantile(resamples, limits, axis=0)
    return np.minimum(low, estimate), np.maximum(high, estimate)


def are_sure(resamples, difference, least_deviation, confidence_level):
    """Return whether each difference is not 0, (n_labels,), for all labels together.

    It is so if it exceeds the largest error in most resamples, (n_resamples, n_labels),
    both in standard deviations.
    """
    deviation = np.maximum(resamples.std(axis=0), least_deviation)
    # Without labels, as of groups={}, nothing varies.
    largest = (np.abs(resamples - difference) / deviation).max(axis=1, initial=0)
    return np.abs(difference) > deviation * np.quantile(largest, confidence_level)


def _only_in(value, other):
    """Return what differs from another value of sets and dicts, which may be long."""
    if isinstance(value, set):
        return sorted(value - other, key=str)
    if isinstance(value, dict) and isinstance(other, dict):
        return {key: value[key] for key in value if other.get(key) != value[key]}
    return value


def _sorted(members):
    """Return the labels of each group in an order of their own, or None."""
    if members is None:
        return None
    return {group: sorted({*labels}, key=str) for group, labels in members.items()}


class Comparison(Table):
    """The result of :meth:`Shares.compare`."""

    _columns = ("label", "share", "other", "difference", "low", "high", "sure")
    _header = " share    other  difference   {:.10g} % interval"

    @staticmethod
    def _line(share, other, difference, low, high, sure):
        mark = "   sure" if sure else ""
        return (
            f"{share:6.1%}   {other:6.1%}   {difference:+8.1%}   "
            f"{low:+.1%} to {high:+.1%}{mark}"
        )

    def _is_shown(self):
        is_first = np.arange(len(self.label)) < N_PRINTED
        return self.sure | (is_first & (np.abs(self.difference) >= LEAST_PRINTED))

    def _sum(self, rows):
        return "none is sure"

    def _notes(self):
        yield f"{self.n_names:,} names against {self.n_names_of_other:,}"
