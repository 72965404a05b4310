"""Read a name as a model does: its characters, their codes, and the rest of the model."""

from reprlib import repr as shorten

import numpy as np
from sklearn.utils import Bunch
from sklearn.utils.validation import check_is_fitted

from .._answers.inside import refusal, split
from .._encoding.char_encoder import REPLACEMENT
from .._encoding.names import read_names
from .._encoding.tidy import dropped


class Reading:
    """Hold a name as a model's encoder reads it, and the rest of the model."""

    def __init__(self, estimator, name):
        check_is_fitted(estimator)
        self.encoder, self.rest = split(estimator)
        if self.encoder is None:
            expected = "a fitted Pipeline that begins with a CharEncoder"
            step = "Put the encoder into it: make_pipeline(CharEncoder(), ...), or use "
            raise refusal(estimator, expected, step + "feature_contributions for a linear one.")
        self.classes = self.rest.classes_
        self.name = name
        self.dropped = dropped(name, self.encoder)
        names = read_names([name]).read_by(self.encoder)
        self._given = self.encoder.transform(names)  # a DataFrame after set_output
        self.codes = np.asarray(self._given)
        spelt = self.encoder._spell(names.tidy[0])
        self.is_space = np.array([c == " " for c, _, _ in spelt], dtype=bool)
        known = [c if c in self.encoder.alphabet_ else REPLACEMENT for c, _, _ in spelt]
        self.characters = np.array(known, dtype=object)
        self.sources = np.array([own for _, own, _ in spelt], dtype=object)
        self.source_index = np.array([index for *_, index in spelt], dtype=int)

    def as_given(self, codes):
        """Return codes in the type that the encoder gives: an array or a DataFrame."""
        columns = getattr(self._given, "columns", None)
        if columns is None:
            return codes
        return type(self._given)(dict(zip(columns, codes.T, strict=True)))

    def predict_proba(self, codes):
        if not len(codes):
            return np.empty((0, len(self.classes)))
        return np.asarray(self.rest.predict_proba(self.as_given(codes)), dtype=np.float64)

    def bunch(self, **figures):
        shared = ("name", "dropped", "characters", "sources", "source_index", "classes")
        return Bunch(**{key: getattr(self, key) for key in shared}, **figures)


def column_of(classes, label, proba):
    """Return the column of a label, by default of the most probable one."""
    if label is None:
        return int(proba.argmax())
    classes = classes.tolist()
    if label not in classes:
        raise ValueError(f"Expected label to be one of {shorten(classes)}, got {label!r}.")
    return classes.index(label)
