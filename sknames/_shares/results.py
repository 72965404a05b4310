"""The tables that users hold: shares of a list, and how lists differ."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from numbers import Real
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm
from sklearn.utils import Bunch

from .._models.frames import to_frame
from .._models.groups import array_of_labels, regions_of
from .._models.priors import OTHERS, is_not_one

N_PRINTED = 10  # rows of a table that prints
LEAST_PRINTED = 0.0005  # a share or difference, which rounds to 0.1 %
FEW_NAMES = 100  # fewer than these raise a warning
WIDE = 0.3  # intervals of more get a note
# Held-out people of a label: with fewer, its share in a list is estimated too small.
# Intervals hold .5 to .8 of the true shares of such labels, and .87 to .95 of others:
# see examples/benchmarks/results/shares.md.
FEW_HELD_OUT = 20
LEAST_IN_DOUBT = 0.01  # a share: of smaller ones, no note says that they are unsure


class Table(Bunch):
    """Hold columns of equal length, by label, and of groups under "groups".

    The first columns, `_texts`, are printed as they are; `_line` writes the others.
    """

    _texts: ClassVar[tuple[str, ...]] = ("label",)

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
        widths = []
        for name in self._texts:
            texts = [name]
            for table in tables:
                texts += map(str, table[name])
            widths.append(max(map(len, texts)))
        header = self._header.format(100 * self.confidence_level)
        lines = [f"{_padded(self._texts, widths)}   {header}"]
        lines += self._lines(widths)
        if len(tables) > 1:
            lines.append("of groups:")
            lines += groups._lines(widths)
        return "\n".join([*lines, *self._notes()])

    def _lines(self, widths):
        """Return the lines of the rows; a table without "groups" shows all."""
        is_shown = np.full(len(self.label), True)
        if "groups" in self:
            is_shown = self._is_shown()
        n_texts = len(self._texts)
        lines = []
        for row in np.flatnonzero(is_shown):
            values = [self[name][row] for name in self._columns]
            texts = _padded(values[:n_texts], widths)
            lines.append(f"{texts}  {self._line(*values[n_texts:])}")
        if not is_shown.all():  # groups may overlap, so no "others" sums them
            hidden = {*self.label[~is_shown].tolist()}
            lines.append(f"{len(hidden)} others: {self._sum(~is_shown)}")
        return lines


def listing(texts):
    """Return texts with commas, and how many more there are than are printed."""
    text = ", ".join(map(str, texts[:N_PRINTED]))
    if len(texts) > N_PRINTED:
        text += f" and {len(texts) - N_PRINTED} more"
    return text


def notes_on_new_labels(new_labels):
    """Yield what to say of labels that the model lacks."""
    if new_labels:
        yield f"labels that the model lacks: {listing(new_labels)}"


def _padded(texts, widths):
    """Return texts side by side, each as wide as its column."""
    pairs = zip(texts, widths, strict=True)
    return "   ".join(f"{text!s:<{width}}" for text, width in pairs)


class Shares(Table):
    """The result of `estimate_shares`."""

    _columns = ("label", "share", "low", "high")
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
        if self.n_clusters is not None:
            yield f"in {self.n_clusters:,} clusters"
        if self.n_checked is not None:
            yield from self._notes_on_checked()
        widths = self.high - self.low
        if "groups" in self and self.n_distinct >= FEW_NAMES and widths.max() > WIDE:
            yield (
                f"{self.label[widths.argmax()]} has a wide interval, since others have "
                'such names: sum labels, as by groups="subregion", or give a model the '
                "priors that you know"
            )
        if "groups" in self:
            pairs = self._pairs_to_sum()
            if pairs:
                yield (
                    f"hard to tell apart here: {listing(pairs)}; sum them, as by "
                    'groups="subregion"'
                )

    def _pairs_to_sum(self):
        """Return texts of pairs of labels that this list cannot separate."""
        pairs = [{first, second} for first, second, _ in self.confused_pairs]
        if self.groups is None:
            for pair in self._pairs_of_few():
                if pair not in pairs:
                    pairs.append(pair)
        return [" and ".join(sorted(map(str, pair))) for pair in pairs]

    def _pairs_of_few(self):
        """Yield labels that few people have shown, each with its likeliest neighbour.

        That is the largest other label of its subregion. One of both has a share that
        matters.
        """
        subregion_of = regions_of("subregion")
        share_of = dict(zip(self.label.tolist(), self.share.tolist(), strict=True))
        for label in self.few_held_out:
            pair = [label]
            for other in share_of:  # the largest first
                is_near = subregion_of.get(other) == subregion_of.get(label, "")
                if is_near and other != label:
                    pair.append(other)
                    break
            if max(share_of[name] for name in pair) > LEAST_IN_DOUBT:
                yield {*pair}

    def _notes_on_checked(self):
        """Yield what to say of checked rows."""
        if self.without is None:
            yield "all names are checked: these are counts, with exact intervals"
            return
        yield f"{self.n_checked:,} of the names are checked"
        yield from notes_on_new_labels(self.new_labels)
        is_outside = (self.without < self.low) | (self.without > self.high)
        is_outside &= ~np.isin(self.label, self.new_labels)
        for row in np.flatnonzero(is_outside):
            yield (
                f"without the checked rows, {self.label[row]} would have "
                f"{self.without[row]:.1%}, which is outside its interval"
            )

    def compare(
        self, other: "Shares | Mapping[Any, float]", *, same_source: bool = False
    ) -> "Comparison":
        """Compare with the shares of another list, or with a known mix.

        Parameters
        ----------
        other : Shares or dict
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
            A Bunch that prints as a table, with

            - label: array of shape (n_classes,), the largest difference first,
            - share, other, difference: the shares here and in the other list, and the
              former minus the latter,
            - low, high: the ends of the interval of the difference,
            - sure: whether the lists differ in this label. This holds for all labels
              together: at a confidence level of 95 %, one in 20 pairs of lists of equal
              mixes has any,
            - p_value: the same as p-values, for all labels together,
            - groups: the same for the groups, or None,
            - n_names, n_names_of_other, confidence_level; the second is None for
              known shares.

            Its method `to_frame` makes a DataFrame, and ``comparison["German"]`` is a
            row.

        Raises
        ------
        ValueError
            If the shares are of different models or parameters, their groups have
            other labels, or known shares are not shares.

        Notes
        -----
        The intervals are percentiles of the differences of resamples. A difference is
        sure if it exceeds the largest error in 95 % of the resamples, both in standard
        deviations. People who are in both lists make both cautious. Shares that checked
        rows correct do not have the errors of the model. A label that the model lacks
        and that is not among the other list's checked rows has a share of 0 there, and
        none if no rows were checked.
        """
        if isinstance(other, Shares):
            self._check_alike(other)
            return self._compare_with_list(other, same_source)
        if hasattr(other, "items"):
            return self._compare_with_known(dict(other.items()))
        raise TypeError(
            "Expected the Shares of another list, or a dict of known shares, got "
            f"{type(other).__name__}."
        )

    def _compare_with_list(self, other, same_source):
        """Compare with the shares of another list, as `compare` says."""
        here = set(self.label.tolist())
        only_there = [label for label in other.label.tolist() if label not in here]
        labels = self.label
        if only_there:
            labels = array_of_labels([*labels.tolist(), *only_there])
        theirs = other._at(labels)
        if not same_source:
            # All lists have the same errors of the model, in the same order. Paired
            # from both ends, two comparisons of two lists mirror each other.
            theirs = replace(theirs, resamples=theirs.resamples[::-1])
        groups = self.get("groups")
        if groups is not None:
            groups = groups.compare(other.groups, same_source=same_source)
        return self._compare(labels, self._at(labels), theirs, other.n_names, groups)

    def _at(self, labels):
        """Return the estimates of labels, some of which may be missing here.

        A label that the model lacks has no share, unless rows were checked: then it was
        not among them.
        """
        row_of = {label: k for k, label in enumerate(self.label.tolist())}
        rows = [row_of.get(label, -1) for label in labels.tolist()]
        rows = np.array(rows, dtype=np.intp)
        estimates = ComparedValues(
            value=self.share[rows],
            resamples=self.resamples[:, rows],
            low=self.low[rows],
            high=self.high[rows],
            least_reach=self.least_reach[rows],
        )
        is_missing = rows < 0
        share = np.nan if self.n_checked is None else 0
        estimates.value[is_missing] = share
        estimates.resamples[:, is_missing] = 0
        estimates.low[is_missing] = share
        estimates.high[is_missing] = share + self.floor
        estimates.least_reach[is_missing] = self.floor
        return estimates

    def _compare_with_known(self, known):
        """Compare with known shares by label, and the sum of the others."""
        self._check_known(known)
        labels = [label for label in known if label in self.label.tolist()]
        is_in = (self.label == np.array(labels, dtype=object)[:, None]) * 1.0
        if len(labels) < len(known):
            labels.append(OTHERS)
            is_in = np.vstack([is_in, 1 - is_in.sum(axis=0)])
        sums = self.estimated.sums(is_in)
        low, high = sums.interval(self.confidence_level)
        compared = ComparedValues(
            value=sums.share,
            resamples=sums.resamples,
            low=low,
            high=high,
            least_reach=sums.least_reach(self.confidence_level),
        )
        known_share = np.array([known[label] for label in labels], dtype=float)
        certain = ComparedValues.certain(known_share, len(sums.resamples))
        return self._compare(array_of_labels(labels), compared, certain, None, None)

    def _compare(self, labels, estimates, others, n_names_of_other, groups):
        """Return a comparison of estimates, the largest difference first."""
        columns = compare_estimates(estimates, others, self.confidence_level)
        columns |= {"label": labels, "share": estimates.value, "other": others.value}
        size = np.nan_to_num(np.abs(columns["difference"]))
        order = np.argsort(-size, kind="stable")
        comparison = Comparison(
            confidence_level=self.confidence_level,
            n_names=self.n_names,
            n_names_of_other=n_names_of_other,
        )
        for name, values in columns.items():
            comparison[name] = values[order]
        if "groups" in self:
            comparison.groups = groups
        return comparison

    def _check_known(self, known):
        """Raise ValueError unless known shares are shares of labels of this list."""
        labels = self.label.tolist()
        has_others = OTHERS in known and OTHERS not in labels
        for label, share in known.items():
            if label not in labels and label != OTHERS:
                raise ValueError(
                    f"Expected known shares of the labels {labels!s:.200}, or of "
                    f"{OTHERS!r}, got {label!r}."
                )
            if not (isinstance(share, Real) and 0 <= share <= 1):
                raise ValueError(
                    f"Expected known shares from 0 to 1, got {share!r} of {label!r}."
                )
        if has_others and "groups" not in self:
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
            "labels": set(self.label.tolist()) - set(self.get("new_labels", [])),
            "groups in the model": _sorted(self.members_in_model),
            "groups": _sorted(members),
            "confidence_level": self.confidence_level,
            "n_resamples": len(self.resamples),
            "priors of the model": self.assumed_prior.round(9).tolist(),
            "error and sharpness of the model": (self.model_error, self.sharpness),
        }


def percentiles(resamples, estimate, confidence_level):
    """Return the ends of intervals, (n_classes,) each, which hold the estimate."""
    tail = (1 - confidence_level) / 2
    low = np.quantile(resamples, tail, axis=0)
    high = -np.quantile(-resamples, tail, axis=0)  # to the bit as seen from above
    return np.minimum(low, estimate), np.maximum(high, estimate)


@dataclass(frozen=True)
class ComparedValues:
    """Hold what a comparison takes: shares or rates, one in each row.

    Parameters
    ----------
    value : ndarray of shape (n_rows,)
        The estimates, NaN where there is none.
    resamples : ndarray of shape (n_resamples, n_rows)
        The same in each resample.
    low, high : ndarray of shape (n_rows,)
        The ends of the intervals.
    least_reach : ndarray of shape (n_rows,)
        How far an interval reaches at least.
    """

    value: NDArray[np.floating]
    resamples: NDArray[np.floating]
    low: NDArray[np.floating]
    high: NDArray[np.floating]
    least_reach: NDArray[np.floating]

    @classmethod
    def certain(cls, value, n_resamples):
        """Return values that are known."""
        zeros = np.zeros(len(value))
        return cls(value, np.tile(value, (n_resamples, 1)), value, value, zeros)

    def added(self, confidence_level):
        """Return what floors add to the squared reach of intervals, down and up."""
        without = percentiles(self.resamples, self.value, confidence_level)
        ends = np.array([self.low, self.high])
        return (ends - self.value) ** 2 - (np.array(without) - self.value) ** 2


def compare_estimates(estimates, others, confidence_level):
    """Return how estimates differ from others, as columns by name."""
    difference = estimates.value - others.value
    resamples = estimates.resamples - others.resamples
    low, high = percentiles(resamples, difference, confidence_level)
    # What floors add to the intervals of estimates adds to theirs like a variance (Zou
    # and Donner 2008).
    down, up = estimates.added(confidence_level)
    other_down, other_up = others.added(confidence_level)
    squared_down = (difference - low) ** 2 + (down + other_up)
    squared_up = (high - difference) ** 2 + (up + other_down)
    # Intervals of checked rows may reach less far than their resamples.
    low = difference - np.sqrt(np.maximum(squared_down, 0))
    high = difference + np.sqrt(np.maximum(squared_up, 0))
    is_known = ~np.isnan(difference)
    low = np.where(is_known, np.maximum(low, -1), -1)
    high = np.where(is_known, np.minimum(high, 1), 1)
    least_reach = np.hypot(estimates.least_reach, others.least_reach)
    p_value = np.ones(len(difference))
    sure = np.zeros(len(difference), dtype=bool)
    p_value[is_known], sure[is_known] = judge_differences(
        resamples[:, is_known],
        difference[is_known],
        least_reach[is_known],
        confidence_level,
    )
    sure &= (low > 0) | (high < 0)  # the resamples of a few names hardly vary
    columns = {"difference": difference, "low": low, "high": high}
    return columns | {"sure": sure, "p_value": p_value}


def judge_differences(resamples, difference, least_reach, confidence_level):
    """Return p-values of differences, for all labels together, and which are sure.

    A difference is sure if it exceeds the largest error in most resamples, both in
    standard deviations; their shape is (n_resamples, n_labels). The p-value takes the
    largest of K normal errors, with the K under which the same are sure.
    """
    if not len(difference):  # as of groups={}
        return np.ones(0), np.zeros(0, dtype=bool)
    z = norm.ppf((1 + confidence_level) / 2)
    deviation = np.maximum(resamples.std(axis=0), least_reach / z)
    largest = (np.abs(resamples - difference) / deviation).max(axis=1)
    limit = np.quantile(largest, confidence_level)
    sure = np.abs(difference) > deviation * limit
    log_inside = np.log1p(-2 * norm.sf(max(limit, z)))
    n_independent = np.log(confidence_level) / log_inside
    is_outside = 2 * norm.sf(np.abs(difference) / deviation)
    log_smaller = np.log1p(-np.minimum(is_outside, 1 - 1e-15))  # 1 if nothing differs
    return -np.expm1(n_independent * log_smaller), sure


def hold_together(comparisons):
    """Make "sure" hold for several comparisons together, in place (Holm 1979)."""
    in_order = sorted(comparisons, key=lambda table: table.p_value.min(initial=1))
    n_left = len(in_order)
    is_rejected = True
    for comparison in in_order:
        alpha = (1 - comparison.confidence_level) / n_left
        comparison.sure = comparison.sure & (comparison.p_value <= alpha)
        is_rejected &= bool(comparison.sure.any())
        if not is_rejected:
            comparison.sure = np.zeros(len(comparison.sure), dtype=bool)
        n_left -= 1
    with_groups = [table.groups for table in comparisons if table.get("groups")]
    if with_groups:
        hold_together(with_groups)


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
        if np.isnan(difference):
            text = f"{share:6.1%}   {other:6.1%}"
            return text.replace("nan%", "   -")
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
        if self.n_names_of_other is None:
            yield (
                f"{self.n_names:,} names against known shares: a census counts birth "
                "or citizenship, and this counts names"
            )
        else:
            yield f"{self.n_names:,} names against {self.n_names_of_other:,}"
