"""The skorch net: it trains on whole batches of Rows."""

from skorch import NeuralNetClassifier

from .rows import Rows

# With so many codes, the next symbol is told from those of the batch alone: the loss would take
# longer than the net.
MANY_CODES = 128


class TrainingNet(NeuralNetClassifier):
    """The skorch net: it takes whole batches and adds the loss of the next symbol.

    It predicts labels out of `classes`, so that skorch's scoring callbacks compare like with like.

    Parameters
    ----------
    next_symbol_weight : float
        Weight of the loss of the next symbol beside that of the classes.
    """

    def __init__(self, *args, next_symbol_weight=0.0, **kwargs):
        self.next_symbol_weight = next_symbol_weight
        super().__init__(*args, **kwargs)

    def check_data(self, X, y=None):
        """Check nothing: Rows hold their labels."""

    def get_dataset(self, X, y=None):
        """Take Rows, which hold n-grams and weights."""
        if not isinstance(X, Rows):
            raise TypeError(
                f"Expected Rows, which the classifier makes, got a {type(X).__name__}. Call fit, "
                "predict or predict_proba of the classifier instead of its net_."
            )
        return X

    def infer(self, batch, **fit_params):
        """Logits of a batch."""
        logits = self.module_(batch.plan, batch.ngrams)[0]
        return logits if batch.words is None else logits + batch.words

    def get_loss(self, y_pred, y_true, X=None, training=False):
        """Cross-entropy of the classes, without adjustment."""
        return self.criterion_(y_pred, X)

    def train_step_single(self, batch, **fit_params):
        """Gradients of the adjusted loss and the next symbol's; the loss that is told is that of
        validation.

        Callbacks get logits alone: the states of an epoch, which they would keep, need far more
        memory.
        """
        self.module_.train()
        batch, labels = batch
        logits, states = self.module_(batch.plan, batch.ngrams)
        loss = self.criterion_(logits, batch, training=True)
        if self.next_symbol_weight:
            codes = places = None
            if len(self.module_.next_symbol.bias) > MANY_CODES:
                # The end's code, 0, is among them: it is the root's symbol.
                codes, places = batch.plan.symbols.unique(return_inverse=True)
            next_symbol = self.criterion_.next_symbol(
                self.module_.next_symbol_logits(states, codes), batch, places
            )
            loss = loss + self.next_symbol_weight * next_symbol
            self.history.record_batch("next_symbol_loss", next_symbol.item())
        loss.backward()
        logits = logits.detach()
        return {"loss": self.get_loss(logits, labels, batch), "y_pred": logits}

    def predict(self, X):
        """The most probable label of each row."""
        return self.classes_[self.predict_proba(X).argmax(axis=1)]
