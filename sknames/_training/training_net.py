"""Adapt skorch's net to whole batches of Rows."""

from skorch import NeuralNetClassifier

from .recurrent_net import MANY_CODES
from .rows import Rows


class TrainingNet(NeuralNetClassifier):
    """Train a skorch net on whole batches, and add the loss of the next symbol.

    It predicts labels, as skorch's scoring callbacks expect. `next_symbol_weight` is
    the weight of the loss of the next symbol; that of the classes has weight 1.
    """

    def __init__(self, *args, next_symbol_weight=0.0, **kwargs):
        self.next_symbol_weight = next_symbol_weight
        super().__init__(*args, **kwargs)

    def check_data(self, X, y=None):
        """Check nothing, since Rows hold their labels."""

    def get_dataset(self, X, y=None):
        """Return Rows as they are; raise TypeError for anything else."""
        if not isinstance(X, Rows):
            raise TypeError(
                f"Expected Rows, got {type(X).__name__}. Call fit, predict or "
                "predict_proba of the classifier, not of its net_."
            )
        return X

    def infer(self, batch, **fit_params):
        """Return the logits of a batch."""
        logits, _ = self.module_(batch.plan, batch.ngrams)
        if batch.words is not None:
            logits = logits + batch.words
        return logits

    def get_loss(self, y_pred, y_true, X=None, training=False):
        """Return the cross-entropy of the classes, without adjustment."""
        return self.criterion_(y_pred, X)

    def train_step_single(self, batch, **fit_params):
        """Compute gradients of the adjusted and next-symbol loss; return the plain one.

        Callbacks get logits only: the states of an epoch, which they would keep, need
        far more memory.
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
        # The history shows the plain loss, which can be compared with that of held-out
        # rows.
        logits = logits.detach()
        return {"loss": self.get_loss(logits, labels, batch), "y_pred": logits}

    def _next_symbol_loss(self, states, batch):
        """Return the loss of the next symbol after each prefix, from states (N, H)."""
        codes = None
        columns = None
        if len(self.module_.next_symbol.bias) > MANY_CODES:
            # The end's code, 0, is among them: it is the root's symbol.
            codes, columns = batch.plan.symbols.unique(return_inverse=True)
        logits = self.module_.next_symbol_logits(states, codes)
        return self.criterion_.next_symbol(logits, batch, columns)

    def predict(self, X):
        """Return the most probable label of each row."""
        return self.classes_[self.predict_proba(X).argmax(axis=1)]
