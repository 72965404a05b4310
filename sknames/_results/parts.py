"""Estimate and compare the parts of a list, such as years or regions."""

import warnings
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from typing import Any, Self

import numpy as np

from .._base import NoEstimateError, warn
from .._base.counts import counted
from .._base.labels_and_weights import is_missing
from .._base.saved import Saved, SavedResult
from .._draws.draw_shares import draw_shares
from .._draws.draws import Draws
from .._draws.resampling import Seeds
from .._lists.name_list import read_users_list
from .._lists.question import Question
from .._lists.split import split_rows, title_of, values_of_key
from .._models.frames import to_frame
from .._models.groups import Groups
from .comparison import Comparison, adjust_by_holm
from .shares import Shares
from .table import NOT_NAMES, listing

# If more parts than this have the same kind of message, only one message is shown.
FEW_PARTS = 3
# The columns of comparisons, used if no part can be compared.
COMPARED = ["label", "share", "other", "difference", "low", "high", "sure", "p_value"]
NO_ROW_CHECKED = "no row is checked: these shares are estimated from names alone"


@dataclass(frozen=True, eq=False, repr=False)
class Parts(SavedResult, Mapping):
    """Results for each part of a list, by the value of the part in `by`.

    :func:`estimate_shares` and :func:`estimate_rates` return this object if `by` is
    given, and so does its method `compare`. ``parts[2020]`` is the result of a part, or
    None if there is no estimate. The keys are the values in the column of `by`, with
    None for missing values, or tuples if `by` has several columns. They are sorted,
    with missing values first; values that cannot be sorted are in order of appearance.

    Parameters
    ----------
    names : list of str
        The names of the columns of `by`.
    _parts, _whole : object
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

    names: list[str]
    _parts: dict[Any, "Part"]
    _whole: "Whole | None" = None

    def __getitem__(self, key: Any) -> Any:
        """Return the result of a part."""
        return self._parts[self._known_key(key)].result

    def _known_key(self, key):
        """Return the key of a part, with None in place of any missing value."""
        if len(self.names) > 1 and isinstance(key, tuple):
            key = tuple(None if is_missing(value) else value for value in key)
        elif is_missing(key):
            key = None
        if key not in self._parts:
            raise KeyError(
                f"Expected one of the parts {listing([*self])}, got {key!r:.80}."
            )
        return key

    def __iter__(self) -> Iterator[Any]:
        """Iterate over the keys of the parts."""
        return iter(self._parts)

    def __len__(self) -> int:
        """Return the number of parts."""
        return len(self._parts)

    def __repr__(self):
        texts = []
        for key, part in self._parts.items():
            text = f"{title_of(self.names, key)}\n{part.text}"
            if part.n_checked == 0:
                text += f"\n{NO_ROW_CHECKED}"
            texts.append(text)
        return "\n\n".join(texts)

    def _notes(self):
        """Yield a summary of the notes below the tables, without counts of rows."""
        messages = []
        for key, part in self._parts.items():
            notes = [] if part.result is None else [*part.result._notes()]
            if part.n_checked == 0:
                notes.append(("unchecked", NO_ROW_CHECKED))
            for kind, note in notes:
                if kind != "counts":
                    messages.append((title_of(self.names, key), kind, note))
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
        results = [result for result in self.values() if result is not None]
        names = [*results[0]._columns] if results else COMPARED
        columns = defaultdict(list)
        for key, part in self._parts.items():
            rows = {name: [None] for name in names}
            if part.result is not None:
                rows = {name: x.tolist() for name, x in part.result._columns.items()}
            n_rows = len(rows["label"])
            values_of_part = values_of_key(self.names, key)
            for name, value in zip(self.names, values_of_part, strict=True):
                columns[name] += [value] * n_rows
            for name, values in rows.items():
                columns[name] += values
            columns["names"] += [part.n_names] * n_rows
            columns["not_names"] += [part.n_not_names] * n_rows
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
        results = {}
        for key, table in self.items():
            if isinstance(table, Comparison):
                raise TypeError(
                    "Expected parts with shares or rates, got comparisons. Sum the "
                    "labels first, as parts.sums(groups).compare()."
                )
            results[key] = None if table is None else table.sums(groups)
        return self._with_results(results)

    def _with_results(self, results, **fields):
        """Return only the parts in a dict of results, each with its new result."""
        parts = {key: replace(self._parts[key], result=results[key]) for key in results}
        return replace(self, _parts=parts, **fields)

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
        other rows if they contain fewer than 30 names of equal weight, or 10 clusters.
        """
        if not all(isinstance(table, Shares | None) for table in self.values()):
            raise TypeError(
                "Expected parts with shares, got parts with other results. Compare the "
                "rates of one part with its compare method, and the rates of several "
                "parts with estimate_statistic."
            )
        for key, table in self.items():
            if table is against and table is not None:  # None is the key of a part
                against = key
        is_known = hasattr(against, "items")
        if not is_known:
            against = self._known_against(against)
        messages: list[tuple[str, str, str]] = []
        compared: dict[Any, Any] = {}
        for key, table in self.items():
            if not is_known and key == against:
                continue  # all other parts are compared with this part
            compared[key] = None
            if table is None:
                continue
            with collect_messages(messages, f"not {title_of(self.names, key)}"):
                other = self._other(key, against)
                if other is not None:
                    compared[key] = table.compare(other, same_source=not is_known)
        for message in summarize_messages(messages):
            warn(message)
        return self._with_results(adjust_by_holm(compared), _whole=None)

    def _known_against(self, against):
        """Return the key that parts are compared with, or "others"."""
        if len(self) == 1:
            raise ValueError(
                f"Expected several parts to compare, got only {listing([*self])}. Give "
                "other columns as by."
            )
        if against != "others":
            return self._known_key(against)
        if "others" in self:
            raise ValueError(
                "Expected no part called 'others', which stands for all other rows. "
                "Rename it, or give a key as against."
            )
        return against

    def _other(self, key, against):
        """Return what a part is compared with, or None if there is no estimate."""
        if hasattr(against, "items"):
            return against
        if against != "others":
            return self[against]
        others = (part for other, part in self._parts.items() if other != key)
        first_two = [*islice((part for part in others if part.weight > 0), 2)]
        if len(first_two) == 0:
            return None
        if len(first_two) == 1:
            return first_two[0].result
        part = self._parts[key]
        whole = self._whole
        weight = part.weight / whole.weight
        drawn = whole.draw().less(part.result._of_labels, weight).largest_first()
        if not drawn.is_tested.all():
            raise NoEstimateError(
                f"Expected {drawn.least_effective} other names or clusters of equal "
                f"weight, got {drawn.n_effective.min():.1f}. Compare the part with "
                "another."
            )
        n_checked = None
        if part.n_checked is not None:
            n_checked = whole.n_checked - part.n_checked
        about = replace(
            part.result._about,
            n_names=whole.n_names - part.n_names,
            n_not_names=whole.n_not_names - part.n_not_names,
            n_checked=n_checked,
            key=None,
        )
        return Shares._of_draws(drawn, about, part.result.members)

    def __reduce__(self) -> tuple[Any, ...]:
        """Return how pickle restores the parts: with draws, and without the names."""
        if self._whole is not None:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # the parts have issued them already
                self._whole.draw()
        return super().__reduce__()


@dataclass(frozen=True, kw_only=True)
class Part(Saved):
    """Hold the result of a part of a list, and what is known of its rows.

    Parameters
    ----------
    result : Shares, Rates, Comparison or None
        The result, or None if there is no estimate.
    n_names, n_not_names : int
        The number of names, and of texts that are not names.
    n_checked : int or None
        The number of checked rows, None if the rows of the list were not checked.
    weight : float
        The sum of the weights of its rows.
    """

    result: Any
    n_names: int
    n_not_names: int
    n_checked: int | None
    weight: float

    @property
    def text(self) -> str:
        """The printed result."""
        if self.result is not None:
            return str(self.result)
        if self.n_names:
            return f"no estimate; {counted(self.n_names, 'name')}"
        return f"no name; {counted(self.n_not_names, *NOT_NAMES)}"


@dataclass(kw_only=True)
class Whole(Saved):
    """Hold the shares of the whole list, estimated when parts are compared with others.

    Parameters
    ----------
    drawn : Draws or callable
        The shares, or a function that estimates them.
    n_names, n_not_names, n_checked, weight
        As in `Part`, of all rows.
    """

    drawn: Draws | Callable[[], Draws]
    n_names: int
    n_not_names: int
    n_checked: int | None
    weight: float

    def draw(self) -> Draws:
        """Return the shares of the whole list, estimated at the first call."""
        if callable(self.drawn):
            self.drawn = self.drawn()  # the names are no longer needed
        return self.drawn


def estimate_users_list(
    estimate, estimator, X, *, by, confidence_level, n_draws, random_state, **columns
):
    """Predict names passed by a user, and return the result of the list or its parts.

    This implements functions such as `estimate_shares`, whose parameters it shares.
    `estimate` is passed to `estimate_by`, and `columns` are passed to `read_list`.
    """
    question = Question.of_parameters(
        confidence_level=confidence_level,
        n_draws=n_draws,
        random_state=random_state,
    )
    names = read_users_list(estimator, X, **columns)
    return estimate_by(names, by, question, estimate)


def estimate_by(names, by, question, estimate):
    """Return the result for a `NameList`, or `Parts` if it is split by columns.

    `estimate` is a function that takes the `NameList` of the list or part and the
    seeds, and returns the result.
    """
    if by is None:
        return estimate(names, Seeds(question, names))
    names_of_by, rows_of_part = split_rows(by, len(names))
    seeds = Seeds(question, names)
    parts = {}
    messages = []
    for key, rows in rows_of_part.items():
        part = names.take(rows)
        n_checked = part.n_checked
        if n_checked == 0:
            part = replace(part, label_index=None, new_labels=[])
        result = None
        if part.n_names > 0:
            with collect_messages(messages, title_of(names_of_by, key)):
                result = estimate(part, seeds)
        parts[key] = Part(
            result=result,
            n_names=part.n_names,
            n_not_names=part.n_not_names,
            n_checked=n_checked,
            weight=part.row_weights.sum(),
        )
    results = [part.result for part in parts.values() if part.result is not None]
    if len(results) == 0:
        reason = f"; {summarize_messages(messages[-1:])[0]}" if messages else "."
        raise ValueError(f"Expected a part with an estimate, got none{reason}")
    for message in summarize_messages(messages):
        warn(message)
    whole = None
    if isinstance(results[0], Shares):
        # The seeds start again, so that the list is drawn like its parts.
        seeds = Seeds(question, names)
        whole = Whole(
            drawn=partial(draw_shares, names, seeds, [*rows_of_part.values()]),
            n_names=names.n_names,
            n_not_names=names.n_not_names,
            n_checked=names.n_checked,
            weight=names.row_weights.sum(),
        )
    return Parts(names_of_by, parts, whole)


@contextmanager
def collect_messages(messages, title):
    """Append the warnings of a block to `messages`, and a NoEstimateError.

    Each message is a tuple of title, kind and text. The error ends the block.
    """
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                yield
            finally:
                for warning in caught:
                    text = str(warning.message)
                    kind = getattr(warning.message, "kind", None) or text
                    messages.append((title, kind, text))
    except NoEstimateError as error:
        messages.append((title, "error", f"no estimate: {error}"))


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
    kinds = {type(value) for value in values}
    if kinds <= {float, type(None)}:
        return np.array(values, dtype=np.float64)  # NaN for None
    typed = np.array(values)
    # numpy changes values of different types, and turns integers beyond 64 bits into
    # floats.
    if len(kinds) == 1 and (kinds != {int} or typed.dtype.kind in "iu"):
        return typed
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array
