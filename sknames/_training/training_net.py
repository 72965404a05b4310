"""A skorch net that trains on batches of `Rows`."""

from functools import partial

import numpy as np
import torch
from sklearn.utils import check_array
from skorch import NeuralNetClassifier

from .batches import Batches
from .loss import Loss
from .optimizer import AdamWWithSparse
from .recurrent_net import MANY_CODES, RecurrentNet
from .rows import Rows
from .torch_settings import one_torch_thread


class TrainingNet(NeuralNetClassifier):
    """A skorch net that trains on batches of `Rows`, with an additional loss.

    The additional loss is that of predicting the next symbol. `predict`,
    `predict_proba` and `score` accept an array of codes, (n, length), and agree with
    the methods of the classifier. `module_`, `history`, `get_params_for`, `save_params`
    and `load_params` are skorch's.

    Parameters
    ----------
    network : Network
        The symbols, n-grams and words with which codes become rows.
    classes : ndarray of shape (n_classes,)
        The labels.
    next_symbol_weight : float, default=0.0
        Weight of the loss of the next symbol. The loss of the classes has weight 1.
    **kwargs
        Parameters of `skorch.NeuralNetClassifier`.
    """

    def __init__(self, network, classes, next_symbol_weight=0.0, **kwargs):
        self.network = network
        self.next_symbol_weight = next_symbol_weight
        sizes = {
            "module__cell": network.cell,
            "module__n_codes": network.n_codes,
            "module__n_classes": len(classes),
            "module__n_ngrams": network.n_ngrams,
        }
        parts = {
            "module": RecurrentNet,
            "criterion": Loss,
            "optimizer": AdamWWithSparse,
            "iterator_train": Batches,
            "iterator_valid": Batches,
            "predict_nonlinearity": partial(torch.softmax, dim=1),
        }
        super().__init__(classes=classes, **(parts | sizes | kwargs))

    def check_data(self, X, y=None):
        """Skip skorch's checks, because `Rows` contain their labels."""

    def get_dataset(self, X, y=None):
        """Return `Rows` unchanged, or the rows of an array of codes to predict."""
        if isinstance(X, Rows):
            return X
        if y is not None:
            raise TypeError(
                f"Expected codes to predict, got {type(X).__name__} and labels. To "
                "train, call fit of the classifier, not of its net_."
            )
        codes = self.network.to_codes(check_array(X))
        n = len(codes)
        rows = Rows(codes, np.zeros(n, dtype=np.int64), np.ones(n))
        return rows.for_scoring(self.network, len(self.classes_))

    def infer(self, batch, **fit_params):
        """Return the logits of a batch."""
        logits, _ = self.module_(batch.plan, batch.ngrams)
        if batch.words is not None:
            logits = logits + batch.words
        return logits

    def get_loss(self, y_pred, y_true, X=None, training=False):
        """Return the cross-entropy of the classes without logit adjustment."""
        return self.criterion_(y_pred, X)

    def train_step_single(self, batch, **fit_params):
        """Compute the gradients, and return the loss without logit adjustment.

        Callbacks receive logits only, because skorch keeps the predictions of an epoch,
        and states would use much more memory.
        """
        self.module_.train()
        batch, labels = batch
        logits, states = self.module_(batch.plan, batch.ngrams)
        loss = self.criterion_(logits, batch, training=True)
        if self.next_symbol_weight:
            next_symbol_loss = self._next_symbol_loss(states, batch)
            loss = loss + self.next_symbol_weight * next_symbol_loss
            self.history.record_batch("next_symbol_loss", next_symbol_loss.item())
        loss.backward()
        # Record the unadjusted loss, which is comparable with that of held-out rows.
        logits = logits.detach()
        return {"loss": self.get_loss(logits, labels, batch), "y_pred": logits}

    def _next_symbol_loss(self, states, batch):
        """Return the loss of the next symbol after each prefix, from states (N, H)."""
        codes = None
        columns = None
        if len(self.module_.next_symbol.bias) > MANY_CODES:
            # The code of the end, 0, is included, because it is the symbol of the root.
            codes, columns = batch.plan.symbols.unique(return_inverse=True)
        logits = self.module_.next_symbol_logits(states, codes)
        return self.criterion_.next_symbol(logits, batch, columns)

    def predict_proba(self, X):
        """Return the probabilities of the classes, (n, n_classes), on one thread."""
        with one_torch_thread():
            return super().predict_proba(X)

    def predict(self, X):
        """Return the most probable label of each row."""
        return self.classes_[self.predict_proba(X).argmax(axis=1)]
