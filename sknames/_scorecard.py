"""scorecard: how good a model is on names whose nationalities are known, on one screen."""

from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import StratifiedGroupKFold, check_cv
from sklearn.utils import Bunch
from sklearn.utils._param_validation import HasMethods

from ._labels_and_weights import check_labels, none_known
from ._read_names import Names, read_names
from ._spelling_groups import spelling_groups
from ._tally import Tally
from ._validate_params import validate_params

if TYPE_CHECKING:
    import pandas as pd

N_PRINTED = 20  # nationalities
N_CONFUSIONS = 5


class Scorecard(Bunch):
    """What `scorecard` gives: a Bunch that prints on one screen."""

    def to_frame(self) -> "pd.DataFrame":
        """Return the figures by nationality as a DataFrame."""
        import pandas as pd

        return pd.DataFrame(self.by_class)

    def to_text(self, n_classes: int | None = None) -> str:
        """Return the printed text, with at most so many nationalities, the most frequent ones."""
        lines = [f"accuracy  {self.accuracy:.4f}", f"macro-F1  {self.macro_f1:.4f}"]
        if self.log_loss is None:
            lines.append("log loss, top-3 and ECE need predict_proba, which the model lacks")
        else:
            low, high = self.calibration_interval
            lines += [
                f"log loss  {self.log_loss:.4f}",
                f"top-3     {self.top_3:.4f}",
                f"ECE       {self.calibration_error:.4f} (95 % {low:.4f} to {high:.4f}; "
                f"{self.calibration_by_chance:.4f} by chance)",
            ]
        lines += [
            f"{name}: accuracy {row['accuracy']:.4f}, macro-F1 {row['macro_f1']:.4f}"
            for name, row in self.baselines.items()
        ]
        lines += [f"{self.n:,} rows; {self._of_labels()}", self._of_leak(), ""]
        lines += self._table(n_classes)
        if self.confusions:
            taken = [f"{true} taken for {found}" for true, found, _ in self.confusions]
            rows = [*zip(taken, self.confusions, strict=True)][:N_CONFUSIONS]
            width = max(len(text) for text, _ in rows)
            lines += ["", *(f"{text:{width}}  {n:>10,}" for text, (_, _, n) in rows)]
        return "\n".join(lines)

    def __repr__(self):
        return self.to_text(N_PRINTED)

    def _of_labels(self):
        text = f"best accuracy possible {self.best_accuracy:.4f}"
        if self.n_ambiguous:
            text += f" (names with several labels: {self.n_ambiguous:,})"
        if self.unknown_labels:
            n = sum(self.unknown_labels.values())
            named = ", ".join(map(str, list(self.unknown_labels)[:3]))
            text += f"; {n:,} rows are of labels that the model lacks ({named}"
            text += ", ...)" if len(self.unknown_labels) > 3 else ")"
        return text

    def _of_leak(self):
        if self.n_seen is None:
            return "whether the model has learned these names is not known: pass its training names"
        text = f"{self.n_seen:,} rows ({self.n_seen / self.n:.1%}) have a name that it has learned"
        return f"{text}, {self.n_seen_exactly:,} of them in this very spelling"

    def _table(self, n_classes):
        rows = self.by_class
        order = np.argsort(-rows["n"], kind="stable")[:n_classes]
        if n_classes is None or len(order) == len(rows["n"]):
            order = np.arange(len(rows["n"]))
        width = max(len(str(rows["label"][k])) for k in order)
        width = max(width, len("nationality"))
        yield f"{'nationality':{width}}  {'rows':>10}  recall  precision   predicted"
        for k in order:
            label, n, n_predicted = (rows[key][k] for key in ("label", "n", "n_predicted"))
            precision = f"{rows['precision'][k]:.4f}" if n_predicted else "-"
            recall = f"{rows['recall'][k]:.4f}" if n else "-"
            yield f"{label!s:{width}}  {n:>10,}  {recall:>6}  {precision:>9}  {n_predicted:>10,}"
        if len(order) < len(rows["n"]):
            yield f"{len(rows['n']) - len(order)} others: see by_class"


@validate_params(
    {
        "model": [HasMethods("predict")],
        "groups": ["array-like", None],
        "cv": ["cv_object", None],
        "train": [tuple, list, None],
    }
)
def scorecard(
    model: Any,
    names: Any,
    labels: Any,
    *,
    groups: ArrayLike | None = None,
    cv: Any = None,
    train: tuple[Names, ArrayLike] | None = None,
) -> Scorecard:
    """Measure how good a model is on names whose nationalities are known.

    Parameters
    ----------
    model : classifier of names
        Fitted, and then `names` are some that it has not learned; or with `cv`, and then clones of
        it are fitted. Whatever needs probabilities is left out if it has no `predict_proba`.
    names : iterable of str, or table of one column
        Names.
    labels : array-like of shape (n_names,)
        Their nationalities, written as the model writes them. One that the model lacks counts as
        wrong, and not in the log loss.
    groups : array-like of shape (n_names,) or None, default=None
        Groups of rows that `cv` keeps on one side of each split. None stands for
        :func:`~sknames.spelling_groups` if `cv` is a number.
    cv : int, cross-validation generator, iterable or None, default=None
        Splits of `names`; each part is predicted by a clone that has learned the others. An
        int is the number of folds of a shuffled
        :class:`~sklearn.model_selection.StratifiedGroupKFold`. None: the model is fitted.
    train : tuple (names, labels) or None, default=None
        Training data of a fitted model, for the leak and the baselines. With `cv` they are known.

    Returns
    -------
    Scorecard
        A Bunch that prints on one screen, with

        - n: the number of rows,
        - accuracy, and macro_f1, the mean over the nationalities that are true or predicted,
        - log_loss, top_3, and calibration_error, the expected calibration error of the most
          probable nationality in 15 bins of equal width, with calibration_interval (low, high), of
          95 %, and calibration_by_chance, the error that a model whose probabilities are right has
          on as many names; None without probabilities,
        - best_accuracy: what a model can reach at most that knows nothing but the name, since
          n_ambiguous names have several labels here,
        - unknown_labels: {label: number of rows} of those that the model lacks,
        - n_seen, n_seen_exactly: the rows whose name is among those learned, in any spelling and in
          this very one; None if these are not known,
        - baselines: {name: {"accuracy", "macro_f1"}} of models that have learned the same: the most
          frequent label, and a LinearSVC on TF-IDF values of n-grams; empty if it is not known,
        - by_class: dict of arrays label, n, recall, precision, n_predicted,
        - confusions: tuples (label, predicted, number of rows), the most frequent first.

        Its method `to_frame` makes a DataFrame of by_class, `to_text` a longer text.

    Raises
    ------
    NotFittedError
        If the model is not fitted and there is no `cv`.
    ValueError
        If the labels are all unknown to the model, `groups` come without `cv`, or both `cv` and
        `train` are given.

    See Also
    --------
    sknames.spelling_groups : Group names that differ only in spelling.

    Notes
    -----
    Of several splits all predictions count together.

    The interval of the calibration error comes from a bootstrap over the names, with what chance
    adds taken off; it begins at 0 where the error may be chance alone, and ends no lower than where
    a share of wrong answers may be of which as many names show none.

    References
    ----------
    Guo et al., "On Calibration of Modern Neural Networks", 2017.

    Examples
    --------
    >>> import sknames
    >>> from sknames.metrics import scorecard
    >>> model = sknames.load_pretrained()
    >>> names = ["Mehmet Yılmaz", "Ayşe Demir", "Kowalski", "Νίκος Παππάς"]
    >>> card = scorecard(model, names, ["Turkish", "Turkish", "Polish", "Greek"])
    >>> card.accuracy, card.top_3
    (1.0, 1.0)
    """
    names, _ = read_names(names)
    labels = check_labels(labels, len(names))
    if cv is None:
        if groups is not None:
            raise ValueError("groups say how cv splits the names: pass cv, too, or leave them out.")
        return _of_fitted(model, names, labels, train)
    if train is not None:
        raise ValueError("With cv, what each model has learned is known: leave train out.")
    tally, n_times = Tally(), np.zeros(len(names), dtype=np.intp)
    for learned, tested in _splits(names, labels, groups, cv):
        part = [names[k] for k in learned]
        fitted = clone(model).fit(part, labels[learned])
        _predict(fitted, [names[k] for k in tested], labels[tested], tally, (part, labels[learned]))
        n_times[tested] += 1
    tally.n_repeats = n_times.sum() / np.count_nonzero(n_times)
    return _card(tally)


def _of_fitted(model, names, labels, train):
    tally = Tally()
    if train is not None:
        if len(train) != 2:
            raise ValueError(
                f"Expected train to be a pair (names, labels), got {len(train)} parts."
            )
        known, of_known = train
        known = read_names(known)[0]
        train = known, check_labels(of_known, len(known))
    try:
        _predict(model, names, labels, tally, train)
    except NotFittedError as error:
        raise NotFittedError(
            f"{error} Fit it first, or pass cv, which fits clones of it."
        ) from error
    return _card(tally)


def _card(tally):
    if not tally.n_known:
        raise none_known(tally.unknown_labels, tally.classes)
    return Scorecard(**tally.figures())


def _splits(names, labels, groups, cv):
    if isinstance(cv, Integral):
        groups = spelling_groups(names) if groups is None else groups
        cv = StratifiedGroupKFold(cv, shuffle=True, random_state=0)
    rows = np.arange(len(names))  # a fold may be a mask
    for learned, tested in check_cv(cv).split(names, labels, groups):
        yield rows[learned], rows[tested]


def _predict(model, names, labels, tally, train):
    predicted = np.asarray(model.predict(names), dtype=object).tolist()
    proba = model.predict_proba(names) if hasattr(model, "predict_proba") else None
    tally.learn(train)
    tally.add(names, labels.tolist(), predicted, model.classes_.tolist(), proba)
