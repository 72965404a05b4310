"""What the tables that users hold have in common."""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from .._base.codes import array_of_labels
from .._base.saved import Saved, SavedResult
from .._draws.draws import Draws
from .._lists.name_list import ListedModel
from .._models.frames import to_frame
from .._models.groups import Groups, members_of

N_PRINTED = 10  # rows of a table that prints
LEAST_PRINTED = 0.0005  # a share or difference, which rounds to 0.1 %


class Row(SimpleNamespace):
    """Hold a row of a table: its columns as attributes, with values of Python.

    Those of rates are lists, with a value for each outcome.
    """

    __module__ = "sknames"


@dataclass(frozen=True, kw_only=True)
class TableMetadata(Saved):
    """Hold what all tables of a list have in common; `estimate_shares` describes it.

    Parameters
    ----------
    model : ListedModel
        What is known of the model.
    confidence_level : float
        Confidence level of the intervals.
    n_draws : int
        The number of draws.
    n_names, n_not_names : int
        The number of names, and of texts that are not names.
    n_distinct : int or None
        The number of distinct names, None where it does not matter.
    n_clusters : int or None
        The number of clusters.
    n_checked : int, dict or None
        The number of checked rows; by outcome, if there are outcomes.
    new_labels : list
        Labels of checked rows that the model lacks.
    key : tuple of int or None
        What sets its names apart from other lists, see `Seeds.key_of`; None of a list
        less a part.
    """

    model: ListedModel
    confidence_level: float
    n_draws: int
    n_names: int
    n_not_names: int
    n_distinct: int | None
    n_clusters: int | None
    n_checked: Any
    new_labels: list[Any]
    key: tuple[int, int] | None

    @classmethod
    def of_list(
        cls,
        names: Any,
        question: Any,
        seeds: Any,
        *,
        n_checked: Any,
        n_distinct: Any = None,
    ) -> Self:
        """Return what is said of a `NameList` of which a `Question` was asked."""
        return cls(
            model=names.model,
            confidence_level=question.confidence_level,
            n_draws=question.n_draws,
            n_names=names.n_names,
            n_not_names=sum(names.n_of_reason.values()),
            n_distinct=n_distinct,
            n_clusters=names.n_clusters,
            n_checked=n_checked,
            new_labels=names.new_labels,
            key=seeds.key_of(names),
        )

    def settings(self) -> dict[str, Any]:
        """Return what results must have in common, by what to call it."""
        return {
            "labels": {*self.model.classes.tolist()},
            "groups in the model": sorted_members(self.model.members),
            "confidence_level": self.confidence_level,
            "n_draws": self.n_draws,
            "priors of the model": self.model.assumed_prior.round(9).tolist(),
            "error of the model": np.round(self.model.model_error, 9).tolist(),
            "sharpness of the model": self.model.sharpness,
            "model": self.model.name,
        }


def column(name: str, description: str) -> Any:
    """Return the property of a `Table` that is one of its columns."""

    def get(table: "Table") -> NDArray[Any]:
        if name not in table._columns:
            kind = type(table).__name__
            raise AttributeError(f"{kind!r} has no attribute {name!r} here")
        return table._columns[name]

    return property(get, doc=description)


def fact(name: str, description: str) -> Any:
    """Return the property of a `Table` that is a field of `TableMetadata`."""

    def get(table: "Table") -> Any:
        return getattr(table._about, name)

    return property(get, doc=description)


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Table(SavedResult, Mapping):
    """Hold columns of equal length as attributes, and rows by label.

    The columns `TEXTS` are printed as they are, and `_line` writes the others, under
    the header `_title`. `_shown` says which rows are printed, and what of the others;
    `_notes` yields the kind and text of each line below, of the kind "counts" first.

    Parameters
    ----------
    members : dict or None, default=None
        The labels of each group, in a table of groups, which prints all its rows.
    """

    _columns: dict[str, NDArray[Any]]
    _about: TableMetadata
    members: dict[Any, Any] | None = None

    TEXTS: ClassVar[tuple[str, ...]] = ("label", "outcome")

    label = column("label", "The label, or group, of each row.")
    low = column("low", "The lower ends of the intervals.")
    high = column("high", "The upper ends of the intervals.")
    confidence_level = fact("confidence_level", "Confidence level of the intervals.")
    n_draws = fact("n_draws", "The number of draws.")
    n_names = fact("n_names", "The number of names.")
    n_not_names = fact("n_not_names", "The number of texts that are not names.")
    n_clusters = fact("n_clusters", "The number of clusters, or None.")
    n_checked = fact(
        "n_checked", "The number of checked rows, of rates by outcome; or None."
    )
    new_labels = fact("new_labels", "Labels of checked rows that the model lacks.")

    def __post_init__(self):
        columns = {name: read_only(values) for name, values in self._columns.items()}
        object.__setattr__(self, "_columns", columns)

    def to_frame(self) -> Any:
        """Return the table as a DataFrame of pandas.

        Returns
        -------
        DataFrame
            It is one of polars if only that is installed.
        """
        return to_frame(self._columns)

    def __getitem__(self, label):
        """Return the row of a label."""
        rows = [k for k, other in enumerate(self.label.tolist()) if other == label]
        if rows:
            return self._row(rows)
        if isinstance(label, str) and hasattr(self, label):
            raise KeyError(f"Expected a label, got {label!r}: take .{label}.")
        raise KeyError(
            f"Expected one of the labels {listing([*self])}, got {label!r:.80}."
        )

    def _row(self, rows):
        """Return the rows of a label as one with values of Python."""
        values = {name: column[rows] for name, column in self._columns.items()}
        if "outcome" not in values:
            return Row(**{name: column.item() for name, column in values.items()})
        by_outcome = {name: column.tolist() for name, column in values.items()}
        # These are the same in all rows of a label.
        for name in {"label", "n_people"} & {*by_outcome}:
            by_outcome[name] = by_outcome[name][0]
        return Row(**by_outcome)

    def __iter__(self):
        """Iterate over labels."""
        return iter(dict.fromkeys(self.label.tolist()))

    def __len__(self):
        """Return the number of labels."""
        return len({*self.label.tolist()})

    def __hash__(self):
        """Return a number of this table alone, which equals no other."""
        return id(self)

    def __eq__(self, other):
        """Return whether this is the same table."""
        return self is other

    def __repr__(self):
        texts = [name for name in self.TEXTS if name in self._columns]
        widths = []
        for name in texts:
            printed = [name, *map(str, self._columns[name])]
            widths.append(max(map(len, printed)))
        lines = [f"{_padded(texts, widths)}   {self._title}"]
        is_shown, others = self._shown()
        if self.members is not None:
            is_shown = np.full(len(self.label), True)
        for row in np.flatnonzero(is_shown):
            values = [column[row] for column in self._columns.values()]
            printed = _padded(values[: len(texts)], widths)
            lines.append(f"{printed}  {self._line(*values[len(texts) :])}")
        if not is_shown.all():  # groups may overlap, so no "others" sums them
            hidden = {*self.label[~is_shown].tolist()}
            lines.append(f"{len(hidden)} others: {others}")
        lines += [note for _, note in self._notes()]
        return "\n".join(lines)


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Estimates(Table):
    """Hold what is estimated of a list, with the draws of its labels."""

    _of_labels: Draws

    @property
    def _draws(self):
        """The draws of its rows."""
        if self.members is None:
            return self._of_labels
        return self._of_labels.sums(self.members)

    @abstractmethod
    def _with_members(self, members: dict[Any, Any]) -> Self:
        """Return the same for groups that have these labels."""

    def sums(self, groups: Groups) -> Self:
        """Sum labels over groups, with intervals.

        Parameters
        ----------
        groups : dict, "subregion" or "region"
            The labels of each group, such as ``{"Nordic": ["Danish", "Swedish"]}``, in
            any form that :class:`GroupedClassifier` takes. Groups may overlap, and
            leave labels out.

        Returns
        -------
        Self
            The same for groups in place of labels, in the order of the groups. Its
            `members` are the labels of each.

        Raises
        ------
        TypeError
            If these are not groups of labels.
        ValueError
            If a label is not one of the list's.
        """
        labels = self._about.model.classes
        if not isinstance(groups, str) and self.new_labels:
            labels = array_of_labels([*labels.tolist(), *self.new_labels])
        index: Any = getattr(groups, "index", None)
        is_column = hasattr(index, "isin") and not index.isin(labels).any()
        if is_column or not (isinstance(groups, str) or hasattr(groups, "items")):
            raise TypeError(
                "Expected groups of labels, as {'Nordic': ['Danish', 'Swedish']}, got "
                f"a {type(groups).__name__}. For parts of the rows, give it as by, "
                'such as by=df["dep"].'
            )
        return self._with_members(members_of(groups, labels))

    def _settings(self):
        """Return what results must have in common, by what to call it."""
        return self._about.settings() | {"groups": sorted_members(self.members)}

    def _check_alike(self, other):
        """Raise ValueError unless another result is of the same model and settings."""
        other_settings = other._settings()
        for name, value in self._settings().items():
            other_value = other_settings[name]
            if value == other_value:
                continue
            if name == "model" and None in (value, other_value):
                continue  # some models have no name
            only_here = _only_in(value, other_value)
            only_there = _only_in(other_value, value)
            raise ValueError(
                f"Expected results with the same {name}, got {only_here!s:.60} and "
                f"{only_there!s:.60}. Estimate both by one model and the same "
                "parameters."
            )

    def _check_apart(self, other):
        """Raise ValueError if another result is of the same rows, but differs."""
        if self._about.key != other._about.key or self._about.key is None:
            return
        labels = self._draws.distinct_labels
        shares = other._draws.at(labels).estimate
        if np.allclose(self._draws.estimate, shares, equal_nan=True):
            return
        raise ValueError(
            "Expected results of different lists, got two of the same names, which "
            "differ in their outcomes or checked rows. Both are drawn alike, so that "
            "their difference has no interval. Estimate the rates of both outcomes "
            "together, as outcome=[f'{a} {b}' for a, b in zip(first, second)], or give "
            "the labels of all checked rows."
        )


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


def counts_of_rows(n_names, n_not_names, distinct=""):
    """Say how many rows of a list are names; `distinct` says how many differ."""
    return (
        f"{n_names + n_not_names:,} rows: {n_names:,} names{distinct}, "
        f"{n_not_names:,} not names"
    )


def notes_on_new_labels(new_labels):
    """Yield what to say of labels that the model lacks."""
    if new_labels:
        yield "new", f"labels that the model lacks: {listing(new_labels)}"


def sorted_members(members):
    """Return the labels of each group in an order of their own, or None."""
    if members is None:
        return None
    return {group: sorted({*labels}, key=str) for group, labels in members.items()}


def _padded(texts, widths):
    """Return texts side by side, each as wide as its column."""
    pairs = zip(texts, widths, strict=True)
    return "   ".join(f"{text!s:<{width}}" for text, width in pairs)


def _only_in(value, other):
    """Return what differs from another value of sets and dicts, which may be long."""
    if isinstance(value, set):
        return sorted(value - other, key=str)
    if isinstance(value, dict) and isinstance(other, dict):
        return {key: value[key] for key in value if other.get(key) != value[key]}
    return value
