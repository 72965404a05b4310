"""Define the base classes of the tables that are returned to users."""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from types import SimpleNamespace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from .._base.codes import array_of_labels
from .._base.counts import counted
from .._base.saved import Saved, SavedResult
from .._draws.draws import Draws
from .._lists.listed_model import ListedModel
from .._models.frames import to_frame
from .._models.groups import Groups, members_of

NOT_NAMES = ("not a name", "not names")  # singular and plural of a count
N_PRINTED = 10  # rows of a table that prints
LEAST_PRINTED = 0.0005  # the least share or difference that rounds to 0.1 %


class Row(SimpleNamespace):
    """Hold a row of a table: its columns as attributes, with Python values.

    In rows of rates, most attributes are lists with a value for each outcome.
    """

    __module__ = "sknames"


@dataclass(frozen=True, kw_only=True)
class TableMetadata(Saved):
    """Hold the attributes that all tables of a list have, see `estimate_shares`.

    Parameters
    ----------
    model : ListedModel
        The properties of the model that estimates depend on.
    confidence_level : float
        Confidence level of the intervals.
    n_draws : int
        The number of draws.
    n_names, n_not_names : int
        The number of names, and of texts that are not names.
    n_people : int
        The number of names with a weight.
    n_distinct : int or None
        The number of distinct names, or None for rates.
    n_clusters : int or None
        The number of clusters, or None without clusters.
    n_checked : int, dict or None
        The number of checked rows; for rates, a dict by outcome.
    new_labels : list
        Labels of checked rows that the model does not have.
    key : tuple of int or None
        Key that identifies the names of the list, see `Seeds.key_of`. None for the rest
        of a list without one of its parts.
    """

    model: ListedModel
    confidence_level: float
    n_draws: int
    n_names: int
    n_not_names: int
    n_people: int
    n_distinct: int | None
    n_clusters: int | None
    n_checked: Any
    new_labels: list[Any]
    key: tuple[int, int] | None

    @classmethod
    def of_list(
        cls,
        names: Any,
        seeds: Any,
        *,
        n_checked: Any,
        n_distinct: Any = None,
    ) -> Self:
        """Return the metadata of a table, from its `NameList` and `Seeds`."""
        has_weight = names.row_weights > 0
        return cls(
            model=names.model,
            confidence_level=seeds.question.confidence_level,
            n_draws=seeds.n_draws,
            n_names=names.n_names,
            n_not_names=names.n_not_names,
            n_people=int(names.row_counts[has_weight].sum()),
            n_distinct=n_distinct,
            n_clusters=names.n_clusters,
            n_checked=n_checked,
            new_labels=names.new_labels,
            key=seeds.key_of(names),
        )


def column(name: str, description: str) -> Any:
    """Return a property of `Table` that returns one of its columns."""

    def get(table: "Table") -> NDArray[Any]:
        if name not in table._columns:
            kind = type(table).__name__
            raise AttributeError(f"{kind!r} has no attribute {name!r} here")
        return table._columns[name]

    return property(get, doc=description)


def fact(name: str, description: str) -> Any:
    """Return a property of `Table` that returns a field of its `TableMetadata`."""

    def get(table: "Table") -> Any:
        return getattr(table._about, name)

    return property(get, doc=description)


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Table(SavedResult, Mapping):
    """Hold columns of equal length as attributes, and rows by label.

    Subclasses define how a table is printed. Labels and outcomes are printed as they
    are. `_line` formats the other columns of a row, and `_title` is their header.
    `_shown` returns which rows are printed, and a text about all others. `_notes`
    yields the kind and the text of each line below the rows, the kind "counts" first.

    Parameters
    ----------
    members : dict or None, default=None
        The labels of each group in a table of groups, otherwise None.
    """

    _columns: dict[str, NDArray[Any]]
    _about: TableMetadata
    members: dict[Any, Any] | None = None

    label = column("label", "The label, or group, of each row.")
    low = column("low", "The lower ends of the intervals.")
    high = column("high", "The upper ends of the intervals.")
    confidence_level = fact("confidence_level", "Confidence level of the intervals.")
    n_draws = fact("n_draws", "The number of draws.")
    n_names = fact("n_names", "The number of names.")
    n_not_names = fact("n_not_names", "The number of texts that are not names.")
    n_clusters = fact("n_clusters", "The number of clusters, or None.")
    n_checked = fact(
        "n_checked", "The number of checked rows, or None; for rates, by outcome."
    )
    new_labels = fact("new_labels", "Labels of checked rows that are new to the model.")

    def __post_init__(self) -> None:
        for values in self._columns.values():
            values.flags.writeable = False

    def to_frame(self) -> Any:
        """Return the table as a pandas DataFrame.

        Returns
        -------
        DataFrame
            The table, as a polars DataFrame if only polars is installed.
        """
        return to_frame(self._columns)

    def __getitem__(self, label):
        """Return the row of a label."""
        rows = np.flatnonzero([other == label for other in self.label.tolist()])
        if len(rows) == 0:
            if isinstance(label, str) and hasattr(self, label):
                raise KeyError(f"Expected a label, got {label!r}: take .{label}.")
            raise KeyError(
                f"Expected one of the labels {listing([*self])}, got {label!r:.80}."
            )
        row = {name: column[rows].tolist() for name, column in self._columns.items()}
        # Without outcomes, there is one row. Otherwise, some values are the same in all
        # rows of a label.
        once = {"label", "n_people"} if "outcome" in row else {*row}
        for name in once & {*row}:
            row[name] = row[name][0]
        return Row(**row)

    def __iter__(self):
        """Iterate over labels."""
        return iter(dict.fromkeys(self.label.tolist()))

    def __len__(self):
        """Return the number of labels."""
        return len({*self.label.tolist()})

    def __repr__(self):
        padded = []
        values = []
        for name, column in self._columns.items():
            if name in ("label", "outcome"):
                texts = [name, *map(str, column)]
                width = max(map(len, texts))
                padded.append([f"{text:<{width}}" for text in texts])
            else:
                values.append(column)
        starts = ["   ".join(texts) for texts in zip(*padded, strict=True)]
        lines = [f"{starts[0]}   {self._title}"]
        is_shown, others = self._shown()
        for row in np.flatnonzero(is_shown):
            line = self._line(*[column[row] for column in values])
            lines.append(f"{starts[1 + row]}  {line}")
        if not is_shown.all():  # groups may overlap, so no "others" sums them
            hidden = {*self.label[~is_shown].tolist()}
            lines.append(f"{counted(len(hidden), 'other')}: {others}")
        lines += [note for _, note in self._notes()]
        return "\n".join(lines)


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Estimates(Table):
    """Hold the estimates of a list, with the draws of its labels."""

    _of_labels: Draws

    @classmethod
    def _of_draws(
        cls, draws: Draws, about: TableMetadata, members: dict[Any, Any] | None = None
    ) -> Self:
        """Return the estimates of labels, or of groups with these labels."""
        summed = draws if members is None else draws.sums(members)
        columns = cls._columns_of(summed, about)
        return cls(_columns=columns, _about=about, _of_labels=draws, members=members)

    @staticmethod
    @abstractmethod
    def _columns_of(draws: Draws, about: TableMetadata) -> dict[str, NDArray[Any]]:
        """Return the columns of labels or groups with these draws."""

    @cached_property
    def _draws(self):
        """The draws of the labels or groups in the rows."""
        if self.members is None:
            return self._of_labels
        return self._of_labels.sums(self.members)

    @property
    def _labels_in_order(self):
        """The labels in the order of the model, followed by new labels."""
        return [*self._about.model.classes.tolist(), *self.new_labels]

    def sums(self, groups: Groups) -> Self:
        """Sum labels over groups, with intervals.

        Parameters
        ----------
        groups : dict, "subregion" or "region"
            The labels of each group, such as ``{"Nordic": ["Danish", "Swedish"]}``, in
            any form that :class:`GroupedClassifier` accepts. Groups may overlap, and
            labels may be in no group.

        Returns
        -------
        Self
            The estimates of the groups, in the order of the groups. The attribute
            `members` contains the labels of each group.

        Raises
        ------
        TypeError
            If `groups` does not have one of these forms.
        ValueError
            If a group contains an unknown label.
        """
        labels = self._about.model.classes
        if not isinstance(groups, str):
            labels = array_of_labels(self._labels_in_order)
        index: Any = getattr(groups, "index", None)
        is_column = hasattr(index, "isin") and not index.isin(labels).any()
        if is_column or not (isinstance(groups, str) or hasattr(groups, "items")):
            raise TypeError(
                "Expected groups of labels, as {'Nordic': ['Danish', 'Swedish']}, got "
                f"a {type(groups).__name__}. For parts of the rows, give it as by, "
                'such as by=df["dep"].'
            )
        members = members_of(groups, labels)
        return self._of_draws(self._of_labels, self._about, members)

    def _settings(self):
        """Return the settings that two compatible results share, by printed name."""
        model = self._about.model
        outcomes = self._of_labels.outcomes
        return {
            "labels": {*model.classes.tolist()},
            "groups in the model": sorted_members(model.members),
            "confidence_level": self.confidence_level,
            "n_draws": self.n_draws,
            "priors of the model": model.assumed_prior.round(9).tolist(),
            "error of the model": np.round(model.model_error, 9).tolist(),
            "sharpness of the model": model.sharpness,
            "model": model.name,
            "groups": sorted_members(self.members),
            "outcomes": None if outcomes is None else outcomes.tolist(),
        }

    def _check_compatible(self, other):
        """Raise ValueError unless another result has the same model and settings."""
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

    def _check_distinct(self, other):
        """Raise ValueError if another result has the same rows but other estimates."""
        if self._about.key != other._about.key or self._about.key is None:
            return
        shares = other._draws.at(self._draws.labels).estimate
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
    """Return the first texts, joined by commas, and the number of further texts."""
    text = ", ".join(map(str, texts[:N_PRINTED]))
    if len(texts) > N_PRINTED:
        text += f" and {len(texts) - N_PRINTED} more"
    return text


def counts_of_rows(n_names, n_not_names, distinct=""):
    """Return a note on the number of rows and names, with a text after the latter."""
    rows = counted(n_names + n_not_names, "row")
    not_names = counted(n_not_names, *NOT_NAMES)
    return f"{rows}: {counted(n_names, 'name')}{distinct}, {not_names}"


def notes_on_new_labels(new_labels):
    """Yield the note on labels that the model does not have, if any."""
    if new_labels:
        yield "new", f"labels that the model lacks: {listing(new_labels)}"


def sorted_members(members):
    """Return the labels of each group, sorted so that equal groups compare equal."""
    if members is None:
        return None
    return {group: sorted({*labels}, key=str) for group, labels in members.items()}


def _only_in(value, other):
    """Return a value; from a set or dict, remove what another value contains too."""
    if isinstance(value, set):
        return sorted(value - other, key=str)
    if isinstance(value, dict) and isinstance(other, dict):
        return {key: value[key] for key in value if other.get(key) != value[key]}
    return value
