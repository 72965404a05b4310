"""The tables that users hold: shares of a list, and how lists differ."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from numbers import Real
from types import SimpleNamespace
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from .._base.exact_limits import exact_limit
from .._models.frames import to_frame
from .._models.groups import array_of_labels, regions_of
from .._models.priors import OTHERS, is_not_one
from .draws import Draws
from .intervals import compare_draws, judge_families
from .name_list import FEW_NAMES

# What a table lacks, and who has it.
ELSEWHERE = {
    "plot": "draw it with sknames.SharesDisplay.from_shares",
    "to_csv": "write it with .to_frame().to_csv",
}
N_PRINTED = 10  # rows of a table that prints
LEAST_PRINTED = 0.0005  # a share or difference, which rounds to 0.1 %
WIDE = 0.3  # intervals of more get a note
# Held-out people of a label: with fewer, its share in a list is estimated too small.
# Intervals held .6 to .8 of the true shares of such labels, and .89 to .96 of others:
# see examples/benchmarks/results/shares.md.
FEW_HELD_OUT = 20
LEAST_IN_DOUBT = 0.01  # a share: of smaller ones, no note says that they are unsure


class Row(SimpleNamespace):
    """Hold a row of a table: its columns as attributes, with values of Python.

    Those of rates are lists, with a value for each outcome.
    """

    __module__ = "sknames"


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Table(Mapping):
    """Hold columns of equal length as attributes, and rows by label.

    The first columns, `_texts`, are printed as they are; `_line` writes the others.

    Parameters
    ----------
    label : ndarray of shape (n_rows,)
        The label of each row.
    confidence_level : float
        Confidence level of the intervals.
    groups : Table or None, default=None
        The same for groups, if these were asked for.
    is_of_groups : bool, default=False
        Whether this is such a table, which prints all its rows.
    """

    label: NDArray[Any]
    confidence_level: float
    groups: Self | None = None
    is_of_groups: bool = False

    _columns: ClassVar[tuple[str, ...]] = ("label",)
    _texts: ClassVar[tuple[str, ...]] = ("label",)
    _header: ClassVar[str] = ""

    def to_frame(self) -> Any:
        """Return the table as a DataFrame of pandas.

        It is one of polars if only that is installed.
        """
        return to_frame({name: getattr(self, name) for name in self._columns})

    def __getitem__(self, label):
        """Return the row of a label."""
        labels = self.label.tolist()
        rows = [k for k, other in enumerate(labels) if other == label]
        if rows:
            return self._row(rows)
        if isinstance(label, str) and hasattr(self, label):
            raise KeyError(f"Expected a label, got {label!r}: take .{label}.")
        raise KeyError(f"Expected one of the labels {listing([*self])}, got {label!r}.")

    def _row(self, rows):
        """Return a row as values of Python, where a label has only one."""
        (row,) = rows
        values = {name: getattr(self, name)[row] for name in self._columns}
        return Row(**{name: as_python(value) for name, value in values.items()})

    def _check_alike(self, other):
        """Raise ValueError unless another result is of the same model and settings."""
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

    def __iter__(self):
        """Iterate over labels."""
        return iter(dict.fromkeys(self.label.tolist()))

    def __len__(self):
        """Return the number of labels."""
        return len({*self.label.tolist()})

    def __getattr__(self, name):
        """Raise AttributeError, which says where to go for what others have."""
        if name in ELSEWHERE:
            raise AttributeError(f"{type(self).__name__}.{name}: {ELSEWHERE[name]}")
        raise AttributeError(f"{type(self).__name__!r} has no attribute {name!r}")

    def _counts(self):
        """Return lines that count rows or names."""
        return []

    def _notes(self):
        """Return lines of what else is to be said."""
        return []

    @property
    def _title(self):
        """The header of all columns that are no texts."""
        return self._header.format(100 * self.confidence_level)

    def __repr__(self):
        tables = [self]
        if self.groups:
            tables.append(self.groups)
        widths = []
        for name in self._texts:
            texts = [name]
            for table in tables:
                texts += map(str, getattr(table, name))
            widths.append(max(map(len, texts)))
        lines = [f"{_padded(self._texts, widths)}   {self._title}"]
        lines += self._lines(widths)
        if len(tables) > 1:
            lines.append("of groups:")
            if self.groups._title != self._title:
                lines.append(f"{_padded(self._texts, widths)}   {self.groups._title}")
            lines += self.groups._lines(widths)
        lines += self._counts()
        lines += self._notes()
        return "\n".join(lines)

    def _lines(self, widths):
        """Return the lines of the rows; a table of groups shows all."""
        is_shown = np.full(len(self.label), True)
        if not self.is_of_groups:
            is_shown = self._is_shown()
        n_texts = len(self._texts)
        lines = []
        for row in np.flatnonzero(is_shown):
            values = [getattr(self, name)[row] for name in self._columns]
            texts = _padded(values[:n_texts], widths)
            lines.append(f"{texts}  {self._line(*values[n_texts:])}")
        if not is_shown.all():  # groups may overlap, so no "others" sums them
            hidden = {*self.label[~is_shown].tolist()}
            lines.append(f"{len(hidden)} others: {self._sum(~is_shown)}")
        return lines


def read_only(values):
    """Return a view of an array that cannot be written to."""
    view = values.view()
    view.flags.writeable = False
    return view


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


def as_python(value):
    """Return a value of numpy as one of Python."""
    return value.item() if isinstance(value, np.generic) else value


def _padded(texts, widths):
    """Return texts side by side, each as wide as its column."""
    pairs = zip(texts, widths, strict=True)
    return "   ".join(f"{text!s:<{width}}" for text, width in pairs)


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Shares(Table):
    """The result of `estimate_shares`, which describes the fields."""

    __module__ = "sknames"

    share: NDArray[np.floating]
    low: NDArray[np.floating]
    high: NDArray[np.floating]
    n_names: int
    n_distinct: int
    n_not_names: int
    n_clusters: int | None
    n_checked: int | None
    new_labels: list[Any]
    assumed_prior: NDArray[np.floating]
    model_error: Any
    sharpness: float
    members_in_model: dict[Any, Any] | None
    members: dict[Any, Any] | None = None
    confused_pairs: list[tuple[Any, Any, float]]
    few_held_out: list[Any]
    coverage: float | None
    _draws: Draws

    _columns = ("label", "share", "low", "high")

    @property
    def _title(self):
        if self.coverage is not None:
            return f"share   interval (held {100 * self.coverage:.0f} % when tested)"
        title = f"share   {100 * self.confidence_level:.10g} % interval"
        if self.n_checked is None:
            title += " (coverage not measured)"
        return title

    @property
    def draws(self) -> NDArray[np.floating]:
        """The shares in each draw, (n_draws, n_labels), for reading only."""
        return read_only(self._draws.draws)

    @property
    def floor(self) -> float:
        """How far the interval of a share of 0 reaches."""
        return exact_limit(self._draws.n_effective, self.confidence_level)

    @staticmethod
    def _line(share, low, high):
        if np.isnan(low):
            return f"{share:6.1%}   -"
        return f"{share:6.1%}   {low:.1%} to {high:.1%}"

    def _is_shown(self):
        is_first = np.arange(len(self.share)) < N_PRINTED
        return is_first & (self.share >= LEAST_PRINTED)

    def _sum(self, rows):
        return f"{self.share[rows].sum():.1%} together"

    def _counts(self):
        yield (
            f"{self.n_names + self.n_not_names:,} rows: {self.n_names:,} names "
            f"({self.n_distinct:,} distinct), {self.n_not_names:,} not names"
        )

    def _notes(self):
        if self.n_clusters is not None:
            yield f"in {self.n_clusters:,} clusters"
        if self.n_checked is not None:
            yield from self._notes_on_checked()
        widths = np.nan_to_num(self.high - self.low)
        if self.is_of_groups:
            return
        if self.n_distinct >= FEW_NAMES and widths.max() > WIDE:
            yield (
                f"{self.label[widths.argmax()]} has a wide interval, since others have "
                'such names: sum labels, as by groups="subregion", or give a model the '
                "priors that you know"
            )
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
        without = self._draws.checked.without
        if without is None:
            yield "all names are checked: these are counts, with exact intervals"
            return
        yield f"{self.n_checked:,} of the names are checked"
        yield from notes_on_new_labels(self.new_labels)
        is_outside = (without < self.low) | (without > self.high)
        is_outside &= ~np.isin(self.label, self.new_labels)
        for row in np.flatnonzero(is_outside):
            yield (
                f"without the checked rows, {self.label[row]} would have "
                f"{without[row]:.1%}, which is outside its interval"
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
            It prints as a table, and has

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
        The intervals are percentiles of the differences of draws. A difference is
        sure if it exceeds the largest error in 95 % of the draws, both in standard
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
        here = {*self.label.tolist()}
        only_there = [label for label in other.label.tolist() if label not in here]
        labels = self.label
        if only_there:
            labels = array_of_labels([*labels.tolist(), *only_there])
        theirs = other._draws.at(labels)
        if not same_source:
            # All lists have the same errors of the model, in the same order. Paired
            # from both ends, two comparisons of two lists mirror each other.
            theirs = replace(theirs, draws=theirs.draws[::-1])
        groups = None
        if self.groups is not None:
            groups = self.groups.compare(other.groups, same_source=same_source)
        few = {*self.few_held_out, *other.few_held_out}
        here = self._draws.at(labels)
        return self._compare(here, theirs, few, other.n_names, groups)

    def _compare_with_known(self, known):
        """Compare with known shares by label, and the sum of the others."""
        self._check_known(known)
        labels = self.label.tolist()
        members = {label: [label] for label in known if label in labels}
        if len(members) < len(known):
            members[OTHERS] = [label for label in labels if label not in members]
        mix = Draws.known({label: known[label] for label in members}, len(self.draws))
        return self._compare(self._draws.sums(members), mix, {*self.few_held_out})

    def _compare(self, here, there, few, n_names_of_other=None, groups=None):
        """Return a comparison of `Draws`, the largest difference first.

        Of labels with few held-out people, nothing is sure.
        """
        columns = compare_draws(here, there, self.confidence_level)
        is_few = np.isin(here.labels, [*few])
        instead = {"low": np.nan, "high": np.nan, "sure": False, "p_value": 1}
        for name, value in instead.items():
            columns[name] = np.where(is_few, value, columns[name])
        columns |= {"label": here.labels}
        columns |= {"share": here.estimate, "other": there.estimate}
        size = np.nan_to_num(np.abs(columns["difference"]))
        order = np.argsort(-size, kind="stable")
        return Comparison(
            **{name: values[order] for name, values in columns.items()},
            confidence_level=self.confidence_level,
            n_names=self.n_names,
            n_names_of_other=n_names_of_other,
            groups=groups,
            is_of_groups=self.is_of_groups,
        )

    def _check_known(self, known):
        """Raise ValueError unless known shares are shares of labels of this list."""
        labels = self.label.tolist()
        has_others = OTHERS in known and OTHERS not in labels
        for label, share in known.items():
            if label not in labels and label != OTHERS:
                raise ValueError(
                    f"Expected known shares of the labels {listing(labels)}, or of "
                    f"{OTHERS!r}, got {label!r}."
                )
            if not (isinstance(share, Real) and 0 <= share <= 1):
                raise ValueError(
                    f"Expected known shares from 0 to 1, got {share!r} of {label!r}."
                )
        if has_others and self.is_of_groups:
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

    def _settings(self):
        """Return what compared shares must have in common, by what to call it."""
        members = self.members
        if self.groups is not None:
            members = self.groups.members
        return {
            "labels": set(self.label.tolist()) - set(self.new_labels),
            "groups in the model": _sorted(self.members_in_model),
            "groups": _sorted(members),
            "confidence_level": self.confidence_level,
            "n_draws": len(self.draws),
            "priors of the model": self.assumed_prior.round(9).tolist(),
            "error of the model": np.round(self.model_error, 9).tolist(),
            "sharpness of the model": self.sharpness,
        }


def hold_together(comparisons):
    """Return comparisons of which "sure" holds for all together (Holm 1979).

    Their groups are judged together, too.
    """
    if not comparisons:
        return []
    p_values = [table.p_value for table in comparisons]
    sure = [table.sure for table in comparisons]
    judged = judge_families(p_values, sure, comparisons[0].confidence_level)
    groups = hold_together([table.groups for table in comparisons if table.groups])
    held = []
    for table, is_sure in zip(comparisons, judged, strict=True):
        groups_of_table = groups.pop(0) if table.groups else table.groups
        held.append(replace(table, sure=is_sure, groups=groups_of_table))
    return held


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


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Differences(Table):
    """Hold what differs between two shares or rates, as `compare_draws` says.

    Parameters
    ----------
    other : ndarray of shape (n_rows,)
        The second share or rate of each row.
    difference : ndarray of shape (n_rows,)
        The first one minus the second.
    low, high : ndarray of shape (n_rows,)
        Ends of the interval of the difference.
    sure : ndarray of shape (n_rows,) of bool
        Whether they differ, for all rows together.
    p_value : ndarray of shape (n_rows,)
        The same as p-values.
    """

    other: NDArray[np.floating]
    difference: NDArray[np.floating]
    low: NDArray[np.floating]
    high: NDArray[np.floating]
    sure: NDArray[np.bool_]
    p_value: NDArray[np.floating]

    @staticmethod
    def _line(first, other, difference, low, high, sure):
        mark = "   sure" if sure else ""
        if np.isnan(difference):
            text = f"{first:6.1%}   {other:6.1%}"
            return text.replace("nan%", "   -")
        text = f"{first:6.1%}   {other:6.1%}   {difference:+8.1%}   "
        if np.isnan(low):
            return f"{text}-"
        return f"{text}{low:+.1%} to {high:+.1%}{mark}"


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Comparison(Differences):
    """The result of :meth:`Shares.compare`, which describes the fields."""

    __module__ = "sknames"

    share: NDArray[np.floating]
    n_names: int
    n_names_of_other: int | None

    _columns = ("label", "share", "other", "difference", "low", "high", "sure")
    _header = " share    other  difference   {:.10g} % interval"

    def _is_shown(self):
        is_first = np.arange(len(self.label)) < N_PRINTED
        return self.sure | (is_first & (np.abs(self.difference) >= LEAST_PRINTED))

    def _sum(self, rows):
        return "none is sure"

    def _counts(self):
        if self.n_names_of_other is not None:
            yield f"{self.n_names:,} names against {self.n_names_of_other:,}"

    def _notes(self):
        if self.n_names_of_other is None:
            yield (
                f"{self.n_names:,} names against known shares: a census counts birth "
                "or citizenship, and this counts names"
            )
