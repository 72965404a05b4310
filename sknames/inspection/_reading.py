"""Read a name as a model does: its characters, their codes, and the rest of the model."""

from copy import copy

import numpy as np
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import Pipeline
from sklearn.utils import Bunch
from sklearn.utils.validation import check_is_fitted

from .._encoding.char_encoder import REPLACEMENT, CharEncoder
from .._wrappers.prior_shift_classifier import PriorShiftClassifier
from .._wrappers.selective_classifier import SelectiveClassifier


class Reading:
    """Hold a name as a model's encoder reads it, and the rest of the model."""

    def __init__(self, model, name):
        check_is_fitted(model)
        self.encoder, self.rest = _split(model, model)
        self.classes = self.rest.classes_
        self.name = name
        self._given = self.encoder.transform([name])  # a DataFrame after set_output
        self.codes = np.asarray(self._given)
        spelt = self.encoder._spell(name)
        self.is_space = np.array([c == " " for c, _, _ in spelt], dtype=bool)
        known = [c if c in self.encoder.alphabet_ else REPLACEMENT for c, _, _ in spelt]
        self.characters = np.array(known, dtype=object)
        self.sources = np.array([own for _, own, _ in spelt], dtype=object)
        self.source_places = np.array([place for *_, place in spelt], dtype=int)

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

    def place(self, label, proba):
        """Return the column of a label, by default of the most probable one."""
        if label is None:
            return int(proba.argmax())
        places = np.flatnonzero(self.classes == label)
        if not len(places):
            known = ", ".join(map(repr, self.classes[:5].tolist()))
            raise ValueError(f"Expected label to be one of {known}, ..., got {label!r}.")
        return int(places[0])

    def bunch(self, **found):
        return Bunch(
            name=self.name,
            characters=self.characters,
            sources=self.sources,
            source_places=self.source_places,
            classes=self.classes,
            **found,
        )


def _split(part, model):
    """Split a model of names into its encoder and the rest, which takes codes."""
    if isinstance(part, Pipeline) and isinstance(part.steps[0][1], CharEncoder):
        return part.steps[0][1], part[1:]
    if isinstance(part, SelectiveClassifier):
        return _split(part.estimator_, model)
    if hasattr(part, "best_estimator_"):
        return _split(part.best_estimator_, model)
    if isinstance(part, FrozenEstimator):
        return _split(part.estimator, model)
    if isinstance(part, PriorShiftClassifier):
        encoder, rest = _split(part.estimator, model)
        part = copy(part)
        part.estimator = rest
        return encoder, part
    raise TypeError(
        f"Expected a fitted Pipeline that begins with a CharEncoder, and got {model}. Put the "
        "encoder into it: Pipeline([('encode', CharEncoder()), ('classify', ...)])."
    )
