"""Read a name as a model does: its characters and their codes."""

import numpy as np
from sklearn.utils import Bunch
from sklearn.utils.validation import check_is_fitted

from .._encoding.char_encoder import REPLACEMENT
from .._models.groups import unknown_label
from .._models.stack import resolve, unsupported_model_error
from .._text.names import read_names
from .._text.tidy import dropped


class Reading:
    """A name as the encoder inside a model reads it."""

    def __init__(self, estimator, stack, name):
        self.stack = stack
        self.encoder = stack.encoder
        if self.encoder not in stack.steps:
            raise unsupported_model_error(
                estimator,
                "a fitted Pipeline that begins with a CharEncoder",
                "Of another estimator around it, such as a calibration, pass the model "
                "inside. Otherwise, put the encoder into it: "
                "make_pipeline(CharEncoder(), ...), or use feature_contributions for a "
                "linear one.",
            )
        self.classes = stack.classes
        self.name = name
        rules = self.encoder._rules
        self.dropped = dropped(name, rules.cleans, rules.drops)
        names = read_names([name]).read_by(rules)
        # After set_output, transform returns a DataFrame.
        self.codes = np.asarray(self.encoder.transform(names))
        spelt = self.encoder._spell(names.tidy[0])

        characters = []
        for character, _, _ in spelt:
            is_known = character in self.encoder.alphabet_
            characters.append(character if is_known else REPLACEMENT)
        self.characters = np.array(characters, dtype=object)
        self.sources = np.array([source for _, source, _ in spelt], dtype=object)
        self.source_index = np.array([index for *_, index in spelt], dtype=int)

    def predict_proba(self, codes):
        """Return the probabilities of codes, (n, length), in place of the name's."""
        if not len(codes):
            return np.empty((0, len(self.classes)))
        return self.stack.predict_codes(codes).astype(np.float64, copy=False)

    def bunch(self, **figures):
        """Return a Bunch with the name as it was read, and with other figures."""
        return Bunch(
            name=self.name,
            dropped=self.dropped,
            characters=self.characters,
            sources=self.sources,
            source_index=self.source_index,
            classes=self.classes,
            **figures,
        )


def fitted_stack(estimator):
    """Return the stack of an estimator; raise NotFittedError if it is not fitted."""
    check_is_fitted(estimator)
    return resolve(estimator)


def column_of(classes, label, proba):
    """Return the column of a label; with None, of the most probable label."""
    if label is None:
        return int(proba.argmax())
    classes = classes.tolist()
    if label not in classes:
        raise unknown_label("label", label, classes)
    return classes.index(label)
