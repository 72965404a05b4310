"""Estimate and compare the parts of a list, such as years or regions."""

import warnings
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Self

import numpy as np

from .._base import NoEstimateError, warn
from .._base.saved import Saved, SavedResult
from .._draws.draw_shares import draw_shares
from .._draws.draws import Draws
from .._lists.split import Split, split_rows
from .._models.frames import to_frame
from .._models.groups import Groups
from .comparison import Comparison, hold_together
from .shares import Shares, shares_of_drawn
from .table import listing

# If more parts than this have the same kind of message, only one message is shown.
FEW_PARTS = 3
# The columns of comparisons, used if no part can be compared.
COMPARED = ["label", "share", "other", "difference", "low", "high", "sure", "p_value"]
NO_ROW_CHECKED = "no row is checked: these shares are estimated from names alone"


@dataclass(frozen=True, eq=False, repr=False)
class Parts(SavedResult, Mapping):
    """Results for each part of a list, by the values of the parts in `by`.

    :func:`estimate_shares` and :func:`estimate_rates` return this object if `by` is
    given, and so does its method `compare`. ``parts[2020]`` is the result of a part, or
    None if there is no estimate. The keys are the values in the column of `by`, with
    None for missing values, or tuples if `by` has several columns. They are sorted,
    with missing values first; values that cannot be sorted are in order of appearance.

    Parameters
    ----------
    _split, _tables, _counts, _notes_of_part, _whole : object
        Internal data.

    See Also
    --------
    estimate_statistic : Estimate a function of all parts, such as a slope.

    Examples
    --------
    >>> import sknames
    >>> from sknames.datasets import make_names
    >>> names, _ = make_names(
    ...     200, nationalities=["Dutch", "Turkish"], random_state=0
    ... )
    >>> model = sknames.load_pretrained()
    >>> years = [2019, 2020] * 100
    >>> parts = sknames.estimate_shares(model, names, by=years, random_state=0)
    >>> list(parts), parts[2020].label[:2].tolist()
    ([2019, 2020], ['Dutch', 'Turkish'])
    >>> parts.compare()[2020]["Dutch"].sure
    False
    """

    __module__ = "sknames"

    _split: Split
    _tables: dict[Any, Any]
    _counts: dict[Any, tuple[int, int]]
    _notes_of_part: dict[Any, list[tuple[str, str]]]
    _whole: "Whole | None" = None

    @property
    def names(self) -> list[str]:
        """The names of the columns of `by`."""
        return self._split.names

    def __getitem__(self, key: Any) -> Any:
        """Return the result of a part."""
        key = self._split.key_of(key)
        if key not in self._tables:
            raise KeyError(
                f"Expected one of the parts {listing([*self])}, got {key!r:.80}."
            )
        return self._tables[key]

    def __iter__(self) -> Iterator[Any]:
        """Iterate over the keys of the parts."""
        return iter(self._tables)

    def __len__(self) -> int:
        """Return the number of parts."""
        return len(self._tables)

    def __repr__(self):
        return "\n\n".join(map(self._text_of, self))

    def _text_of(self, key):
        """Return the printed text of a part."""
        table = self._tables[key]
        n_names, n_not_names = self._counts[key]
        text = str(table)
        if table is None:
            text = f"no name; {n_not_names:,} not names"
            if n_names:
                text = f"no estimate; {n_names:,} names"
        notes = [note for _, note in self._notes_of_part[key]]
        return "\n".join([self._split.title(key), text, *notes])

    def _notes(self):
        """Yield a summary of the notes below the tables, without counts of rows."""
        messages = []
        for key, table in self._tables.items():
            notes = [] if table is None else [*table._notes()]
            for kind, note in [*notes, *self._notes_of_part[key]]:
                if kind != "counts":
                    messages.append((self._split.title(key), kind, note))
        for line in summarize_messages(messages):
            yield "parts", line

    def to_frame(self) -> Any:
        """Return all parts as one pandas DataFrame, with the columns of `by` first.

        The columns names and not_names contain the number of names in each part, and of
        texts that are not names. A part without an estimate has a row of missing
        values.

        Returns
        -------
        DataFrame
            All parts, as a polars DataFrame if only polars is installed.
        """
        return to_frame(self._columns)

    @property
    def _columns(self):
        """Return the columns of `to_frame`, arrays by name."""
        tables = [table for table in self._tables.values() if table is not None]
        names = [*tables[0]._columns] if tables else COMPARED
        columns = defaultdict(list)
        for key, table in self._tables.items():
            n_rows = 1 if table is None else len(table.label)
            of_key = key if len(self.names) > 1 else (key,)
            for name, value in zip(self.names, of_key, strict=True):
                columns[name] += [value] * n_rows
            for name in names:
                values = [None] if table is None else table._columns[name].tolist()
                columns[name] += values
            n_names, n_not_names = self._counts[key]
            columns["names"] += [n_names] * n_rows
            columns["not_names"] += [n_not_names] * n_rows
        return {name: _as_array(values) for name, values in columns.items()}

    def sums(self, groups: Groups) -> Self:
        """Sum labels over groups, in each part.

        Parameters
        ----------
        groups : dict, "subregion" or "region"
            The labels of each group, as in `Shares.sums`.

        Returns
        -------
        Self
            The parts, with sums over groups in place of labels.

        Raises
        ------
        TypeError
            If the parts are comparisons.
        """
        tables = {}
        for key, table in self._tables.items():
            if isinstance(table, Comparison):
                raise TypeError(
                    "Expected parts with shares or rates, got comparisons. Sum the "
                    "labels first, as parts.sums(groups).compare()."
                )
            tables[key] = None if table is None else table.sums(groups)
        return replace(self, _tables=tables)

    def compare(self, against: Any = "others") -> "Parts":
        """Compare the shares of each part with other shares.

        Parameters
        ----------
        against : "others", key, Shares or dict, default="others"
            What each part is compared with: "others" means all other rows of the list,
            and a key means the part with this key. The shares of another list are
            treated as coming from a different source. A dict or Series contains known
            shares, as in `Shares.compare`.

        Returns
        -------
        Parts
            The comparison of each part, or None if one of the two compared shares could
            not be estimated. `sure` and the p-values are adjusted for testing all parts
            (Holm 1979). Parts with fewer than 30 names of equal weight, or 10 clusters,
            are not tested: their p-values are NaN.

        Raises
        ------
        KeyError
            If no part has this key.
        TypeError
            If the parts are not shares.
        ValueError
            If there is only one part, or if a part is called "others".

        Notes
        -----
        All parts come from the same source, so the model is assumed to make the same
        errors in all of them. The shares of all other rows are computed by subtracting
        the part from the whole list. Summing the shares of many short parts would give
        shares that are too close to the priors. If there are only two parts, each part
        is compared with the shares of the other part. A part is not compared with all
        other rows if these are fewer than 30 names of equal weight, or 10 clusters.
        """
        if not all(isinstance(table, Shares | None) for table in self._tables.values()):
            raise TypeError(
                "Expected parts with shares, got others. Compare the rates of one part "
                "by its compare, those of several by estimate_statistic."
            )
        for key, table in self._tables.items():
            if table is against:
                against = key
        other_of = self._other_of(against)
        is_known = hasattr(against, "items")
        messages: list[tuple[str, str, str]] = []
        compared: dict[Any, Any] = {}
        for key, table in self._tables.items():
            if not is_known and key == against:
                continue  # all other parts are compared with this part
            compared[key] = None
            other = None
            title = f"not {self._split.title(key)}"
            if table is not None:
                other = estimated(partial(other_of, key), title, messages)
            if other is not None:
                compared[key] = table.compare(other, same_source=not is_known)
        for message in summarize_messages(messages):
            warn(message)
        held = iter(hold_together([table for table in compared.values() if table]))
        for key, table in compared.items():
            compared[key] = next(held) if table else None
        return replace(self, _tables=compared, _whole=None)

    def _other_of(self, against):
        """Return a function that returns the shares to compare with, given a key."""
        if hasattr(against, "items"):
            return lambda key: against
        if len(self) == 1:
            raise ValueError(
                f"Expected several parts to compare, got only {listing([*self])}. Give "
                "other columns as by."
            )
        if against != "others":
            other = self[against]
            return lambda key: other
        if "others" in self:
            raise ValueError(
                "Expected no part called 'others', which stands for all other rows. "
                "Rename it, or give a key as against."
            )
        return self._others_of

    def _others_of(self, key):
        """Return the `Shares` of all rows outside a part, or None without names."""
        weights = self._whole.weights
        others = [part for part in self if part != key and weights[part] > 0]
        if len(others) == 0:
            return None
        if len(others) == 1:
            return self._tables[others[0]]
        return self._whole.less(key, self._tables[key])


@dataclass
class Whole(Saved):
    """Hold the whole list from which parts were taken, and estimate it lazily.

    Parameters
    ----------
    weights : dict
        The share of each part in the total weight of the list, by key.
    n_names, n_not_names : int
        The number of names, and of texts that are not names.
    n_checked : int or None
        The number of checked rows.
    estimate : callable or None
        Function that returns the shares of the list as `Draws`, or None after it was
        called.
    drawn : Draws or None, default=None
        The shares, after `estimate` was called.
    """

    weights: dict[Any, float]
    n_names: int
    n_not_names: int
    n_checked: int | None
    estimate: Callable[[], Draws] | None
    drawn: Draws | None = None

    @classmethod
    def of_parts(cls, names, question, rows_of_part):
        """Return the whole for a `NameList` and the rows of each part, by key."""
        weights = {}
        for key, rows in rows_of_part.items():
            weights[key] = names.row_weights[rows].sum()
        total = sum(weights.values())
        return cls(
            weights={key: weight / total for key, weight in weights.items()},
            n_names=names.n_names,
            n_not_names=sum(names.n_of_reason.values()),
            n_checked=names.n_checked,
            estimate=partial(draw_whole, names, question, [*rows_of_part.values()]),
        )

    def _for_file(self):
        """Return the whole with estimated shares, and without the names of the list."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the parts have issued the same warnings
            self.draw()
        return self

    def draw(self):
        """Return the shares of the list as `Draws`."""
        estimate = self.estimate
        if estimate is not None:
            self.drawn = estimate()
            self.estimate = None  # and the names
        return self.drawn

    def less(self, key, part):
        """Return the `Shares` of all rows outside a part."""
        drawn = self.draw().less(part._of_labels, self.weights[key])
        if drawn.n_effective < drawn.least_effective:
            raise NoEstimateError(
                f"Expected {drawn.least_effective} other names or clusters of equal "
                f"weight, got {drawn.n_effective:.1f}. Compare the part with another."
            )
        n_checked = None
        if self.n_checked is not None:
            n_checked = self.n_checked - (part.n_checked or 0)
        about = replace(
            part._about,
            n_names=self.n_names - part.n_names,
            n_not_names=self.n_not_names - part.n_not_names,
            n_checked=n_checked,
            key=None,
        )
        others = shares_of_drawn(drawn, about)
        return others if part.members is None else others._with_members(part.members)


def draw_whole(names, question, parts):
    """Return the shares of a `NameList` as `Draws`, with the same draws as its parts.

    `parts` contains the rows of each part.
    """
    seeds = question.seeds(names)
    return draw_shares(names, names.distinct(), question, seeds, parts)


def estimate_by(names, by, question, estimate):
    """Return the result for a `NameList`, or `Parts` if it is split by columns.

    `estimate` is a function that takes the `NameList` of the list or part, its rows and
    the seeds, and returns the result.
    """
    if by is None:
        return estimate(names, slice(None), question.seeds(names))
    split = split_rows(by, len(names))
    seeds = question.seeds(names)
    tables = {}
    counts = {}
    notes = {}
    messages = []
    for key, rows in zip(split.keys, split.rows, strict=True):
        part = names.take(rows)
        counts[key] = (part.n_names, sum(part.n_of_reason.values()))
        tables[key] = None
        notes[key] = []
        if part.n_checked == 0:
            part = replace(part, checked=None)
            notes[key] = [("unchecked", NO_ROW_CHECKED)]
        if part.n_names == 0:
            continue
        of_part = partial(estimate, part, rows, seeds)
        tables[key] = estimated(of_part, split.title(key), messages)
    if all(table is None for table in tables.values()):
        reason = f"; {summarize_messages(messages[-1:])[0]}" if messages else "."
        raise ValueError(f"Expected a part with an estimate, got none{reason}")
    for message in summarize_messages(messages):
        warn(message)
    whole = None
    if any(isinstance(table, Shares) for table in tables.values()):
        rows_of_part = dict(zip(split.keys, split.rows, strict=True))
        whole = Whole.of_parts(names, question, rows_of_part)
    return Parts(replace(split, rows=[]), tables, counts, notes, whole)


def estimated(estimate, title, messages):
    """Return the result of a function, or None if it raises a NoEstimateError.

    The warnings and the error are appended to `messages`, as tuples of title, kind and
    text.
    """
    result = None
    reasons = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            result = estimate()
        except NoEstimateError as error:
            reasons.append((title, "error", f"no estimate: {error}"))
    for warning in caught:
        text = str(warning.message)
        kind = getattr(warning.message, "kind", None) or text
        messages.append((title, kind, text))
    messages += reasons  # last: without a single estimate, a list raises the last text
    return result


def summarize_messages(messages):
    """Return messages on parts as lines; many of one kind are shortened to one line."""
    of_kind = defaultdict(dict)
    for title, kind, text in messages:
        of_kind[kind].setdefault(title, text)
    lines = []
    for of_title in of_kind.values():
        if len(of_title) > FEW_PARTS:
            title, text = next(iter(of_title.items()))
            lines.append(f"{len(of_title):,} parts alike; the first ({title}): {text}")
            continue
        lines += [f"{title}: {text}" for title, text in of_title.items()]
    return lines


def _as_array(values):
    """Return values of a column, some of which may be None, as an array."""
    known = [value for value in values if value is not None]
    if len(known) < len(values) and all(isinstance(value, float) for value in known):
        return np.array([np.nan if value is None else value for value in values])
    kinds = {type(value) for value in known}
    array = np.empty(len(values), dtype=object)
    array[:] = values
    if len(known) < len(values) or len(kinds) > 1:
        return array
    # numpy turns integers beyond 64 bits into floats, and tuples into another axis.
    typed = np.array(values)
    return array if kinds == {int} and typed.dtype.kind not in "iu" else typed
